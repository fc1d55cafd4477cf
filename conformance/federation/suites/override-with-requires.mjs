// Shows fields that require a field which `registry` took over from one of the requiring subgraphs.
const villages = [
  { id: 'v1', title: 'Alder Hill' },
  { id: 'v2', title: 'Birch End' },
  { id: 'v3', title: 'Cedar Mill' },
];

/** What the representation carries of a village that exists, its title only where it was required. */
const asRequired = (village) => (villages.some(({ id }) => id === village.id) ? village : null);
const wrongTitle = () => 'not this one';

export default {
  subgraphs: {
    tourism: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Village @key(fields: "id") {
          id: ID!
          title: String! @external
          slogan: String! @requires(fields: "title")
        }

        type Query {
          prettiest: Village
        }
      `,
      resolvers: {
        Query: { prettiest: () => ({ id: 'v1' }) },
        Village: {
          __resolveReference: asRequired,
          title: wrongTitle,
          slogan: ({ title }) => `Visit ${title}!`,
        },
      },
    },
    registry: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@override"])

        type Village @key(fields: "id") {
          id: ID!
          title: String! @override(from: "roads")
        }

        type Query {
          oldest: Village
        }
      `,
      resolvers: {
        Query: { oldest: () => villages[1] },
        Village: {
          __resolveReference: ({ id }) => villages.find((village) => village.id === id) ?? null,
        },
      },
    },
    roads: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Village @key(fields: "id") {
          id: ID!
          title: String! @external
          sign: String! @requires(fields: "title")
        }

        type Query {
          nearest: Village
        }
      `,
      resolvers: {
        Query: { nearest: () => ({ id: 'v3' }) },
        Village: {
          __resolveReference: asRequired,
          title: wrongTitle,
          sign: ({ title }) => `-> ${title}`,
        },
      },
    },
  },
  cases: [
    {
      name: 'every field from every subgraph',
      query: /* GraphQL */ `
        {
          prettiest {
            id
            title
            slogan
            sign
          }
          oldest {
            id
            title
            slogan
            sign
          }
          nearest {
            id
            title
            slogan
            sign
          }
        }
      `,
      data: {
        prettiest: { id: 'v1', title: 'Alder Hill', slogan: 'Visit Alder Hill!', sign: '-> Alder Hill' },
        oldest: { id: 'v2', title: 'Birch End', slogan: 'Visit Birch End!', sign: '-> Birch End' },
        nearest: { id: 'v3', title: 'Cedar Mill', slogan: 'Visit Cedar Mill!', sign: '-> Cedar Mill' },
      },
      errors: false,
    },
    {
      name: 'out of the overridden subgraph and back for its own field',
      query: /* GraphQL */ `
        {
          nearest {
            sign
          }
        }
      `,
      data: { nearest: { sign: '-> Cedar Mill' } },
      errors: false,
    },
    {
      name: 'from another subgraph over the overriding to the overridden one',
      query: /* GraphQL */ `
        {
          prettiest {
            sign
          }
        }
      `,
      data: { prettiest: { sign: '-> Alder Hill' } },
      errors: false,
    },
    {
      name: 'out of another subgraph and back for its own field',
      query: /* GraphQL */ `
        {
          prettiest {
            slogan
          }
        }
      `,
      data: { prettiest: { slogan: 'Visit Alder Hill!' } },
      errors: false,
    },
  ],
};
