// Shows that of provided fields those that are asked for are fetched, and no others: `notes`, never asked for, throws.
const stations = [
  { id: 'north', label: 'North Gate', notes: 'lift out of order', elevation: '312 m' },
  { id: 'quay', label: 'Old Quay', notes: 'open at high tide', elevation: '2 m' },
];
const station = ({ id }) => stations.find((candidate) => candidate.id === id);
const refuse = (reason) => () => {
  throw new Error(reason);
};

export default {
  subgraphs: {
    // Owns the type, and alone knows `elevation`.
    survey: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Station @key(fields: "id") {
          id: ID!
          label: String! @shareable
          notes: String! @shareable
          elevation: String!
        }
      `,
      resolvers: {
        Station: {
          __resolveReference: station,
          label: refuse('the timetable provides labels'),
          notes: refuse('the timetable provides notes'),
        },
      },
    },
    timetable: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@provides"])

        type Query {
          station: Station @provides(fields: "label notes")
          stations: [Station!]! @provides(fields: "label notes")
        }

        type Station @key(fields: "id") {
          id: ID!
          label: String! @external
          notes: String! @external
        }
      `,
      resolvers: {
        Query: { station: () => stations[0], stations: () => stations },
        Station: {
          __resolveReference: refuse('what is provided comes with the root field'),
          notes: refuse('nobody asked for notes'),
        },
      },
    },
  },
  cases: [
    {
      name: 'the key alone brings nothing that is provided',
      query: '{ station { id } }',
      data: { station: { id: 'north' } },
      errors: false,
    },
    {
      name: 'one provided field does not bring the other',
      query: '{ station { id label } }',
      data: { station: { id: 'north', label: 'North Gate' } },
      errors: false,
    },
    {
      name: 'a provided field keeps its alias',
      query: '{ station { id sign: label } }',
      data: { station: { id: 'north', sign: 'North Gate' } },
      errors: false,
    },
    {
      name: 'a provided field in an inline fragment',
      query: '{ station { id ... on Station { label } } }',
      data: { station: { id: 'north', label: 'North Gate' } },
      errors: false,
    },
    {
      name: 'a provided field in a named fragment',
      query: /* GraphQL */ `
        {
          station {
            id
            ...Sign
          }
        }

        fragment Sign on Station {
          label
        }
      `,
      data: { station: { id: 'north', label: 'North Gate' } },
      errors: false,
    },
    {
      name: 'a look-up of the rest does not fetch what was provided again',
      query: '{ station { id label elevation } }',
      data: { station: { id: 'north', label: 'North Gate', elevation: '312 m' } },
      errors: false,
    },
    {
      name: 'one provided field of each item of a list',
      query: '{ stations { id label } }',
      data: {
        stations: [
          { id: 'north', label: 'North Gate' },
          { id: 'quay', label: 'Old Quay' },
        ],
      },
      errors: false,
    },
    {
      name: 'a look-up of the rest of each item of a list',
      query: '{ stations { id label elevation } }',
      data: {
        stations: [
          { id: 'north', label: 'North Gate', elevation: '312 m' },
          { id: 'quay', label: 'Old Quay', elevation: '2 m' },
        ],
      },
      errors: false,
    },
    {
      name: 'a provided field in a skipped fragment is not fetched',
      query: '{ station { id ... on Station @skip(if: true) { notes } } }',
      data: { station: { id: 'north' } },
      errors: false,
    },
    {
      name: 'a provided field in a fragment that is not included is not fetched',
      query: '{ station { id ... on Station @include(if: false) { notes } } }',
      data: { station: { id: 'north' } },
      errors: false,
    },
    {
      name: 'sibling fragments without a type condition count all together',
      query: '{ station { id ... { label } ... { elevation } } }',
      data: { station: { id: 'north', label: 'North Gate', elevation: '312 m' } },
      errors: false,
    },
  ],
};
