// Shows `@requires` and `@provides`, each alone, together and along a chain of entities.
const hikers = [
  { id: 'h1', realName: 'Ada Brook', trailName: 'Slowpoke' },
  { id: 'h2', realName: 'Nils Ember', trailName: 'Sidestep' },
];
const trails = [
  { code: 'RIDGE', title: 'Ridge walk', length: 12, climb: 4 },
  { code: 'LAKE', title: 'Lake loop', length: 7, climb: 1 },
];
const openTrails = ['RIDGE'];
const entries = [
  { id: 'e1', text: 'Wind all day', hikerId: 'h1', trailCode: 'RIDGE' },
  { id: 'e2', text: 'Wet boots', hikerId: 'h1', trailCode: 'LAKE' },
];

const hikerById = ({ id }) => hikers.find((hiker) => hiker.id === id) ?? null;
const trailByCode = ({ code }) => trails.find((trail) => trail.code === code) ?? null;
const entriesOfHiker = ({ id }) => entries.filter(({ hikerId }) => hikerId === id);
const entriesOfTrail = ({ code }) => entries.filter(({ trailCode }) => trailCode === code);
const effort = ({ length, climb }) => length + 2 * climb;

export default {
  subgraphs: {
    club: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Hiker @key(fields: "id") {
          id: ID!
          realName: String
          trailName: String @shareable
        }

        type Query {
          leader: Hiker
        }
      `,
      resolvers: {
        Query: { leader: () => hikers[0] },
        Hiker: { __resolveReference: hikerById },
      },
    },
    rangers: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Trail @key(fields: "code") {
          code: String!
          length: Int @external
          climb: Int @external
          open: Boolean
          effort: Int @requires(fields: "climb length")
          signpost: String @requires(fields: "climb length")
        }
      `,
      resolvers: {
        Trail: {
          // Nothing but what the representation carries: without it there is no effort to tell.
          __resolveReference: (trail) => (trailByCode(trail) ? trail : null),
          open: ({ code }) => openTrails.includes(code),
          effort,
          signpost: (trail) => `${trail.code}: ${effort(trail)}`,
        },
      },
    },
    maps: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Trail @key(fields: "code") {
          code: String!
          title: String
          length: Int
          climb: Int
        }

        type Query {
          trails: [Trail]
        }
      `,
      resolvers: {
        Query: { trails: () => trails },
        Trail: { __resolveReference: trailByCode },
      },
    },
    logbook: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@provides"])

        type Entry @key(fields: "id") {
          id: ID!
          text: String
          hiker: Hiker @provides(fields: "trailName")
          trail: Trail
        }

        type Hiker @key(fields: "id") {
          id: ID!
          trailName: String @external
          entries: [Entry]
        }

        type Trail @key(fields: "code") {
          code: String!
          entries: [Entry]
        }
      `,
      resolvers: {
        Entry: {
          __resolveReference: ({ id }) => entries.find((entry) => entry.id === id) ?? null,
          hiker: ({ hikerId }) => hikerById({ id: hikerId }),
          trail: ({ trailCode }) => ({ code: trailCode }),
        },
        Hiker: {
          __resolveReference: hikerById,
          entries: entriesOfHiker,
        },
        Trail: {
          __resolveReference: ({ code }) => ({ code }),
          entries: entriesOfTrail,
        },
      },
    },
  },
  cases: [
    {
      name: 'one subgraph answers alone',
      query: /* GraphQL */ `
        {
          leader {
            id
          }
        }
      `,
      data: { leader: { id: 'h1' } },
      errors: false,
    },
    {
      name: 'a key leads to the list of another subgraph',
      query: /* GraphQL */ `
        {
          leader {
            id
            entries {
              id
            }
          }
        }
      `,
      data: { leader: { id: 'h1', entries: [{ id: 'e1' }, { id: 'e2' }] } },
      errors: false,
    },
    {
      name: 'a provided field comes beside an entity of a third subgraph',
      query: /* GraphQL */ `
        {
          leader {
            entries {
              id
              hiker {
                id
                trailName
              }
              trail {
                open
              }
            }
          }
        }
      `,
      data: {
        leader: {
          entries: [
            { id: 'e1', hiker: { id: 'h1', trailName: 'Slowpoke' }, trail: { open: true } },
            { id: 'e2', hiker: { id: 'h1', trailName: 'Slowpoke' }, trail: { open: false } },
          ],
        },
      },
      errors: false,
    },
    {
      name: 'a field of the owner is just read',
      query: /* GraphQL */ `
        {
          trails {
            title
          }
        }
      `,
      data: { trails: [{ title: 'Ridge walk' }, { title: 'Lake loop' }] },
      errors: false,
    },
    {
      name: 'a field that others require is just read',
      query: /* GraphQL */ `
        {
          trails {
            climb
          }
        }
      `,
      data: { trails: [{ climb: 4 }, { climb: 1 }] },
      errors: false,
    },
    {
      name: 'required fields are fetched although they are not asked for',
      query: /* GraphQL */ `
        {
          trails {
            effort
          }
        }
      `,
      data: { trails: [{ effort: 20 }, { effort: 9 }] },
      errors: false,
    },
    {
      name: 'required fields that are asked for as well are answered',
      query: /* GraphQL */ `
        {
          trails {
            effort
            length
            climb
          }
        }
      `,
      data: {
        trails: [
          { effort: 20, length: 12, climb: 4 },
          { effort: 9, length: 7, climb: 1 },
        ],
      },
      errors: false,
    },
    {
      name: 'a provided field and a field with requirements share a way',
      query: /* GraphQL */ `
        {
          trails {
            entries {
              id
              hiker {
                trailName
              }
              trail {
                title
                effort
              }
            }
          }
        }
      `,
      data: {
        trails: [
          { entries: [{ id: 'e1', hiker: { trailName: 'Slowpoke' }, trail: { title: 'Ridge walk', effort: 20 } }] },
          { entries: [{ id: 'e2', hiker: { trailName: 'Slowpoke' }, trail: { title: 'Lake loop', effort: 9 } }] },
        ],
      },
      errors: false,
    },
    {
      name: 'entities lead back to their own type',
      query: /* GraphQL */ `
        {
          leader {
            entries {
              trail {
                entries {
                  id
                }
              }
            }
          }
        }
      `,
      data: {
        leader: { entries: [{ trail: { entries: [{ id: 'e1' }] } }, { trail: { entries: [{ id: 'e2' }] } }] },
      },
      errors: false,
    },
    {
      name: 'three subgraphs in a chain',
      query: /* GraphQL */ `
        {
          leader {
            entries {
              trail {
                open
              }
            }
          }
        }
      `,
      data: { leader: { entries: [{ trail: { open: true } }, { trail: { open: false } }] } },
      errors: false,
    },
    {
      name: 'requirements are fetched at the end of a chain',
      query: /* GraphQL */ `
        {
          leader {
            entries {
              trail {
                effort
              }
            }
          }
        }
      `,
      data: { leader: { entries: [{ trail: { effort: 20 } }, { trail: { effort: 9 } }] } },
      errors: false,
    },
    {
      name: 'two fields with the same requirements',
      query: /* GraphQL */ `
        {
          leader {
            entries {
              trail {
                effort
                signpost
              }
            }
          }
        }
      `,
      data: {
        leader: {
          entries: [
            { trail: { effort: 20, signpost: 'RIDGE: 20' } },
            { trail: { effort: 9, signpost: 'LAKE: 9' } },
          ],
        },
      },
      errors: false,
    },
  ],
};
