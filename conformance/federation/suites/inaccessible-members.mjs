// Shows that an object of an `@inaccessible` type is null at an abstract place, whatever is selected of it.
const drawers = [
  { __typename: 'Letter', no: '1', subject: 'rent' },
  { __typename: 'Diary', no: '2', subject: 'me' },
  { __typename: 'Letter', no: '3', subject: 'rain' },
];
const drawer = (no) => drawers.find((candidate) => candidate.no === no) ?? null;

export default {
  subgraphs: {
    desk: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible"])

        type Query {
          papers: [Paper]
          paper(no: ID!): Paper
          certain(no: ID!): Paper!
          anything: [Anything]
        }

        interface Paper @key(fields: "no") {
          no: ID!
          subject: String
        }

        union Anything = Letter | Diary

        type Letter implements Paper @key(fields: "no") {
          no: ID!
          subject: String
        }

        type Diary implements Paper @key(fields: "no") @inaccessible {
          no: ID!
          subject: String
        }
      `,
      resolvers: {
        Query: {
          papers: () => drawers,
          paper: (_, { no }) => drawer(no),
          certain: (_, { no }) => drawer(no),
          anything: () => drawers,
        },
        Paper: { __resolveReference: ({ no }) => drawer(no) },
        Letter: { __resolveReference: ({ no }) => drawer(no) },
      },
    },
    stamps: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          stamped: [Paper]
        }

        type Paper @key(fields: "no") @interfaceObject {
          no: ID!
          postage: Int
        }
      `,
      resolvers: {
        Query: { stamped: () => drawers.map(({ no }) => ({ no })) },
        Paper: { __resolveReference: (paper) => paper, postage: ({ no }) => 10 * Number(no) },
      },
    },
  },
  cases: [
    {
      name: 'where only a field of the interface is selected',
      query: '{ paper(no: "2") { subject } papers { no } }',
      data: { paper: null, papers: [{ no: '1' }, null, { no: '3' }] },
      errors: false,
    },
    {
      name: 'at a place that may not be null that is an error',
      query: '{ certain(no: "2") { no } }',
      data: null,
      errors: true,
    },
    {
      name: 'in a union likewise, whose member it is',
      query: '{ anything { ... on Letter { subject } } }',
      data: { anything: [{ subject: 'rent' }, null, { subject: 'rain' }] },
      errors: false,
    },
    {
      name: 'where a subgraph knows the interface as an object, and not the types',
      query: '{ stamped { postage } }',
      data: { stamped: [{ postage: 10 }, null, { postage: 30 }] },
      errors: false,
    },
  ],
};
