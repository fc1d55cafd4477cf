// Shows `@requires` with conditions on interfaces and their members, one of which clients cannot see.
const samples = [
  { id: 'cave', finding: { __typename: 'Quartz', code: 'Q7', hardness: 7, colour: 'rose' } },
  { id: 'mine', finding: { __typename: 'Mica', code: 'M3', hardness: 3, sheets: 12 } },
];
const [cave, mine] = samples;

const sampleOf = ({ id }) => samples.find((sample) => sample.id === id) ?? null;

/** The finding that a representation brought along. */
function required(reference, ...fields) {
  const missing = fields.filter((field) => reference.finding?.[field] === undefined);
  if (missing.length > 0) throw new Error(`the representation lacks ${missing.join(', ')}`);
  return reference.finding;
}

export default {
  subgraphs: {
    field: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.5", import: ["@key", "@shareable"])

        type Query {
          dug: Sample
        }

        type Sample @key(fields: "id") {
          id: ID!
          finding: Finding
        }

        interface Finding {
          code: String!
        }

        interface Mineral implements Finding {
          code: String!
          hardness: Int!
        }

        type Quartz implements Finding & Mineral @shareable {
          code: String!
          hardness: Int!
          colour: String!
        }

        type Mica implements Finding & Mineral @shareable {
          code: String!
          hardness: Int!
          sheets: Int!
        }
      `,
      resolvers: { Query: { dug: () => mine }, Sample: { __resolveReference: sampleOf } },
    },
    lab: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.5"
            import: ["@key", "@shareable", "@inaccessible", "@external", "@requires"]
          )

        type Query {
          oldest: Sample
          newest: Sample
        }

        type Sample @key(fields: "id") {
          id: ID!
          finding: Finding @external
          report: String!
            @requires(
              fields: """
              finding {
                code
                ... on Mineral { hardness ... on Quartz { colour } ... on Mica { sheets } }
              }
              """
            )
          tag: String! @requires(fields: "finding { ... on Finding { code } }")
        }

        interface Finding {
          code: String!
        }

        interface Mineral implements Finding {
          code: String!
          hardness: Int!
        }

        type Quartz implements Finding & Mineral @shareable @inaccessible {
          code: String!
          hardness: Int!
          colour: String!
        }

        type Mica implements Finding & Mineral @shareable {
          code: String!
          hardness: Int!
          sheets: Int!
        }
      `,
      resolvers: {
        Query: { oldest: () => ({ id: cave.id }), newest: () => ({ id: mine.id }) },
        Sample: {
          __resolveReference: (reference) => sampleOf(reference) && reference,
          report(reference) {
            const { code, hardness, colour, sheets } = required(reference, 'code', 'hardness');
            return `${code}: ${hardness}, ${colour ?? sheets}`;
          },
          tag: (reference) => `#${required(reference, 'code').code}`,
        },
      },
    },
  },
  cases: [
    {
      name: 'an object of an inaccessible type is null, one of a visible type is there',
      query: '{ oldest { id finding { __typename } } newest { id finding { __typename } } }',
      data: {
        oldest: { id: 'cave', finding: null },
        newest: { id: 'mine', finding: { __typename: 'Mica' } },
      },
      errors: false,
    },
    {
      name: 'what is required is fetched with conditions inside conditions',
      query: '{ dug { report } }',
      data: { dug: { report: 'M3: 3, 12' } },
      errors: false,
    },
    {
      name: 'what is required does not show beside what is asked for',
      query: '{ dug { finding { __typename } report } }',
      data: { dug: { finding: { __typename: 'Mica' }, report: 'M3: 3, 12' } },
      errors: false,
    },
    {
      name: 'the subgraph that requires is left for what is required and asked again',
      query: '{ newest { finding { __typename } report } }',
      data: { newest: { finding: { __typename: 'Mica' }, report: 'M3: 3, 12' } },
      errors: false,
    },
    {
      name: 'an object that clients cannot see is still there for who requires it',
      query: '{ oldest { finding { __typename } report } }',
      data: { oldest: { finding: null, report: 'Q7: 7, rose' } },
      errors: false,
    },
    {
      name: 'a condition on the interface itself always holds',
      query: '{ newest { finding { __typename } tag } }',
      data: { newest: { finding: { __typename: 'Mica' }, tag: '#M3' } },
      errors: false,
    },
  ],
};
