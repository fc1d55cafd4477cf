// Shows interface objects that no subgraph may be asked for: each side has one, and an interface of the other.
const drill = { __typename: 'Drill', id: 'd1', speed: 900 };

const never = () => {
  throw new Error('a key that is not resolvable was looked up');
};
const toolOf = ({ id }) => (id === drill.id ? drill : null);

export default {
  subgraphs: {
    bench: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          alarm: Signal
          tool: Tool!
        }

        interface Signal @key(fields: "id") {
          id: ID!
        }

        type Tool @key(fields: "id", resolvable: false) @interfaceObject {
          id: ID!
        }
      `,
      resolvers: {
        Query: {
          // No object implements the interface here.
          alarm: () => ({ __typename: 'Signal', id: 's1' }),
          tool: () => ({ id: drill.id }),
        },
        Signal: { __resolveReference: never },
      },
    },
    stock: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          beacon: Signal
        }

        type Signal @key(fields: "id", resolvable: false) @interfaceObject {
          id: ID!
          strength: Int
        }

        interface Tool @key(fields: "id") {
          id: ID!
        }

        type Drill implements Tool @key(fields: "id") {
          id: ID!
          speed: Int!
        }
      `,
      resolvers: {
        Query: { beacon: () => ({ id: 's1' }) },
        Signal: { __resolveReference: never, strength: () => 4 },
        Tool: { __resolveReference: toolOf },
        Drill: { __resolveReference: toolOf },
      },
    },
  },
  cases: [
    {
      name: 'an interface object answers its own fields without any lookup',
      query: '{ beacon { id strength } }',
      data: { beacon: { id: 's1', strength: 4 } },
      errors: false,
    },
    {
      name: 'a field that only the interface object has cannot be reached from the interface',
      query: '{ alarm { strength } }',
      data: null,
      errors: true,
    },
    {
      name: 'an interface object answers its key',
      query: '{ beacon { id } }',
      data: { beacon: { id: 's1' } },
      errors: false,
    },
    {
      name: 'an interface without members has no object to answer',
      query: '{ alarm { id } }',
      data: { alarm: null },
      errors: true,
    },
    {
      name: 'the key of an interface object that is not resolvable is there',
      query: '{ tool { id } }',
      data: { tool: { id: 'd1' } },
      errors: false,
    },
    {
      name: 'a field of a member is no field of the interface',
      query: '{ tool { id speed } }',
      data: null,
      errors: true,
    },
    {
      name: 'the type is looked up in the subgraph with the interface, which is resolvable there',
      query: '{ tool { ... on Drill { id } } }',
      data: { tool: { id: 'd1' } },
      errors: false,
    },
  ],
};
