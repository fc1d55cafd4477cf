// Shows that members of a union or an interface may give a field of one name different types.
import { GraphQLError } from 'graphql';

const signs = [
  { __typename: 'Gauge', code: 'g', reading: 7, unit: { symbol: 'bar' } },
  { __typename: 'Lamp', code: 'l', reading: null, unit: { symbol: 'lx', factor: 3 } },
  { __typename: 'Label', code: 't', reading: 'hot', unit: { symbol: 9 } },
];
const fails = (what) => {
  throw new GraphQLError(`${what} is broken`);
};

export default {
  subgraphs: {
    panel: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          signs: [Sign]
          coded: [Coded]
        }

        union Sign = Gauge | Lamp | Label

        interface Coded {
          code: ID!
        }

        type Gauge implements Coded @key(fields: "code") {
          code: ID!
          reading: Int!
          unit: Scale!
        }

        type Lamp implements Coded @key(fields: "code") {
          code: ID!
          reading: Int
          unit: Scale
        }

        type Label {
          reading: String!
          unit: Mark
        }

        type Scale {
          symbol: String!
          factor: Int
        }

        type Mark {
          symbol: Int
        }
      `,
      resolvers: {
        Query: { signs: () => signs, coded: () => signs.slice(0, 2) },
        Lamp: { reading: () => fails('the lamp') },
      },
    },
    stock: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Gauge @key(fields: "code") {
          code: ID!
          spare: Int!
          worth(in: String): Int!
        }

        type Lamp @key(fields: "code") {
          code: ID!
          spare: Int
          worth(in: String): String
        }
      `,
      resolvers: {
        Gauge: { spare: () => 4, worth: () => 80 },
        Lamp: { spare: () => fails('the stock'), worth: (lamp, { in: currency }) => `9 ${currency}` },
      },
    },
  },
  cases: [
    {
      name: 'three members, three types of a leaf, three aliases',
      query: '{ signs { ... on Gauge { a: reading } ... on Lamp { b: reading } ... on Label { c: reading } } }',
      data: { signs: [{ a: 7 }, { b: null }, { c: 'hot' }] },
      errors: true,
    },
    {
      name: 'the name of the field itself is one of the keys',
      query: '{ signs { ... on Gauge { reading } ... on Lamp { b: reading } ... on Label { c: reading } } }',
      data: { signs: [{ reading: 7 }, { b: null }, { c: 'hot' }] },
      errors: true,
    },
    {
      name: 'objects of different types, and below them leaves of different types',
      query: `{
        signs {
          ... on Gauge { a: unit { symbol factor } }
          ... on Lamp { b: unit { symbol factor } }
          ... on Label { c: unit { symbol } }
        }
      }`,
      data: { signs: [{ a: { symbol: 'bar', factor: null } }, { b: { symbol: 'lx', factor: 3 } }, { c: { symbol: 9 } }] },
      errors: false,
    },
    {
      name: 'below one alias of objects of two types each leaf has its own',
      query: '{ signs { ... on Lamp { u: unit { text: symbol } } ... on Label { u: unit { number: symbol } } } }',
      data: { signs: [{}, { u: { text: 'lx' } }, { u: { number: 9 } }] },
      errors: false,
    },
    {
      name: 'members of a union whose entities another subgraph types differently',
      query: '{ signs { ... on Gauge { a: spare } ... on Lamp { b: spare } } }',
      data: { signs: [{ a: 4 }, { b: null }, {}] },
      errors: true,
    },
    {
      name: 'members of an interface likewise, with equal arguments',
      query: '{ coded { ... on Gauge { a: worth(in: "EUR") } ... on Lamp { b: worth(in: "EUR") } } }',
      data: { coded: [{ a: 80 }, { b: '9 EUR' }] },
      errors: false,
    },
  ],
};
