// Shows an interface without a key whose implementations are entities of three subgraphs.
const parks = [
  { id: 'park-3', label: 'Mill meadow', acres: 14.5 },
  { id: 'park-8', label: 'Quarry wood', acres: 60 },
];
const museums = [{ id: 'museum-1', label: 'Clock house' }];

const oneOf = (places) => (reference) => places.find(({ id }) => id === reference.id) ?? null;
const idsOnly = (places) => ({ id }) => (places.some((place) => place.id === id) ? { id } : null);

export default {
  subgraphs: {
    search: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        interface Place {
          id: ID!
        }

        type Park implements Place @key(fields: "id") {
          id: ID!
        }

        type Museum implements Place @key(fields: "id") {
          id: ID!
        }

        type Query {
          greenPlace: Place
          indoorPlace: Place
        }
      `,
      resolvers: {
        Query: {
          greenPlace: () => ({ __typename: 'Park', id: parks[0].id }),
          indoorPlace: () => ({ __typename: 'Museum', id: museums[0].id }),
        },
        Park: { __resolveReference: idsOnly(parks) },
        Museum: { __resolveReference: idsOnly(museums) },
      },
    },
    // Knows the identities as well, and nothing more: asking it leads nowhere.
    'search-replica': {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        interface Place {
          id: ID!
        }

        type Park implements Place @key(fields: "id") {
          id: ID!
        }

        type Museum implements Place @key(fields: "id") {
          id: ID!
        }
      `,
      resolvers: {
        Park: { __resolveReference: idsOnly(parks) },
        Museum: { __resolveReference: idsOnly(museums) },
      },
    },
    guide: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        interface Place {
          id: ID!
        }

        type Park implements Place @key(fields: "id") @shareable {
          id: ID!
          label: String!
          acres: Float!
        }

        type Museum implements Place @key(fields: "id") {
          id: ID!
          label: String!
        }
      `,
      resolvers: {
        Park: { __resolveReference: oneOf(parks) },
        Museum: { __resolveReference: oneOf(museums) },
      },
    },
  },
  cases: [
    {
      name: 'an implementation is completed in the only subgraph that has its fields',
      query: /* GraphQL */ `
        {
          greenPlace {
            ... on Park {
              id
              label
              __typename
              acres
            }
          }
        }
      `,
      data: { greenPlace: { id: 'park-3', label: 'Mill meadow', __typename: 'Park', acres: 14.5 } },
      errors: false,
    },
  ],
};
