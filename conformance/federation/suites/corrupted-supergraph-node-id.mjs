// Shows an interface field that no subgraph can give for every type: `Entry.id` is external for one type in each.
//
// A valid composition can thus hold operations that nothing answers: these are refused, all others are served.
const gardener = { id: 'g1', nickname: 'Thyme' };
const plot = { id: 'p1', gardenerId: 'g1', crop: 'beans' };
// What a subgraph says where it should not have been asked.
const wrong = 'asked the wrong subgraph';

const gardenerOf = (id) => (id === gardener.id ? { __typename: 'Gardener', ...gardener } : null);
const plotOf = (id) => (id === plot.id ? { __typename: 'Plot', ...plot } : null);

export default {
  subgraphs: {
    people: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])

        type Query {
          entry(id: ID!): Entry @shareable
          gardener(id: String!): Gardener
        }

        interface Entry {
          id: ID!
        }

        type Gardener implements Entry @key(fields: "id") {
          id: ID!
          nickname: String!
        }

        type Plot implements Entry @key(fields: "id") {
          id: ID! @external
          gardener: Gardener!
        }
      `,
      resolvers: {
        Query: {
          entry: (_, { id }) => gardenerOf(id) ?? (plotOf(id) && { ...plotOf(id), id: wrong }),
          gardener: (_, { id }) => gardenerOf(id),
        },
        Gardener: { __resolveReference: ({ id }) => gardenerOf(id) },
        Plot: {
          __resolveReference: ({ id }) => plotOf(id),
          gardener: ({ gardenerId }) => gardenerOf(gardenerId),
        },
      },
    },
    land: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@external"])

        type Query {
          entry(id: ID!): Entry @shareable
          plot(id: String!): Plot
        }

        interface Entry {
          id: ID!
        }

        type Gardener implements Entry @key(fields: "id") {
          id: ID! @external
          plots: [Plot!]!
        }

        type Plot implements Entry @key(fields: "id") {
          id: ID!
          crop: String!
        }
      `,
      resolvers: {
        Query: {
          entry: (_, { id }) => plotOf(id) ?? (gardenerOf(id) && { ...gardenerOf(id), id: wrong }),
          plot: (_, { id }) => plotOf(id),
        },
        Gardener: {
          __resolveReference: ({ id }) => gardenerOf(id),
          plots: () => [plotOf(plot.id)],
        },
        Plot: { __resolveReference: ({ id }) => plotOf(id) },
      },
    },
  },
  cases: [
    {
      name: 'a field that no single subgraph gives for all types is refused',
      query: /* GraphQL */ `
        {
          entry(id: "g1") {
            id
          }
        }
      `,
      data: null,
      errors: true,
    },
    {
      name: 'the type alone can be asked of either subgraph',
      query: /* GraphQL */ `
        {
          gardener: entry(id: "g1") {
            __typename
          }
          plot: entry(id: "p1") {
            __typename
          }
        }
      `,
      data: { gardener: { __typename: 'Gardener' }, plot: { __typename: 'Plot' } },
      errors: false,
    },
    {
      name: 'a fragment on one type goes to the subgraph that owns this type’s fields',
      query: /* GraphQL */ `
        {
          gardener: entry(id: "g1") {
            ... on Gardener {
              id
              nickname
            }
          }
          plot: entry(id: "p1") {
            ... on Plot {
              id
              crop
            }
          }
        }
      `,
      data: { gardener: { id: 'g1', nickname: 'Thyme' }, plot: { id: 'p1', crop: 'beans' } },
      errors: false,
    },
    {
      name: 'an object of another type than the fragment’s is empty, not null',
      query: /* GraphQL */ `
        {
          gardener: entry(id: "g1") {
            ... on Plot {
              id
            }
          }
          plot: entry(id: "p1") {
            ... on Gardener {
              id
            }
          }
        }
      `,
      data: { gardener: {}, plot: {} },
      errors: false,
    },
    {
      name: 'an object of another type than the fragment’s still says its type',
      query: /* GraphQL */ `
        {
          gardener: entry(id: "g1") {
            __typename
            ... on Plot {
              id
            }
          }
          plot: entry(id: "p1") {
            __typename
            ... on Gardener {
              id
            }
          }
        }
      `,
      data: { gardener: { __typename: 'Gardener' }, plot: { __typename: 'Plot' } },
      errors: false,
    },
    {
      name: 'one field that nothing gives refuses the whole operation',
      query: /* GraphQL */ `
        {
          gardener: entry(id: "g1") {
            id
            ... on Plot {
              id
            }
          }
          plot: entry(id: "p1") {
            __typename
            ... on Gardener {
              id
            }
          }
        }
      `,
      data: null,
      errors: true,
    },
    {
      name: 'the id of a plot is known where plots are owned',
      query: /* GraphQL */ `
        {
          plot(id: "p1") {
            id
          }
        }
      `,
      data: { plot: { id: 'p1' } },
      errors: false,
    },
    {
      name: 'the id of a gardener is known where gardeners are owned',
      query: /* GraphQL */ `
        {
          gardener(id: "g1") {
            id
          }
        }
      `,
      data: { gardener: { id: 'g1' } },
      errors: false,
    },
    {
      name: 'an external key still leads to the other subgraph’s single object',
      query: /* GraphQL */ `
        {
          plot(id: "p1") {
            id
            crop
            gardener {
              id
            }
          }
        }
      `,
      data: { plot: { id: 'p1', crop: 'beans', gardener: { id: 'g1' } } },
      errors: false,
    },
    {
      name: 'an external key still leads to the other subgraph’s list',
      query: /* GraphQL */ `
        {
          gardener(id: "g1") {
            id
            nickname
            plots {
              id
            }
          }
        }
      `,
      data: { gardener: { id: 'g1', nickname: 'Thyme', plots: [{ id: 'p1' }] } },
      errors: false,
    },
  ],
};
