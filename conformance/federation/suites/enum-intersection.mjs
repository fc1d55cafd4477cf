// Shows that clients see and send only the enum values that are left after hiding, whatever a subgraph answers.
const trails = [
  { id: 'ridge', grade: 'EASY' },
  { id: 'gorge', grade: 'CLOSED' },
];

const Trail = { __resolveReference: ({ id }) => trails.find((trail) => trail.id === id) ?? null };

const withoutHidden = [
  { id: 'ridge', grade: 'EASY' },
  { id: 'gorge', grade: null },
];

export default {
  subgraphs: {
    guide: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          trails: [Trail]
        }

        type Trail @key(fields: "id") {
          id: ID
          grade: Grade @shareable
        }

        enum Grade {
          EASY
        }
      `,
      resolvers: { Query: { trails: () => trails }, Trail },
    },
    rangers: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@inaccessible", "@shareable"])

        type Query {
          graded(grade: Grade!): [Trail!]
          patrolled: [Trail!]
        }

        extend type Trail @key(fields: "id") {
          id: ID
          grade: Grade @shareable
        }

        enum Grade {
          CLOSED @inaccessible
          EASY
        }
      `,
      resolvers: {
        Query: {
          graded: (_, { grade }) => trails.filter((trail) => trail.grade === grade),
          patrolled: () => trails,
        },
        Trail,
      },
    },
  },
  cases: [
    {
      name: 'objects whose enum value is hidden are still there',
      query: '{ trails { id } }',
      data: { trails: [{ id: 'ridge' }, { id: 'gorge' }] },
      errors: false,
    },
    {
      name: 'a value that its subgraph does not know is an error and null',
      query: '{ trails { id grade } }',
      data: { trails: withoutHidden },
      errors: true,
    },
    {
      name: 'an inaccessible value that a subgraph answers becomes null',
      query: '{ patrolled { id grade } }',
      data: { patrolled: withoutHidden },
      errors: false,
    },
    {
      name: 'a visible value can be sent',
      query: '{ graded(grade: EASY) { id grade } }',
      data: { graded: [{ id: 'ridge', grade: 'EASY' }] },
      errors: false,
    },
    {
      name: 'an inaccessible value cannot be sent',
      query: '{ graded(grade: CLOSED) { id grade } }',
      data: null,
      errors: true,
    },
  ],
};
