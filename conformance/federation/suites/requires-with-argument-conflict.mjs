// Shows two fields that require the same field with different arguments: each gets its own value.
const rides = [
  { code: 'r1', title: 'Harbour loop', distance: 3, fares: { inner: 2, outer: 5 }, line: { averageFare: 3 } },
  { code: 'r2', title: 'Hill climb', distance: 8, fares: { inner: 4, outer: 9 }, line: { averageFare: 6 } },
];

export default {
  subgraphs: {
    cashier: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Ride @key(fields: "code") {
          code: String!
          distance: Int @external
          fare(zone: String!): Int @external
          innerCost: Int
            @requires(
              fields: """
              fare(zone: "inner") distance
              """
            )
          outerCost: Int
            @requires(
              fields: """
              fare(zone: "outer") distance
              """
            )
          line: Line @external
          premium: Boolean
            @requires(
              fields: """
              line { averageFare(zone: "inner") }
              """
            )
        }

        type Line @external {
          averageFare(zone: String!): Int
        }
      `,
      resolvers: {
        Ride: {
          __resolveReference: (representation) => representation,
          innerCost: ({ fare, distance }) => fare * distance,
          outerCost: ({ fare, distance }) => fare * distance,
          premium: ({ line }) => line.averageFare > 5,
        },
      },
    },
    lines: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          rides: [Ride]
        }

        type Ride @key(fields: "code") {
          code: String!
          title: String
          distance: Int
          fare(zone: String!): Int
          line: Line
        }

        type Line {
          averageFare(zone: String!): Int
        }
      `,
      resolvers: {
        Query: { rides: () => rides },
        Ride: {
          __resolveReference: ({ code }) => rides.find((ride) => ride.code === code),
          fare({ fares }, { zone }) {
            if (!(zone in fares)) throw new Error(`there is no zone ${zone}`);
            return fares[zone];
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'each of the fields is computed from the value for its own argument',
      query: '{ rides { code title innerCost outerCost premium } }',
      data: {
        rides: [
          { code: 'r1', title: 'Harbour loop', innerCost: 6, outerCost: 15, premium: false },
          { code: 'r2', title: 'Hill climb', innerCost: 32, outerCost: 72, premium: true },
        ],
      },
      errors: false,
    },
  ],
};
