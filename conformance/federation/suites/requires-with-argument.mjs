// Shows @requires of fields with arguments, beside the same field asked for with another argument.
const rides = [
  { code: 'r1', title: 'Harbour loop', distance: 3, fares: { inner: 2, outer: 5 } },
  { code: 'r2', title: 'Hill climb', distance: 8, fares: { inner: 4, outer: 9 } },
];
const wines = ['merlot', 'riesling'].map((id) => ({ id }));
const notes = [
  { id: 'n1', wine: 'merlot', tasterId: 'mia', text: 'plum and smoke' },
  { id: 'n2', wine: 'merlot', tasterId: 'mia', text: 'a long evening' },
  { id: 'n3', wine: 'merlot', tasterId: 'mia', text: 'very nice' },
  { id: 'n4', wine: 'riesling', tasterId: 'leo', text: 'slate, lime' },
  { id: 'n5', wine: 'riesling', tasterId: 'leo', text: 'sharp as glass' },
  { id: 'n6', wine: 'riesling', tasterId: 'leo', text: 'keeps for years' },
  // Out of reach of `first: 3`.
  { id: 'n7', wine: 'riesling', tasterId: 'leo', text: 'very nice' },
];
const note = (id) => notes.find((candidate) => candidate.id === id);
const criticAndFirstNote = {
  wines: [
    { critic: { id: 'mia' }, notes: [{ id: 'n1' }] },
    { critic: { id: 'leo' }, notes: [{ id: 'n4' }] },
  ],
};

export default {
  subgraphs: {
    cashier: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Ride @key(fields: "code") {
          code: String!
          distance: Int @external
          fare(zone: String!): Int @external
          cost: Int
            @requires(
              fields: """
              fare(zone: "outer") distance
              """
            )
        }
      `,
      resolvers: {
        Ride: {
          __resolveReference: (representation) => representation,
          cost: ({ fare, distance }) => fare * distance,
        },
      },
    },
    lines: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          rides: [Ride]
        }

        type Ride @key(fields: "code") {
          code: String!
          title: String
          distance: Int
          fare(zone: String!): Int
        }
      `,
      resolvers: {
        Query: { rides: () => rides },
        Ride: {
          __resolveReference: ({ code }) => rides.find((ride) => ride.code === code),
          fare: ({ fares }, { zone }) => fares[zone],
        },
      },
    },
    notebook: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Query {
          wines: [Wine]
        }

        type Wine @key(fields: "id") {
          id: ID!
          notes(first: Int!): [Note] @external
        }

        type Note @key(fields: "id") {
          id: ID!
          tasterId: ID
          winesWithSameText: [Wine] @external
          boilerplate: Boolean @requires(fields: "winesWithSameText { notes(first: 50) { id } }")
        }
      `,
      resolvers: {
        Query: { wines: () => wines },
        Wine: { __resolveReference: ({ id }) => ({ id }) },
        Note: {
          __resolveReference: (representation) => ({ ...representation, tasterId: note(representation.id).tasterId }),
          boilerplate({ winesWithSameText }) {
            if (!winesWithSameText.every((wine) => wine.notes.every(({ id }) => note(id)))) {
              throw new Error('the representation lacks notes');
            }
            return winesWithSameText.length > 0;
          },
        },
      },
    },
    reviews: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Wine @key(fields: "id") {
          id: ID!
          notes(first: Int!): [Note]
          critic: Critic @requires(fields: "notes(first: 3) { tasterId }")
        }

        type Note @key(fields: "id") {
          id: ID!
          tasterId: ID @external
          winesWithSameText: [Wine]
        }

        type Critic {
          id: ID!
        }
      `,
      resolvers: {
        Wine: {
          // A representation without notes is one for `notes`. One for `critic` carries three, whatever the client's
          // own selection of notes asks for.
          __resolveReference({ id, notes: required }) {
            if (required && required.length !== 3) throw new Error(`three notes are required, not ${required.length}`);
            return { id, lastTasterId: required?.at(-1).tasterId };
          },
          notes: ({ id }, { first }) => notes.filter(({ wine }) => wine === id).slice(0, first),
          critic: ({ lastTasterId }) => (lastTasterId ? { id: lastTasterId } : null),
        },
        Note: {
          __resolveReference: ({ id }) => ({ id }),
          winesWithSameText({ id }) {
            const { text, wine } = note(id);
            return notes
              .filter((other) => other.text === text && other.wine !== wine)
              .map((other) => ({ id: other.wine }));
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'a field requires another one with an argument',
      query: '{ rides { code title cost } }',
      data: {
        rides: [
          { code: 'r1', title: 'Harbour loop', cost: 15 },
          { code: 'r2', title: 'Hill climb', cost: 72 },
        ],
      },
      errors: false,
    },
    {
      name: 'a field requires a field of a list with an argument, two subgraphs away',
      query: '{ wines { critic { id } } }',
      data: { wines: [{ critic: { id: 'mia' } }, { critic: { id: 'leo' } }] },
      errors: false,
    },
    {
      name: 'the client asks for the required field with another argument',
      query: '{ wines { critic { id } notes(first: 1) { id } } }',
      data: criticAndFirstNote,
      errors: false,
    },
    {
      name: 'the required field is within the field that the client asks for, with another argument',
      query: '{ wines { notes(first: 3) { boilerplate } } }',
      data: {
        wines: [
          { notes: [{ boilerplate: false }, { boilerplate: false }, { boilerplate: true }] },
          { notes: [{ boilerplate: false }, { boilerplate: false }, { boilerplate: false }] },
        ],
      },
      errors: false,
    },
    {
      name: 'the client gives another argument by a variable',
      query: 'query ($count: Int = 1) { wines { critic { id } notes(first: $count) { id } } }',
      data: criticAndFirstNote,
      errors: false,
    },
    {
      name: 'the client gives another argument by a variable, in two fragments',
      query: /* GraphQL */ `
        query ($count: Int = 1) {
          wines {
            critic {
              id
            }
            ...One
            ...Other
          }
        }

        fragment One on Wine {
          notes(first: $count) {
            id
          }
        }

        fragment Other on Wine {
          notes(first: $count) {
            id
          }
        }
      `,
      data: criticAndFirstNote,
      errors: false,
    },
  ],
};
