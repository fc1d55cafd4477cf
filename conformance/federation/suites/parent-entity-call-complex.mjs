// Shows one child from three subgraphs: two reached through its parent, one by the key that one of those gives.
export default {
  subgraphs: {
    notes: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@shareable"])

        type Worker @key(fields: "id") {
          id: ID @external
          desk: Desk @shareable
        }

        type Desk {
          note: String
        }
      `,
      resolvers: {
        Worker: { __resolveReference: ({ id }) => ({ id, desk: { note: `reserved for ${id}` } }) },
      },
    },
    seating: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@shareable"])

        type Worker @key(fields: "id") {
          id: ID @external
          desk: Desk @shareable
        }

        type Desk {
          id: ID @shareable
        }
      `,
      resolvers: {
        // The key is a number here, a string for whoever is asked with it.
        Worker: { __resolveReference: ({ id }) => ({ id, desk: { id: 42 } }) },
      },
    },
    furniture: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Desk @key(fields: "id") {
          id: ID
          label: String
        }
      `,
      resolvers: { Desk: { __resolveReference: ({ id }) => ({ id, label: `desk ${id}` }) } },
    },
    staff: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          worker(id: ID!): Worker
        }

        type Worker @key(fields: "id") {
          id: ID
          name: String
        }
      `,
      resolvers: {
        Query: { worker: (_, { id }) => ({ id, name: `worker ${id}` }) },
        Worker: { __resolveReference: ({ id }) => ({ id, name: `worker ${id}` }) },
      },
    },
  },
  cases: [
    {
      name: 'the parts of a child are gathered through its parent and through its key',
      query: /* GraphQL */ `
        {
          worker(id: "7") {
            id
            name
            desk {
              id
              label
              note
            }
          }
        }
      `,
      data: {
        worker: { id: '7', name: 'worker 7', desk: { id: '42', label: 'desk 42', note: 'reserved for 7' } },
      },
      errors: false,
    },
  ],
};
