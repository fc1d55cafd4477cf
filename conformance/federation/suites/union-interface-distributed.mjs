// Shows a union and interfaces whose members differ: in one subgraph a sofa is no asset, in the other it is.
const sofas = ['sofa-red', 'sofa-blue'].map((id) => ({ __typename: 'Sofa', id }));
const lamps = [
  { __typename: 'Lamp', id: 'lamp-desk', premium: 12 },
  { __typename: 'Lamp', id: 'lamp-floor', premium: 25 },
];
const furnishings = [...sofas, ...lamps];
const found = ({ id }) => furnishings.find((furnishing) => furnishing.id === id) ?? null;

export default {
  subgraphs: {
    inventory: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          furnishings: [Furnishing]
          asset(id: ID!): Asset
          assets: [Asset]
          lamps: [Lamp]
        }

        union Furnishing = Sofa | Lamp

        interface Asset {
          id: ID!
        }

        interface Insured {
          premium: Int
        }

        type Sofa @key(fields: "id") {
          id: ID!
        }

        type Lamp implements Asset & Insured @key(fields: "id") {
          id: ID!
          premium: Int
        }
      `,
      resolvers: {
        Query: {
          furnishings: () => furnishings,
          // A sofa is an error here: this subgraph's sofas are no assets.
          asset: (_, { id }) => found({ id }),
          assets: () => lamps,
          lamps: () => lamps,
        },
        Sofa: { __resolveReference: found },
        Lamp: { __resolveReference: found },
      },
    },
    policies: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        interface Asset {
          id: ID!
        }

        interface Insured {
          premium: Int
        }

        type Sofa implements Asset & Insured @key(fields: "id") {
          id: ID!
          premium: Int
        }
      `,
      resolvers: { Sofa: { __resolveReference: ({ id }) => ({ id, premium: 80 }) } },
    },
  },
  cases: [
    {
      name: 'a fragment on an interface holds for members that implement it only elsewhere',
      query: '{ furnishings { ... on Asset { id } } }',
      data: { furnishings: [{ id: 'sofa-red' }, { id: 'sofa-blue' }, { id: 'lamp-desk' }, { id: 'lamp-floor' }] },
      errors: false,
    },
    {
      name: 'a fragment on a type that is no implementation in the subgraph asked is not sent to it',
      query: '{ assets { ... on Lamp { premium } ... on Sofa { id } } }',
      data: { assets: [{ premium: 12 }, { premium: 25 }] },
      errors: false,
    },
    {
      name: 'a field of the interface',
      query: '{ assets { id } }',
      data: { assets: [{ id: 'lamp-desk' }, { id: 'lamp-floor' }] },
      errors: false,
    },
    {
      name: 'a fragment on the interface itself',
      query: '{ assets { ... on Asset { id } } }',
      data: { assets: [{ id: 'lamp-desk' }, { id: 'lamp-floor' }] },
      errors: false,
    },
    {
      name: 'a fragment on another interface within',
      query: '{ assets { ... on Asset { ... on Insured { premium } } } }',
      data: { assets: [{ premium: 12 }, { premium: 25 }] },
      errors: false,
    },
    {
      name: 'a fragment on another interface, deeper',
      query: '{ assets { ... on Asset { id ... on Asset { id ... on Insured { premium } } } } }',
      data: {
        assets: [
          { id: 'lamp-desk', premium: 12 },
          { id: 'lamp-floor', premium: 25 },
        ],
      },
      errors: false,
    },
    {
      name: 'fragments on an object type and on its interface merge',
      query: /* GraphQL */ `
        {
          lamps {
            ...OfLamp
            ...OfAsset
          }
        }

        fragment OfLamp on Lamp {
          id
        }

        fragment OfAsset on Asset {
          id
          __typename
        }
      `,
      data: {
        lamps: [
          { id: 'lamp-desk', __typename: 'Lamp' },
          { id: 'lamp-floor', __typename: 'Lamp' },
        ],
      },
      errors: false,
    },
    {
      name: 'an object that is no implementation where it is resolved is an error, asked for by its type',
      query: '{ asset(id: "sofa-red") { ... on Sofa { premium } } }',
      data: { asset: null },
      errors: true,
    },
    {
      name: 'and asked for by another type',
      query: '{ asset(id: "sofa-red") { ... on Lamp { premium } } }',
      data: { asset: null },
      errors: true,
    },
    {
      name: 'an object that is an implementation there',
      query: '{ asset(id: "lamp-desk") { ... on Lamp { premium } } }',
      data: { asset: { premium: 12 } },
      errors: false,
    },
  ],
};
