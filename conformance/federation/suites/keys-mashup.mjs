// Shows many keys of one type, single, nested and mixed, of which each subgraph resolves just one.
const seats = {
  1: { id: '1', ticket: 't-1', place: { hall: 'main', row: 'B', number: '12' }, label: 'B12' },
  2: { id: '2', ticket: 't-2', place: { hall: 'main', row: 'C', number: '3' }, label: 'C3' },
};
const shows = { 10: { id: '10', seatIds: ['1'] }, 20: { id: '20', seatIds: ['1', '2'] } };

const withoutLabel = ({ id, ticket, place }) => ({ id, ticket, place });

export default {
  subgraphs: {
    hall: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key"])

        type Seat
          @key(fields: "id", resolvable: true)
          @key(fields: "ticket", resolvable: false)
          @key(fields: "place { hall row }", resolvable: false)
          @key(fields: "id place { row number }", resolvable: false) {
          id: ID!
          ticket: ID!
          place: Place!
          label: String!
        }

        type Place {
          hall: ID!
          row: ID!
          number: ID!
        }
      `,
      resolvers: { Seat: { __resolveReference: ({ id }) => seats[id] ?? null } },
    },
    shows: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@requires", "@external"])

        type Query {
          show: Show
        }

        type Show @key(fields: "id") {
          id: ID!
          seats: [Seat!]!
        }

        type Seat
          @key(fields: "place { hall row }", resolvable: false)
          @key(fields: "id place { row number }", resolvable: true)
          @key(fields: "ticket", resolvable: false)
          @key(fields: "id", resolvable: false) {
          id: ID!
          ticket: ID!
          place: Place!
          label: String! @external
          greeting: String! @requires(fields: "label")
        }

        type Place {
          hall: ID!
          row: ID!
          number: ID!
        }
      `,
      resolvers: {
        Query: { show: () => shows[10] },
        Show: {
          __resolveReference: ({ id }) => shows[id] ?? null,
          seats: ({ seatIds }) => seatIds.map((id) => withoutLabel(seats[id])),
        },
        Seat: {
          __resolveReference: ({ id, label }) => (seats[id] ? { ...withoutLabel(seats[id]), label } : null),
          greeting({ label }) {
            if (!label) throw new Error('the required label was not sent');
            return `Welcome to ${label}`;
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'each step uses the key that its target resolves, and brings what is required',
      query: /* GraphQL */ `
        {
          show {
            id
            seats {
              id
              label
              greeting
            }
          }
        }
      `,
      data: { show: { id: '10', seats: [{ id: '1', label: 'B12', greeting: 'Welcome to B12' }] } },
      errors: false,
    },
  ],
};
