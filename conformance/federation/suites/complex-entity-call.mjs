// Shows keys that select into lists and objects: each subgraph identifies a `Tour` by more of its stops.
const stops = [
  { code: 'ABY', platform: '4', line: 'north', fare: 3.5 },
  { code: 'CRW', platform: '9', line: 'south', fare: 5.25 },
];
const lines = [
  { name: 'north', colour: 'green', terminus: 'ABY' },
  { name: 'south', colour: 'amber', terminus: 'CRW' },
];

const lineOf = (stop) => lines.find(({ name }) => name === stop.line);
const byCode = ({ code }) => stops.find((stop) => stop.code === code);
const byPlatform = ({ code, platform }) => stops.find((stop) => stop.code === code && stop.platform === platform);
const byLine = ({ line, ...rest }) => {
  const stop = byPlatform(rest);
  return stop && lineOf(stop).name === line.name && lineOf(stop).colour === line.colour ? stop : undefined;
};
/** The stops that a representation of a tour carries in full. */
const found = (tour, find) => tour.stops.map(find).filter(Boolean);

export default {
  subgraphs: {
    platforms: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key"])

        type Stop @key(fields: "code") @key(fields: "code platform") {
          code: String!
          platform: String!
        }
      `,
      resolvers: {
        Stop: {
          __resolveReference: (stop) => ('platform' in stop ? byPlatform(stop) : byCode(stop)),
        },
      },
    },
    orders: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

        type Tour @key(fields: "stops { code platform }") {
          stops: [Stop!]!
          start: Stop @shareable
          highlight: Stop @shareable
        }

        type Stop @key(fields: "code platform") {
          code: String!
          platform: String
        }
      `,
      resolvers: {
        Tour: {
          __resolveReference(tour) {
            const inOrder = found(tour, byPlatform);
            return { stops: inOrder, start: inOrder[0], highlight: inOrder[1] };
          },
        },
        Stop: { __resolveReference: byPlatform },
      },
    },
    fares: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable"])

        type Tour @key(fields: "stops { code platform line { name colour } } highlight { code }") {
          stops: [Stop!]!
          start: Stop @shareable
          highlight: Stop @shareable
        }

        type Stop @key(fields: "code platform line { name colour }") {
          code: String!
          platform: String
          line: Line
          fare: Fare
        }

        type Line @key(fields: "name colour") {
          name: String!
          colour: String
        }

        type Fare {
          amount: Float!
        }
      `,
      resolvers: {
        Tour: {
          __resolveReference(tour) {
            const inOrder = found(tour, byLine);
            return { stops: inOrder, start: inOrder[0], highlight: byCode(tour.highlight) };
          },
        },
        Stop: {
          __resolveReference: byLine,
          line: lineOf,
          fare: ({ fare }) => ({ amount: fare }),
        },
        Line: {
          __resolveReference: (line) => lines.find(({ name }) => name === line.name),
        },
      },
    },
    tours: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.0"
            import: ["@key", "@extends", "@external", "@shareable"]
          )

        type Tour @key(fields: "stops { code }") {
          stops: [Stop!]!
        }

        type Stop @extends @key(fields: "code") {
          code: String! @external
          line: Line @shareable
        }

        type Line @key(fields: "name") {
          name: String!
          colour: String @shareable
          terminus: Stop! @shareable
        }

        type Query {
          cityTour: Tour!
        }
      `,
      resolvers: {
        Query: { cityTour: () => ({ stops }) },
        Tour: {
          __resolveReference: (tour) => ({ stops: found(tour, byCode) }),
        },
        Stop: {
          __resolveReference: byCode,
          line: lineOf,
        },
        Line: {
          __resolveReference: (line) => lines.find(({ name }) => name === line.name),
          terminus: ({ terminus }) => byCode({ code: terminus }),
        },
      },
    },
  },
  cases: [
    {
      name: 'keys are gathered from subgraph to subgraph until each one knows its entity',
      query: /* GraphQL */ `
        {
          cityTour {
            stops {
              code
              platform
              fare {
                amount
              }
              line {
                terminus {
                  code
                }
                name
                colour
              }
            }
            highlight {
              code
            }
            start {
              code
            }
          }
        }
      `,
      data: {
        cityTour: {
          stops: [
            {
              code: 'ABY',
              platform: '4',
              fare: { amount: 3.5 },
              line: { terminus: { code: 'ABY' }, name: 'north', colour: 'green' },
            },
            {
              code: 'CRW',
              platform: '9',
              fare: { amount: 5.25 },
              line: { terminus: { code: 'CRW' }, name: 'south', colour: 'amber' },
            },
          ],
          highlight: { code: 'CRW' },
          start: { code: 'ABY' },
        },
      },
      errors: false,
    },
  ],
};
