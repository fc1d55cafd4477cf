// Shows a circle of @requires: from the first subgraph to the second, back for what that requires, and on again.
const peppers = [
  { id: 'bell', name: 'Bell pepper', scoville: 0 },
  { id: 'habanero', name: 'Habanero', scoville: 250_000 },
];
const dishes = [
  { id: 'goulash', pepper: 'bell' },
  { id: 'salsa', pepper: 'habanero' },
];

export default {
  subgraphs: {
    kitchen: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Query {
          dishes: [Dish]
        }

        type Dish @key(fields: "id") {
          id: ID!
          mild: Boolean! @external
          hot: Boolean! @requires(fields: "mild")
        }

        type Pepper @key(fields: "id") {
          id: ID!
          name: String!
          scoville: Int!
        }
      `,
      resolvers: {
        Query: { dishes: () => dishes.map(({ id }) => ({ id })) },
        Dish: {
          __resolveReference: (representation) => representation,
          // Null, an error here, if the representation does not carry `mild`.
          hot: ({ mild }) => (mild === undefined ? null : !mild),
        },
        Pepper: { __resolveReference: ({ id }) => peppers.find((pepper) => pepper.id === id) },
      },
    },
    menu: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Dish @key(fields: "id") {
          id: ID!
          pepper: Pepper!
          mild: Boolean! @requires(fields: "pepper { scoville }")
        }

        type Pepper @key(fields: "id") {
          id: ID!
          scoville: Int! @external
        }
      `,
      resolvers: {
        Dish: {
          __resolveReference({ id, pepper }) {
            return { id, pepper: { id: dishes.find((dish) => dish.id === id).pepper, ...pepper } };
          },
          mild({ pepper }) {
            if (pepper.scoville === undefined) throw new Error('the representation lacks scoville');
            return pepper.scoville < 1000;
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'a field requires another entity, known in the same subgraph, whose field is in the other',
      query: '{ dishes { mild } }',
      data: { dishes: [{ mild: true }, { mild: false }] },
      errors: false,
    },
    {
      name: 'a field of the first subgraph requires that field',
      query: '{ dishes { hot } }',
      data: { dishes: [{ hot: false }, { hot: true }] },
      errors: false,
    },
  ],
};
