// Shows an `@override` from a subgraph that is not there: the field stays shared by those that are.
const flights = [
  { number: 'XN14', gate: 'C2' },
  { number: 'XN15', gate: 'D9' },
];

const byNumber = ({ number }) => flights.find((flight) => flight.number === number) ?? null;

export default {
  subgraphs: {
    arrivals: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Flight @key(fields: "number") {
          number: ID!
          gate: String! @shareable
        }

        type Query {
          flights: [Flight] @shareable
          arriving: [Flight]
        }
      `,
      resolvers: {
        Query: {
          flights: () => flights,
          arriving: () => [flights[1]],
        },
        Flight: { __resolveReference: byNumber },
      },
    },
    departures: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@override", "@shareable"])

        type Flight @key(fields: "number") {
          number: ID!
          gate: String! @override(from: "retired") @shareable
        }

        type Query {
          flights: [Flight] @shareable
          departing: [Flight]
        }
      `,
      resolvers: {
        Query: {
          flights: () => flights,
          departing: () => [flights[0]],
        },
        Flight: { __resolveReference: byNumber },
      },
    },
  },
  cases: [
    {
      name: 'below a shared root field',
      query: /* GraphQL */ `
        {
          flights {
            gate
          }
        }
      `,
      data: { flights: [{ gate: 'C2' }, { gate: 'D9' }] },
      errors: false,
    },
    {
      name: 'below a root field of either subgraph',
      query: /* GraphQL */ `
        {
          arriving {
            gate
          }
          departing {
            gate
          }
        }
      `,
      data: { arriving: [{ gate: 'D9' }], departing: [{ gate: 'C2' }] },
      errors: false,
    },
  ],
};
