// Shows that @provides for one member of a union counts for that member only.
const exhibits = [
  { __typename: 'Painting', id: 'x1', caption: 'Harbour at dusk' },
  { __typename: 'Fossil', id: 'x2', caption: 'Wing of a dragonfly' },
];

export default {
  subgraphs: {
    floor: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          exhibits: [Exhibit] @shareable
        }

        union Exhibit = Painting | Fossil

        type Painting @key(fields: "id") {
          id: ID!
        }

        type Fossil @key(fields: "id") {
          id: ID!
        }
      `,
      resolvers: {
        Query: {
          exhibits() {
            throw new Error('the gallery provides more');
          },
        },
      },
    },
    gallery: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@shareable", "@external", "@provides"]
          )

        type Query {
          exhibits: [Exhibit] @shareable @provides(fields: "... on Painting { caption }")
        }

        union Exhibit = Painting | Fossil

        type Painting @key(fields: "id") {
          id: ID!
          caption: String @external
        }

        type Fossil @key(fields: "id") {
          id: ID!
        }
      `,
      resolvers: { Query: { exhibits: () => exhibits } },
    },
    labels: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Painting @key(fields: "id") {
          id: ID!
          caption: String @shareable
        }

        type Fossil @key(fields: "id") {
          id: ID!
          caption: String @shareable
        }
      `,
      resolvers: {
        Painting: {
          __resolveReference() {
            throw new Error('the gallery provides captions of paintings');
          },
        },
        Fossil: { __resolveReference: ({ id }) => exhibits.find((exhibit) => exhibit.id === id) },
      },
    },
  },
  cases: [
    {
      name: 'the member that it is provided for needs no look-up',
      query: '{ exhibits { ... on Painting { id caption } ... on Fossil { id } } }',
      data: { exhibits: [{ id: 'x1', caption: 'Harbour at dusk' }, { id: 'x2' }] },
      errors: false,
    },
    {
      name: 'only the other member is looked up',
      query: '{ exhibits { ... on Painting { id caption } ... on Fossil { id caption } } }',
      data: {
        exhibits: [
          { id: 'x1', caption: 'Harbour at dusk' },
          { id: 'x2', caption: 'Wing of a dragonfly' },
        ],
      },
      errors: false,
    },
  ],
};
