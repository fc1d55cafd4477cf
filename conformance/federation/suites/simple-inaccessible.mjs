// Shows an argument and an enum value that are `@inaccessible`: they work inside, and clients never see them.
const islands = [
  { id: 'Hamm', area: 31, neighbours: ['Orla'] },
  { id: 'Orla', area: 8, neighbours: ['Hamm'] },
];

const byId = ({ id }) => islands.find((island) => island.id === id) ?? null;

export default {
  subgraphs: {
    survey: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Island @key(fields: "id") {
          id: ID
          area: Int
        }

        type Query {
          surveyed: [Island!]! @shareable
        }
      `,
      resolvers: {
        Query: { surveyed: () => islands },
        Island: { __resolveReference: byId },
      },
    },
    crossings: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible"])

        enum Crossing {
          FERRY @inaccessible
          BRIDGE
        }

        type Island @key(fields: "id") {
          id: ID
          neighbours(by: Crossing = FERRY @inaccessible): [Island!]!
          crossing: Crossing
        }

        type Query {
          connected: [Island!]!
        }
      `,
      resolvers: {
        Query: { connected: () => islands },
        Island: {
          __resolveReference: byId,
          neighbours: ({ neighbours }) => neighbours.map((id) => byId({ id })),
          crossing: () => 'FERRY',
        },
      },
    },
  },
  cases: [
    {
      name: 'a field with a hidden argument is reached by key',
      query: /* GraphQL */ `
        {
          surveyed {
            id
            neighbours {
              id
            }
          }
        }
      `,
      data: {
        surveyed: [
          { id: 'Hamm', neighbours: [{ id: 'Orla' }] },
          { id: 'Orla', neighbours: [{ id: 'Hamm' }] },
        ],
      },
      errors: false,
    },
    {
      name: 'a field with a hidden argument is reached at once',
      query: /* GraphQL */ `
        {
          connected {
            id
            neighbours {
              id
            }
          }
        }
      `,
      data: {
        connected: [
          { id: 'Hamm', neighbours: [{ id: 'Orla' }] },
          { id: 'Orla', neighbours: [{ id: 'Hamm' }] },
        ],
      },
      errors: false,
    },
    {
      name: 'a hidden argument is unknown, even with a value that is not hidden',
      query: /* GraphQL */ `
        {
          connected {
            id
            neighbours(by: BRIDGE) {
              id
            }
          }
        }
      `,
      data: null,
      errors: true,
    },
    {
      name: 'a hidden value of an enum becomes null',
      query: /* GraphQL */ `
        {
          connected {
            id
            neighbours {
              id
              crossing
            }
          }
        }
      `,
      data: {
        connected: [
          { id: 'Hamm', neighbours: [{ id: 'Orla', crossing: null }] },
          { id: 'Orla', neighbours: [{ id: 'Hamm', crossing: null }] },
        ],
      },
      errors: false,
    },
  ],
};
