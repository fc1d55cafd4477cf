// Shows an interface whose field returns the interface, narrowed to the type itself by the implementation.
const nouns = [
  { __typename: 'Noun', id: 'moon', ending: 'oon', letters: 4 },
  { __typename: 'Noun', id: 'lantern', ending: 'ern', letters: 7 },
  { __typename: 'Noun', id: 'spoon', ending: 'oon', letters: 5 },
];

export default {
  subgraphs: {
    rhymes: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@provides"])

        type Query {
          word: Word
        }

        interface Word {
          rhyme: Word
        }

        type Noun implements Word @key(fields: "id") {
          id: ID!
          rhyme: Noun @provides(fields: "letters")
          letters: Int @external
        }
      `,
      resolvers: {
        Query: { word: () => nouns[0] },
        Noun: {
          rhyme: ({ id, ending }) => nouns.find((other) => other.ending === ending && other.id !== id) ?? null,
        },
      },
    },
    spelling: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Noun @key(fields: "id") {
          id: ID!
          letters: Int @shareable
        }
      `,
      resolvers: { Noun: { __resolveReference: ({ id }) => nouns.find((noun) => noun.id === id) } },
    },
  },
  cases: [
    {
      name: 'the circle is followed through a fragment on the interface',
      query: '{ word { rhyme { ... on Word { rhyme { __typename } } } } }',
      data: { word: { rhyme: { rhyme: { __typename: 'Noun' } } } },
      errors: false,
    },
    {
      name: 'selections on the interface and on the implementation merge along the circle',
      query: /* GraphQL */ `
        {
          word {
            __typename
            rhyme {
              __typename
              ... on Noun {
                id
              }
              rhyme {
                __typename
                ... on Noun {
                  id
                }
              }
            }
            ... on Noun {
              __typename
              id
              letters
              rhyme {
                id
                letters
              }
            }
          }
        }
      `,
      data: {
        word: {
          __typename: 'Noun',
          id: 'moon',
          letters: 4,
          rhyme: { __typename: 'Noun', id: 'spoon', letters: 5, rhyme: { __typename: 'Noun', id: 'moon' } },
        },
      },
      errors: false,
    },
  ],
};
