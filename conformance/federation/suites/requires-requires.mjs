// Shows chains of @requires over three subgraphs: one starts at a field that clients may not see, one at the root's.
const parcel = { id: 'box-7', kilograms: 18.5, fragile: false };

/** A required field of a representation, which must carry it. */
function carried(representation, field) {
  if (!(field in representation)) throw new Error(`the representation lacks ${field}`);
  return representation[field];
}

export default {
  subgraphs: {
    bench: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible"])

        type Parcel @key(fields: "id") {
          id: ID!
          kilograms: Float! @inaccessible
        }
      `,
      resolvers: { Parcel: { __resolveReference: ({ id }) => (id === parcel.id ? parcel : null) } },
    },
    counter: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          parcel: Parcel
        }

        type Parcel @key(fields: "id") {
          id: ID!
          fragile: Boolean!
        }
      `,
      resolvers: {
        Query: { parcel: () => parcel },
        Parcel: { __resolveReference: ({ id }) => (id === parcel.id ? parcel : null) },
      },
    },
    depot: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Parcel @key(fields: "id") {
          id: ID!
          kilograms: Float! @external
          heavy: Boolean! @requires(fields: "kilograms")
          fragile: Boolean! @external
          padded: Boolean! @requires(fields: "fragile")
        }
      `,
      resolvers: {
        Parcel: {
          __resolveReference: (representation) => representation,
          heavy: (representation) => carried(representation, 'kilograms') > 10,
          padded: (representation) => carried(representation, 'fragile'),
        },
      },
    },
    express: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Parcel @key(fields: "id") {
          id: ID!
          heavy: Boolean! @external
          byBike: Boolean! @requires(fields: "heavy")
          padded: Boolean! @external
          byDrone: Boolean! @requires(fields: "padded")
        }
      `,
      resolvers: {
        Parcel: {
          __resolveReference: (representation) => representation,
          byBike: (representation) => !carried(representation, 'heavy'),
          byDrone: (representation) => !carried(representation, 'padded'),
        },
      },
    },
  },
  cases: [
    {
      name: 'a field requires a field that requires an inaccessible one',
      query: '{ parcel { byBike } }',
      data: { parcel: { byBike: false } },
      errors: false,
    },
    {
      name: 'the middle of the chain alone',
      query: '{ parcel { heavy } }',
      data: { parcel: { heavy: true } },
      errors: false,
    },
    {
      name: 'the middle and the end of the chain',
      query: '{ parcel { heavy byBike } }',
      data: { parcel: { heavy: true, byBike: false } },
      errors: false,
    },
    {
      name: 'a chain that starts in the subgraph of the root field',
      query: '{ parcel { byDrone } }',
      data: { parcel: { byDrone: true } },
      errors: false,
    },
    {
      name: 'two chains side by side',
      query: '{ parcel { byBike byDrone } }',
      data: { parcel: { byBike: false, byDrone: true } },
      errors: false,
    },
  ],
};
