// Shows unions whose members differ by subgraph: only `Painting` is a member of `Exhibit` in both.
const painting = {
  __typename: 'Painting',
  id: 'painting-7',
  label: 'Harbour at dusk',
  eastNote: 'hangs by the window',
  westNote: 'lent in spring',
};
const statue = { __typename: 'Statue', id: 'statue-2', label: 'Resting fox', eastNote: 'cast in bronze' };
const tapestry = { __typename: 'Tapestry', id: 'tapestry-5', label: 'Four winds', westNote: 'woven twice' };

const withId = (exhibit) => ({ __resolveReference: ({ id }) => (id === exhibit.id ? exhibit : null) });

export default {
  subgraphs: {
    east: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        union Exhibit = Painting | Statue
        union TourStop = Painting | Statue

        type Painting @key(fields: "id") {
          id: ID!
          label: String! @shareable
          eastNote: String!
        }

        type Statue @key(fields: "id") {
          id: ID!
          label: String! @shareable
          eastNote: String!
        }

        type Tour {
          opening: TourStop @shareable
          eastOpening: TourStop
          painting: Painting @shareable
          statue: TourStop @shareable
        }

        type Query {
          opening: Exhibit @shareable
          eastOpening: Exhibit @shareable
          painting: Painting @shareable
          statue: Exhibit @shareable
          tour: Tour @shareable
        }
      `,
      resolvers: {
        Query: {
          opening: () => painting,
          eastOpening: () => painting,
          painting: () => painting,
          statue: () => statue,
          tour: () => ({ opening: painting, eastOpening: painting, painting, statue }),
        },
        Painting: withId(painting),
        Statue: withId(statue),
      },
    },
    west: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        union Exhibit = Painting | Tapestry
        union TourStop = Painting | Tapestry

        type Painting @key(fields: "id") {
          id: ID!
          label: String! @shareable
          westNote: String!
        }

        type Tapestry @key(fields: "id") {
          id: ID!
          label: String! @shareable
          westNote: String!
        }

        type Tour {
          opening: TourStop @shareable
          westOpening: TourStop
          painting: TourStop @shareable
        }

        type Query {
          opening: Exhibit @shareable
          westOpening: Exhibit @shareable
          painting: Exhibit @shareable
          tour: Tour @shareable
        }
      `,
      resolvers: {
        Query: {
          opening: () => painting,
          westOpening: () => painting,
          painting: () => painting,
          tour: () => ({ opening: painting, westOpening: tapestry, painting }),
        },
        Painting: withId(painting),
        Tapestry: withId(tapestry),
      },
    },
  },
  cases: [
    {
      name: 'a member of one subgraph alone matches nothing',
      query: /* GraphQL */ `
        {
          opening {
            ... on Tapestry {
              label
            }
          }
        }
      `,
      data: { opening: {} },
      errors: false,
    },
    {
      name: 'a member of both subgraphs matches',
      query: /* GraphQL */ `
        {
          opening {
            ... on Painting {
              label
            }
          }
        }
      `,
      data: { opening: { label: 'Harbour at dusk' } },
      errors: false,
    },
    {
      name: 'a member of both subgraphs is asked for beside a member of one',
      query: /* GraphQL */ `
        {
          opening {
            ... on Painting {
              label
            }
            ... on Tapestry {
              label
            }
          }
        }
      `,
      data: { opening: { label: 'Harbour at dusk' } },
      errors: false,
    },
    {
      name: 'below a shared object each field has its own members',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              __typename
              ... on Statue {
                label
              }
              ... on Tapestry {
                label
              }
              ... on Painting {
                label
              }
            }
            painting {
              __typename
              ... on Statue {
                label
              }
              ... on Tapestry {
                label
              }
              ... on Painting {
                label
              }
            }
            statue {
              __typename
              ... on Statue {
                label
              }
              ... on Tapestry {
                label
              }
              ... on Painting {
                label
              }
            }
          }
        }
      `,
      data: {
        tour: {
          opening: { __typename: 'Painting', label: 'Harbour at dusk' },
          painting: { __typename: 'Painting', label: 'Harbour at dusk' },
          statue: { __typename: 'Statue', label: 'Resting fox' },
        },
      },
      errors: false,
    },
    {
      name: 'below a shared object a member of one subgraph alone matches nothing',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              ... on Tapestry {
                label
              }
            }
          }
        }
      `,
      data: { tour: { opening: {} } },
      errors: false,
    },
    {
      name: 'below a shared object a member of both subgraphs matches',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              ... on Painting {
                label
              }
            }
          }
        }
      `,
      data: { tour: { opening: { label: 'Harbour at dusk' } } },
      errors: false,
    },
    {
      name: 'below a shared object a member of both subgraphs is asked for beside a member of one',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              ... on Painting {
                label
              }
              ... on Tapestry {
                label
              }
            }
          }
        }
      `,
      data: { tour: { opening: { label: 'Harbour at dusk' } } },
      errors: false,
    },
    {
      name: 'one named fragment with every member serves fields with different members',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              ...Labels
            }
            painting {
              ...Labels
            }
            statue {
              ...Labels
            }
          }
        }

        fragment Labels on TourStop {
          __typename
          ... on Statue {
            label
          }
          ... on Tapestry {
            label
          }
          ... on Painting {
            label
          }
        }
      `,
      data: {
        tour: {
          opening: { __typename: 'Painting', label: 'Harbour at dusk' },
          painting: { __typename: 'Painting', label: 'Harbour at dusk' },
          statue: { __typename: 'Statue', label: 'Resting fox' },
        },
      },
      errors: false,
    },
    {
      name: 'a field of one subgraph never yields a member of the other',
      query: /* GraphQL */ `
        {
          eastOpening {
            ... on Tapestry {
              label
              westNote
            }
          }
        }
      `,
      data: { eastOpening: {} },
      errors: false,
    },
    {
      name: 'a member of both subgraphs is completed by its key',
      query: /* GraphQL */ `
        {
          eastOpening {
            ... on Painting {
              label
              eastNote
              westNote
            }
          }
        }
      `,
      data: {
        eastOpening: { label: 'Harbour at dusk', eastNote: 'hangs by the window', westNote: 'lent in spring' },
      },
      errors: false,
    },
    {
      name: 'below a shared object every member is completed by its key where it can be',
      query: /* GraphQL */ `
        {
          tour {
            opening {
              __typename
              ... on Statue {
                label
                eastNote
              }
              ... on Tapestry {
                label
                westNote
              }
              ... on Painting {
                label
                eastNote
                westNote
              }
            }
            painting {
              __typename
              ... on Statue {
                label
                eastNote
              }
              ... on Tapestry {
                label
                westNote
              }
              ... on Painting {
                label
                eastNote
                westNote
              }
            }
            statue {
              __typename
              ... on Statue {
                label
                eastNote
              }
              ... on Tapestry {
                label
                westNote
              }
              ... on Painting {
                label
                eastNote
                westNote
              }
            }
          }
        }
      `,
      data: {
        tour: {
          opening: {
            __typename: 'Painting',
            label: 'Harbour at dusk',
            eastNote: 'hangs by the window',
            westNote: 'lent in spring',
          },
          painting: {
            __typename: 'Painting',
            label: 'Harbour at dusk',
            eastNote: 'hangs by the window',
            westNote: 'lent in spring',
          },
          statue: { __typename: 'Statue', label: 'Resting fox', eastNote: 'cast in bronze' },
        },
      },
      errors: false,
    },
    {
      name: 'a shared object without a key is asked of both subgraphs',
      query: /* GraphQL */ `
        {
          tour {
            eastOpening {
              ... on Tapestry {
                label
                westNote
              }
            }
            westOpening {
              ... on Tapestry {
                label
                westNote
              }
            }
          }
        }
      `,
      data: { tour: { eastOpening: {}, westOpening: { label: 'Four winds', westNote: 'woven twice' } } },
      errors: false,
    },
  ],
};
