// Shows a Federation 1 extension that is entered by a wider key than its owner has, and alone knows a second key.
const station = { code: 'BRN', city: 'Bern', platforms: 16, uic: '8507000', elevation: 540.5 };
const timetableView = { code: station.code, city: station.city, platforms: station.platforms };
const surveyView = { code: station.code, city: station.city, uic: station.uic, elevation: station.elevation };

export default {
  subgraphs: {
    timetable: {
      typeDefs: /* GraphQL */ `
        type Query {
          busiestStation: Station
        }

        type Station @key(fields: "code") {
          code: ID!
          city: String
          platforms: Int
        }
      `,
      resolvers: {
        Query: { busiestStation: () => timetableView },
        Station: { __resolveReference: ({ code }) => (code === station.code ? timetableView : null) },
      },
    },
    survey: {
      typeDefs: /* GraphQL */ `
        type Query {
          highestStation: Station
        }

        extend type Station @key(fields: "code city") @key(fields: "uic") {
          code: ID @external
          city: String @external
          uic: String @external
          elevation: Float!
        }
      `,
      resolvers: {
        Query: { highestStation: () => surveyView },
        Station: {
          __resolveReference(reference) {
            const known =
              'code' in reference
                ? reference.code === station.code && reference.city === station.city
                : reference.uic === station.uic;
            return known ? surveyView : null;
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'the other subgraph is entered by its two-field key and gives its own second key',
      query: /* GraphQL */ `
        {
          busiestStation {
            code
            platforms
            elevation
            uic
            city
          }
        }
      `,
      data: { busiestStation: { code: 'BRN', platforms: 16, elevation: 540.5, uic: '8507000', city: 'Bern' } },
      errors: false,
    },
  ],
};
