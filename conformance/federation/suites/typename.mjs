// Shows that __typename names the object's type: in unions, in interfaces, and behind an interface object.
const drivers = [
  { __typename: 'Driver', badge: 'd-12', nightShift: false, salary: 2400 },
  { __typename: 'Driver', badge: 'd-77', nightShift: true, salary: 2650 },
];
const driver = (badge) => drivers.find((candidate) => candidate.badge === badge);

export default {
  subgraphs: {
    fleet: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          ride: Ride
          numbered: Numbered
        }

        union Ride = Tram | Ferry

        interface Numbered {
          number: ID!
        }

        type Tram implements Numbered {
          number: ID!
        }

        type Ferry implements Numbered {
          number: ID!
        }

        interface Employee @key(fields: "badge") {
          badge: ID!
        }

        type Driver implements Employee @key(fields: "badge") {
          badge: ID!
          nightShift: Boolean!
        }
      `,
      resolvers: {
        Query: {
          ride: () => ({ __typename: 'Tram', number: '4' }),
          numbered: () => ({ __typename: 'Ferry', number: '61' }),
        },
        Employee: { __resolveReference: ({ badge }) => driver(badge) },
        Driver: { __resolveReference: ({ badge }) => driver(badge) },
      },
    },
    payroll: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          employees: [Employee]
        }

        type Employee @key(fields: "badge") @interfaceObject {
          badge: ID!
          salary: Int!
        }
      `,
      // It does not know the types of employees, and never says one.
      resolvers: {
        Query: { employees: () => drivers.map(({ badge }) => ({ badge })) },
        Employee: {
          __resolveReference: ({ badge }) => ({ badge }),
          salary: ({ badge }) => driver(badge).salary,
        },
      },
    },
  },
  cases: [
    {
      name: 'a union, with and without an alias',
      query: '{ ride { __typename kind: __typename } }',
      data: { ride: { __typename: 'Tram', kind: 'Tram' } },
      errors: false,
    },
    {
      name: 'an interface, with two aliases',
      query: '{ numbered { number __typename kind: __typename k: __typename } }',
      data: { numbered: { number: '61', __typename: 'Ferry', kind: 'Ferry', k: 'Ferry' } },
      errors: false,
    },
    {
      name: 'a union, aliased in a fragment for each member',
      query: '{ ride { __typename ... on Tram { kind: __typename } ... on Ferry { kind: __typename } } }',
      data: { ride: { __typename: 'Tram', kind: 'Tram' } },
      errors: false,
    },
    {
      name: 'an interface, aliased in a fragment for each implementation',
      query: '{ numbered { __typename ... on Tram { kind: __typename } ... on Ferry { kind: __typename } } }',
      data: { numbered: { __typename: 'Ferry', kind: 'Ferry' } },
      errors: false,
    },
    {
      name: 'the key of an interface object, without __typename',
      query: '{ employees { badge } }',
      data: { employees: [{ badge: 'd-12' }, { badge: 'd-77' }] },
      errors: false,
    },
    {
      name: 'nothing but __typename of an interface object names the implementation',
      query: '{ employees { __typename } }',
      data: { employees: [{ __typename: 'Driver' }, { __typename: 'Driver' }] },
      errors: false,
    },
  ],
};
