// Shows a field behind a key that must be fetched first: `radio` knows ships by their call sign only.
const ships = [
  { hull: 'H-31', callSign: 'KITTIWAKE', channel: 16 },
  { hull: 'H-48', callSign: 'GANNET', channel: 72 },
];

export default {
  subgraphs: {
    registry: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])

        type Ship @key(fields: "hull") {
          hull: ID!
          callSign: String!
        }

        type Query {
          flagship: Ship
        }
      `,
      resolvers: {
        Query: {
          flagship: () => ({ hull: ships[0].hull, callSign: ships[0].callSign }),
        },
        Ship: {
          __resolveReference: ({ hull }) => ships.find((ship) => ship.hull === hull) ?? null,
        },
      },
    },
    radio: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@external"])

        type Ship @key(fields: "callSign") {
          callSign: String! @external
          channel: Int!
        }
      `,
      resolvers: {
        Ship: {
          __resolveReference({ callSign }) {
            const found = ships.find((ship) => ship.callSign === callSign);
            return found ? { channel: found.channel } : null;
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'the key that the second subgraph wants is fetched although it is not asked for',
      query: /* GraphQL */ `
        {
          flagship {
            hull
            channel
          }
        }
      `,
      data: { flagship: { hull: 'H-31', channel: 16 } },
      errors: false,
    },
  ],
};
