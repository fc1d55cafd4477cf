// Shows that an input object has only the fields that every subgraph with it knows.
const parcels = [
  { id: 'red', weight: 2 },
  { id: 'blue', weight: 7 },
];

// Answers nothing to who skips, so that a field which got through is noticed.
const paged = (_, { page }) => ('skip' in page ? [] : parcels);

const Parcel = { __resolveReference: ({ id }) => parcels.find((parcel) => parcel.id === id) ?? null };

export default {
  subgraphs: {
    depot: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          stored(page: Page!): [Parcel!]
        }

        type Parcel @key(fields: "id") {
          id: ID!
          weight: Int! @shareable
        }

        input Page {
          size: Int!
        }
      `,
      resolvers: { Query: { stored: paged }, Parcel },
    },
    express: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          carried(page: Page!): [Parcel!]
        }

        type Parcel @key(fields: "id") {
          id: ID!
          weight: Int! @shareable
        }

        input Page {
          skip: Int
          size: Int!
        }
      `,
      resolvers: { Query: { carried: paged }, Parcel },
    },
  },
  cases: [
    {
      name: 'a field that both subgraphs know can be sent',
      query: '{ stored(page: { size: 5 }) { id } }',
      data: { stored: [{ id: 'red' }, { id: 'blue' }] },
      errors: false,
    },
    {
      name: 'a field of the other subgraph cannot be sent',
      query: '{ stored(page: { size: 5, skip: 1 }) { id } }',
      data: null,
      errors: true,
    },
    {
      name: 'a field of one subgraph cannot be sent even to that subgraph',
      query: '{ carried(page: { size: 5, skip: 1 }) { id } }',
      data: null,
      errors: true,
    },
  ],
};
