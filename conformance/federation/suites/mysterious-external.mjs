// Shows an `@external` key field of an extension that its subgraph can answer all the same.
const kites = [
  { tag: 'K1', nickname: 'Swift', span: 1.4 },
  { tag: 'K2', nickname: 'Heron', span: 2.9 },
];

const byTag = ({ tag }) => kites.find((kite) => kite.tag === tag) ?? null;

export default {
  subgraphs: {
    measures: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external"])

        extend type Kite @key(fields: "tag") {
          tag: ID! @external
          span: Float
        }

        type Query {
          smallestKite: Kite
        }
      `,
      resolvers: {
        Query: {
          smallestKite: () => kites.toSorted((one, other) => one.span - other.span)[0],
        },
        Kite: { __resolveReference: byTag },
      },
    },
    catalogue: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Kite @key(fields: "tag") {
          tag: ID!
          nickname: String!
        }

        type Query {
          kites: [Kite!]!
        }
      `,
      resolvers: {
        Query: { kites: () => kites },
        Kite: { __resolveReference: byTag },
      },
    },
  },
  cases: [
    {
      name: 'from the extension to the owner, the external key comes along',
      query: /* GraphQL */ `
        {
          smallestKite {
            tag
            span
            nickname
          }
        }
      `,
      data: { smallestKite: { tag: 'K1', span: 1.4, nickname: 'Swift' } },
      errors: false,
    },
    {
      name: 'from the owner to the extension',
      query: /* GraphQL */ `
        {
          kites {
            nickname
            span
            tag
          }
        }
      `,
      data: {
        kites: [
          { nickname: 'Swift', span: 1.4, tag: 'K1' },
          { nickname: 'Heron', span: 2.9, tag: 'K2' },
        ],
      },
      errors: false,
    },
  ],
};
