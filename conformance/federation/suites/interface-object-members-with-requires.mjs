// Shows @requires on members of an interface that the root knows as an object, and where the planner finds no way.
const WHY = 'of an interface object the planner asks for what two of its members require as if the interface had it';
const trains = [
  { __typename: 'Express', no: '1', plate: 'p1', coaches: 9 },
  { __typename: 'Freight', no: '2', plate: 'p2', tons: 700 },
];
const train = (reference) =>
  trains.find(({ no, plate }) => no === reference.no || plate === reference.plate) ?? null;
const required = (value) => {
  if (value === undefined) throw new Error('the representation lacks what is required');
  return value;
};

export default {
  subgraphs: {
    depot: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          trains: [Train]
        }

        interface Train @key(fields: "no") {
          no: ID!
        }

        type Express implements Train @key(fields: "no") @key(fields: "plate") {
          no: ID!
          plate: ID!
          coaches: Int
        }

        type Freight implements Train @key(fields: "no") @key(fields: "plate") {
          no: ID!
          plate: ID!
          tons: Int
        }
      `,
      resolvers: {
        Query: { trains: () => trains },
        Train: { __resolveReference: train },
        Express: { __resolveReference: train },
        Freight: { __resolveReference: train },
      },
    },
    timetable: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          due: [Train]
        }

        type Train @key(fields: "no") @interfaceObject {
          no: ID!
          delay: Int
        }
      `,
      resolvers: {
        Query: { due: () => trains.map(({ no }) => ({ no })) },
        Train: { __resolveReference: (reference) => reference, delay: () => 4 },
      },
    },
    workshop: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Express @key(fields: "plate") {
          plate: ID!
          coaches: Int @external
          brakes: Int @requires(fields: "coaches")
          age: Int
        }

        type Freight @key(fields: "plate") {
          plate: ID!
          tons: Int @external
          brakes: Int @requires(fields: "tons")
          age: Int
        }
      `,
      resolvers: {
        Express: { brakes: ({ coaches }) => required(coaches) * 8, age: () => 3 },
        Freight: { brakes: ({ tons }) => required(tons) / 10, age: () => 30 },
      },
    },
  },
  cases: [
    {
      name: 'one member requires, the other does not',
      query: '{ due { delay ... on Express { brakes } ... on Freight { age } } }',
      data: {
        due: [
          { delay: 4, brakes: 72 },
          { delay: 4, age: 30 },
        ],
      },
      errors: false,
    },
    {
      name: 'both members require, where the subgraph of the types is the root',
      query: '{ trains { ... on Express { brakes } ... on Freight { brakes } } }',
      data: { trains: [{ brakes: 72 }, { brakes: 70 }] },
      errors: false,
    },
    {
      name: 'both members require, each under an alias of the root',
      query: '{ a: due { ... on Express { brakes } } b: due { ... on Freight { brakes } } }',
      data: { a: [{ brakes: 72 }, {}], b: [{}, { brakes: 70 }] },
      errors: false,
    },
    {
      name: 'both members require, and the root knows the interface as an object',
      query: '{ due { ... on Express { brakes } ... on Freight { brakes } } }',
      gap: WHY,
    },
  ],
};
