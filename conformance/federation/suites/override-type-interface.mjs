// Shows an `@override` that holds below an interface which the overriding subgraph's type does not implement.
const thermometers = [
  { __typename: 'Thermometer', id: 'T1', reading: '18 degrees' },
  { __typename: 'Thermometer', id: 'T2', reading: '21 degrees' },
];
const barometers = [{ __typename: 'Barometer', id: 'B1', reading: '1013', unit: 'hPa' }];

const oneOf = (instruments) => (reference) => instruments.find(({ id }) => id === reference.id) ?? null;

export default {
  subgraphs: {
    archive: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        interface Sensor {
          id: ID!
          reading: String!
        }

        type Thermometer implements Sensor @key(fields: "id") {
          id: ID!
          reading: String!
        }

        type Query {
          sensors: [Sensor]
        }
      `,
      resolvers: {
        Query: { sensors: () => thermometers },
        Thermometer: {
          __resolveReference: oneOf(thermometers),
          reading: () => 'out of date',
        },
      },
    },
    live: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@override"])

        interface Sensor {
          id: ID!
          reading: String!
        }

        type Barometer implements Sensor @key(fields: "id") {
          id: ID!
          reading: String!
          unit: String!
        }

        interface Device {
          id: ID!
          reading: String!
        }

        type Thermometer implements Device @key(fields: "id") {
          id: ID!
          reading: String! @override(from: "archive")
        }

        type Query {
          devices: [Device]
        }
      `,
      resolvers: {
        Query: { devices: () => thermometers },
        Barometer: { __resolveReference: oneOf(barometers) },
        Thermometer: { __resolveReference: oneOf(thermometers) },
      },
    },
  },
  cases: [
    {
      name: 'a field of the interface is fetched where it was moved to',
      query: /* GraphQL */ `
        {
          sensors {
            id
            reading
          }
        }
      `,
      data: {
        sensors: [
          { id: 'T1', reading: '18 degrees' },
          { id: 'T2', reading: '21 degrees' },
        ],
      },
      errors: false,
    },
    {
      name: 'an implementation that the subgraph does not know matches nothing',
      query: /* GraphQL */ `
        {
          sensors {
            ... on Barometer {
              id
              unit
            }
          }
        }
      `,
      data: { sensors: [{}, {}] },
      errors: false,
    },
    {
      name: 'the overriding subgraph answers below its own interface',
      query: /* GraphQL */ `
        {
          devices {
            reading
          }
        }
      `,
      data: { devices: [{ reading: '18 degrees' }, { reading: '21 degrees' }] },
      errors: false,
    },
    {
      name: 'the same fields below the interface and below the type',
      query: /* GraphQL */ `
        {
          devices {
            reading
            id
            ... on Thermometer {
              reading
              id
            }
          }
        }
      `,
      data: {
        devices: [
          { reading: '18 degrees', id: 'T1' },
          { reading: '21 degrees', id: 'T2' },
        ],
      },
      errors: false,
    },
  ],
};
