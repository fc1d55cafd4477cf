// Shows that the type of an `@interfaceObject` is found whichever subgraph's name comes first.
const tanker = { imo: '9301', tonnage: 5200, callSign: '9HA2' };
const moored = ({ imo }) => (imo === tanker.imo ? { __typename: 'Tanker', imo, tonnage: tanker.tonnage } : null);

export default {
  subgraphs: {
    antenna: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          heard: Vessel
        }

        type Vessel @key(fields: "imo") @interfaceObject {
          imo: ID!
          callSign: String
        }
      `,
      resolvers: {
        Query: { heard: () => ({ imo: tanker.imo }) },
        Vessel: { callSign: () => tanker.callSign },
      },
    },
    harbour: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        interface Vessel @key(fields: "imo") {
          imo: ID!
        }

        type Tanker implements Vessel @key(fields: "imo") {
          imo: ID!
          tonnage: Int
        }
      `,
      resolvers: { Vessel: { __resolveReference: moored }, Tanker: { __resolveReference: moored } },
    },
  },
  cases: [
    {
      name: 'a field of a member comes from the subgraph with the interface',
      query: '{ heard { ... on Tanker { tonnage } } }',
      data: { heard: { tonnage: 5200 } },
      errors: false,
    },
    {
      name: 'fields of both subgraphs meet inside a condition',
      query: '{ heard { ... on Tanker { tonnage callSign } } }',
      data: { heard: { tonnage: 5200, callSign: '9HA2' } },
      errors: false,
    },
  ],
};
