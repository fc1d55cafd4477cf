// Shows that members of a union may differ in the nullability of a field, also between subgraphs and at any depth.
const guests = [{ id: 'ada', badge: 'blue' }];
const vendor = { id: 'kiosk', badge: 'green' };

const visitors = () => [
  ...guests.map((guest) => ({ __typename: 'Guest', ...guest })),
  { __typename: 'Vendor', ...vendor },
];

/** Selects fields of either member, of its companions, of theirs… */
function select(fields, depth) {
  const inner = depth > 0 ? `${fields} companions ${select(fields, depth - 1)}` : fields;
  return `{ ... on Guest { ${inner} } ... on Vendor { ${inner} } }`;
}

/** What such a selection answers. */
function answer(pick, depth) {
  const companions = depth > 0 ? { companions: answer(pick, depth - 1) } : {};
  return [...guests, vendor].map((visitor) => ({ ...pick(visitor), ...companions }));
}

const both = (visitor) => visitor;
const badge = ({ badge }) => ({ badge });

export default {
  subgraphs: {
    desk: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])

        type Query {
          guests: [Guest!]!
        }

        type Guest {
          id: ID @shareable
        }
      `,
      resolvers: { Query: { guests: () => guests.map(({ id }) => ({ id })) } },
    },
    gate: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          visitors: [Visitor!]!
        }

        union Visitor = Guest | Vendor

        type Guest @key(fields: "id") {
          id: ID!
          badge: String
          companions: [Visitor!]!
        }

        type Vendor {
          id: ID
          badge: String @shareable
          companions: [Visitor!]!
        }
      `,
      resolvers: {
        Query: { visitors },
        Guest: {
          __resolveReference: ({ id }) => guests.find((guest) => guest.id === id),
          companions: visitors,
        },
        Vendor: { companions: visitors },
      },
    },
  },
  cases: [
    {
      name: 'a field is nullable in one member and not in the other',
      query: `{ guests { id badge } visitors ${select('id badge', 0)} }`,
      data: { guests, visitors: answer(both, 0) },
      errors: false,
    },
    {
      name: 'the mismatch is one level down as well',
      query: `query Companions { guests { id badge } visitors ${select('id badge', 1)} }`,
      data: { guests, visitors: answer(both, 1) },
      errors: false,
    },
    {
      name: 'the mismatch is on three levels',
      query: `query CompanionsOfCompanions { guests { id badge } visitors ${select('id badge', 2)} }`,
      data: { guests, visitors: answer(both, 2) },
      errors: false,
    },
    {
      name: 'fields that agree need no care on any level',
      query: `query Badges { visitors ${select('badge', 2)} }`,
      data: { visitors: answer(badge, 2) },
      errors: false,
    },
  ],
};
