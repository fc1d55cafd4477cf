// Shows that an object of which nothing can be selected is there all the same: fragments that never hold together.
const animals = [
  { __typename: 'Owl', ring: '1', wings: 2 },
  { __typename: 'Bat', ring: '2', wings: 2 },
  { __typename: 'Mole', ring: '3' },
];

export default {
  subgraphs: {
    field: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          seen: [Animal]
          night: [Nocturnal!]!
          owl: Owl
        }

        union Animal = Owl | Bat | Mole

        union Flying = Owl | Bat

        interface Nocturnal {
          ring: ID!
        }

        type Owl implements Nocturnal @key(fields: "ring") {
          ring: ID!
          wings: Int
          prey: [Animal]
        }

        type Bat implements Nocturnal {
          ring: ID!
          wings: Int
        }

        type Mole implements Nocturnal {
          ring: ID!
        }
      `,
      resolvers: {
        Query: { seen: () => animals, night: () => animals, owl: () => animals[0] },
        Owl: { __resolveReference: () => animals[0], prey: () => animals.slice(1) },
      },
    },
    archive: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Owl @key(fields: "ring") {
          ring: ID!
          found: Int
        }
      `,
      resolvers: { Owl: { found: () => 1998 } },
    },
  },
  cases: [
    {
      name: 'of a union nothing else is selected',
      query: '{ seen { ... on Owl { ... on Flying { ... on Bat { wings } } } } }',
      data: { seen: [{}, {}, {}] },
      errors: false,
    },
    {
      name: 'of an interface likewise, by named fragments',
      query: `{ night { ...Owls } }
        fragment Owls on Owl { ...Flying }
        fragment Flying on Flying { ... on Bat { wings } }`,
      data: { night: [{}, {}, {}] },
      errors: false,
    },
    {
      name: 'of an object of known type',
      query: '{ owl { ... on Nocturnal { ... on Mole { ring } } } }',
      data: { owl: {} },
      errors: false,
    },
    {
      name: 'below an object of which something is selected, beside a field of another subgraph',
      query: '{ owl { found prey { ... on Bat { ... on Flying { ... on Owl { found } } } } } }',
      data: { owl: { found: 1998, prey: [{}, {}] } },
      errors: false,
    },
    {
      name: 'beside a fragment that holds',
      query: '{ seen { ... on Mole { ring } ... on Owl { ... on Flying { ... on Bat { wings } } } } }',
      data: { seen: [{}, {}, { ring: '3' }] },
      errors: false,
    },
  ],
};
