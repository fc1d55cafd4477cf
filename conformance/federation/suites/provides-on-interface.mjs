// Shows that @provides reaches through interfaces: a root field that provides is preferred to one that does not.
const theatre = { __typename: 'Theatre', id: 'globe', performers: ['ada', 'bea'] };
const performers = [
  { __typename: 'Juggler', id: 'ada', stageName: 'Amazing Ada', fee: 300 },
  { __typename: 'Singer', id: 'bea', stageName: 'Bella Bea', fee: 450 },
];
const performer = (id) => performers.find((candidate) => candidate.id === id);
const withPerformers = () => ({ ...theatre, performers: theatre.performers.map(performer) });

export default {
  subgraphs: {
    booking: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@shareable", "@external", "@provides"]
          )

        type Query {
          venue: Venue @shareable
          theatre: Theatre @provides(fields: "performers { ... on Juggler { stageName } }")
        }

        interface Venue {
          id: ID!
        }

        interface Performer {
          id: ID!
        }

        type Theatre implements Venue @key(fields: "id") {
          id: ID!
          performers: [Performer] @shareable
        }

        type Juggler implements Performer @key(fields: "id") {
          id: ID! @external
          stageName: String @external
        }

        type Singer implements Performer @key(fields: "id") {
          id: ID! @external
        }
      `,
      resolvers: {
        Query: {
          venue() {
            throw new Error('the posters provide more');
          },
          theatre: withPerformers,
        },
      },
    },
    posters: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@shareable", "@external", "@provides"]
          )

        type Query {
          venue: Venue @shareable @provides(fields: "performers { id stageName }")
        }

        interface Venue {
          id: ID!
          performers: [Performer]
        }

        interface Performer {
          id: ID!
          stageName: String
        }

        type Theatre implements Venue {
          id: ID! @shareable
          performers: [Performer] @external
        }

        type Juggler implements Performer {
          id: ID! @external
          stageName: String @external
        }

        type Singer implements Performer {
          id: ID! @external
          stageName: String @external
        }
      `,
      resolvers: { Query: { venue: withPerformers } },
    },
    talents: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        interface Venue {
          id: ID!
          performers: [Performer]
        }

        interface Performer {
          id: ID!
          stageName: String
        }

        type Theatre implements Venue @key(fields: "id") {
          id: ID!
          performers: [Performer] @shareable
        }

        type Juggler implements Performer @key(fields: "id") {
          id: ID!
          stageName: String @shareable
          fee: Int
        }

        type Singer implements Performer @key(fields: "id") {
          id: ID!
          stageName: String @shareable
          fee: Int
        }
      `,
      resolvers: {
        Theatre: { __resolveReference: ({ id }) => (id === theatre.id ? withPerformers() : null) },
        Juggler: {
          __resolveReference() {
            throw new Error('no case asks for more of a juggler than the posters provide');
          },
        },
        Singer: { __resolveReference: ({ id }) => performer(id) },
      },
    },
  },
  cases: [
    {
      name: 'fields provided on two levels of interfaces come with the root field',
      query: '{ venue { id performers { id stageName } } }',
      data: {
        venue: {
          id: 'globe',
          performers: [
            { id: 'ada', stageName: 'Amazing Ada' },
            { id: 'bea', stageName: 'Bella Bea' },
          ],
        },
      },
      errors: false,
    },
    {
      name: 'a field of one implementation that is not provided is looked up from the nearest entity above',
      query: '{ venue { id performers { id stageName ... on Singer { fee } } } }',
      data: {
        venue: {
          id: 'globe',
          performers: [
            { id: 'ada', stageName: 'Amazing Ada' },
            { id: 'bea', stageName: 'Bella Bea', fee: 450 },
          ],
        },
      },
      errors: false,
    },
  ],
};
