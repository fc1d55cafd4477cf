// Shows that @provides of a list within a list spares look-ups: resolvers that a good plan does without refuse.
const parks = [
  { id: 'dunes', trails: ['shore', 'ridge'] },
  { id: 'moor', trails: ['bog', 'ridge'] },
];
const trails = [
  { id: 'shore', title: 'Shore path', joins: ['ridge'] },
  { id: 'ridge', title: 'Ridge walk', joins: ['bog'] },
  { id: 'bog', title: 'Bog boards', joins: ['shore'] },
];
const trail = (id) => trails.find((candidate) => candidate.id === id);
const refuse = () => {
  throw new Error('the guide provides this');
};

export default {
  subgraphs: {
    // First by name, so that a planner that takes the first subgraph with the type runs into it.
    archive: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Park @key(fields: "id") {
          id: ID!
        }
      `,
      resolvers: { Park: { __resolveReference: refuse } },
    },
    guide: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@shareable", "@external", "@provides"]
          )

        type Query {
          parks: [Park] @shareable @provides(fields: "trails { id title joins { id title } }")
        }

        type Park @key(fields: "id") {
          id: ID!
          trails: [Trail] @external
        }

        type Trail @key(fields: "id") {
          id: ID!
          "No other subgraph has it, and a look-up of a trail here fails: it comes with the parks or not at all."
          title: String
          joins: [Trail] @external
        }
      `,
      resolvers: {
        Query: {
          parks: () =>
            parks.map((park) => ({
              id: park.id,
              trails: park.trails.map(trail).map(({ id, title, joins }) => ({ id, title, joins: joins.map(trail) })),
            })),
        },
        Park: { __resolveReference: refuse },
        Trail: { __resolveReference: refuse },
      },
    },
    network: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Park @key(fields: "id") {
          id: ID!
          trails: [Trail] @shareable
        }

        type Trail @key(fields: "id") {
          id: ID!
          joins: [Trail] @shareable
        }
      `,
      resolvers: {
        Park: { __resolveReference: refuse, trails: refuse },
        Trail: {
          __resolveReference: ({ id }) => ({ id }),
          joins: ({ id }) => trail(id).joins.map((joined) => ({ id: joined })),
        },
      },
    },
  },
  cases: [
    {
      name: 'the provided list comes with the root field',
      query: '{ parks { id trails { id title } } }',
      data: {
        parks: [
          {
            id: 'dunes',
            trails: [
              { id: 'shore', title: 'Shore path' },
              { id: 'ridge', title: 'Ridge walk' },
            ],
          },
          {
            id: 'moor',
            trails: [
              { id: 'bog', title: 'Bog boards' },
              { id: 'ridge', title: 'Ridge walk' },
            ],
          },
        ],
      },
      errors: false,
    },
    {
      name: 'so does the provided list of each of its items',
      query: '{ parks { id trails { id title joins { id title } } } }',
      data: {
        parks: [
          {
            id: 'dunes',
            trails: [
              { id: 'shore', title: 'Shore path', joins: [{ id: 'ridge', title: 'Ridge walk' }] },
              { id: 'ridge', title: 'Ridge walk', joins: [{ id: 'bog', title: 'Bog boards' }] },
            ],
          },
          {
            id: 'moor',
            trails: [
              { id: 'bog', title: 'Bog boards', joins: [{ id: 'shore', title: 'Shore path' }] },
              { id: 'ridge', title: 'Ridge walk', joins: [{ id: 'bog', title: 'Bog boards' }] },
            ],
          },
        ],
      },
      errors: false,
    },
  ],
};
