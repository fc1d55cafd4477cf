// Shows how objects of an `@interfaceObject` get their real type and the fields that other subgraphs know.
const vessels = [
  { imo: '9301', flag: 'Malta', callSign: '9HA2', tonnage: 5200 },
  { imo: '9302', flag: 'Norway', callSign: 'LAJK', tonnage: 810 },
];

const berths = [
  { number: 'N1', kind: 'DeepBerth', label: 'North quay' },
  { number: 'N2', kind: 'DeepBerth', label: 'Oil jetty' },
  { number: 'S1', kind: 'ShallowBerth', label: 'Marina' },
];

const vesselOf = ({ imo }) => vessels.find((vessel) => vessel.imo === imo) ?? null;
const berthOf = ({ number }) => berths.find((berth) => berth.number === number) ?? null;

const registered = (reference) => {
  const vessel = vesselOf(reference);
  return vessel && { __typename: 'Tanker', imo: vessel.imo, flag: vessel.flag, tonnage: vessel.tonnage };
};

// Subgraphs with an `@interfaceObject` cannot tell the type: whatever they say of it must not matter.
const mistaken = (reference) => {
  const berth = berthOf(reference);
  return berth && { __typename: 'Buoy', number: berth.number };
};

const everything = /* GraphQL */ `{
  moored {
    ... on Tanker { tonnage imo flag callSign }
    imo
    flag
  }
}`;

const shipPapers = vessels.map(({ imo, flag, callSign }) => ({ imo, flag, callSign }));

export default {
  subgraphs: {
    harbour: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          moored: [Vessel!]!
        }

        interface Vessel @key(fields: "imo") {
          imo: ID!
          flag: String
        }

        type Tanker implements Vessel @key(fields: "imo") {
          imo: ID!
          flag: String
          tonnage: Int
        }

        interface Berth @key(fields: "number") {
          number: ID!
        }

        type DeepBerth implements Berth @key(fields: "number") {
          number: ID!
          lit: Boolean! @shareable
        }

        type ShallowBerth implements Berth @key(fields: "number") {
          number: ID!
        }
      `,
      resolvers: {
        Query: { moored: () => vessels.map(registered) },
        Vessel: { __resolveReference: registered },
        Tanker: { __resolveReference: registered },
        Berth: {
          __resolveReference(reference) {
            const berth = berthOf(reference);
            return berth && { __typename: berth.kind, number: berth.number };
          },
        },
        DeepBerth: {
          __resolveReference: (reference) => (berthOf(reference)?.kind === 'DeepBerth' ? reference : null),
          lit: () => true,
        },
        ShallowBerth: {
          __resolveReference: (reference) => (berthOf(reference)?.kind === 'ShallowBerth' ? reference : null),
        },
      },
    },
    radio: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          heard: [Vessel]
          berths: [Berth]
        }

        type Vessel @key(fields: "imo") @interfaceObject {
          imo: ID!
          callSign: String
        }

        type Berth @key(fields: "number") @interfaceObject {
          number: ID!
          label: String!
        }
      `,
      resolvers: {
        Query: {
          heard: () => vessels.map(({ imo }) => ({ imo })),
          berths: () => berths.map(mistaken),
        },
        Vessel: {
          __resolveReference: ({ imo }) => vesselOf({ imo }) && { imo },
          callSign: (vessel) => vesselOf(vessel).callSign,
        },
        Berth: {
          __resolveReference: mistaken,
          label: (berth) => berthOf(berth).label,
        },
      },
    },
    utilities: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject", "@shareable"])

        type Berth @key(fields: "number") @interfaceObject {
          number: ID!
          lit: Boolean! @shareable
        }
      `,
      // Says otherwise than the harbour, which tells who was asked.
      resolvers: { Berth: { __resolveReference: mistaken, lit: () => false } },
    },
  },
  cases: [
    {
      name: 'an interface object gets a field of the interface from the subgraph that defines it',
      query: '{ heard { imo flag callSign } }',
      data: { heard: shipPapers },
      errors: false,
    },
    {
      name: 'an object of the interface gets a field from its interface object',
      query: '{ moored { imo flag callSign } }',
      data: { moored: shipPapers },
      errors: false,
    },
    {
      name: 'a condition on a member makes an interface object look its type up',
      query: '{ heard { ... on Tanker { tonnage } } }',
      data: { heard: [{ tonnage: 5200 }, { tonnage: 810 }] },
      errors: false,
    },
    {
      name: 'a condition on a member holds at once where the type is known',
      query: '{ moored { ... on Tanker { tonnage } } }',
      data: { moored: [{ tonnage: 5200 }, { tonnage: 810 }] },
      errors: false,
    },
    {
      name: 'fields of both subgraphs inside a condition join an interface object once its type is known',
      query: everything.replace('moored', 'heard'),
      data: { heard: vessels },
      errors: false,
    },
    {
      name: 'fields of both subgraphs inside a condition join an object of known type',
      query: everything,
      data: { moored: vessels },
      errors: false,
    },
    {
      name: 'the same operation answers alike when its plan is already there',
      query: everything,
      data: { moored: vessels },
      errors: false,
    },
    {
      name: 'a field of the interface object needs no other subgraph',
      query: '{ berths { label } }',
      data: { berths: [{ label: 'North quay' }, { label: 'Oil jetty' }, { label: 'Marina' }] },
      errors: false,
    },
    {
      name: 'a field of the interface object inside a condition waits for the type',
      query: '{ berths { ... on DeepBerth { label } } }',
      data: { berths: [{ label: 'North quay' }, { label: 'Oil jetty' }, {}] },
      errors: false,
    },
    {
      name: 'the typename of an interface object is that of its member',
      query: '{ berths { label __typename } }',
      data: {
        berths: [
          { label: 'North quay', __typename: 'DeepBerth' },
          { label: 'Oil jetty', __typename: 'DeepBerth' },
          { label: 'Marina', __typename: 'ShallowBerth' },
        ],
      },
      errors: false,
    },
    {
      name: 'a typename inside a condition is given to that member only',
      query: '{ berths { ... on DeepBerth { __typename } } }',
      data: { berths: [{ __typename: 'DeepBerth' }, { __typename: 'DeepBerth' }, {}] },
      errors: false,
    },
    {
      name: 'a field goes from one interface object to another without the type',
      query: '{ berths { number lit } }',
      data: {
        berths: [
          { number: 'N1', lit: false },
          { number: 'N2', lit: false },
          { number: 'S1', lit: false },
        ],
      },
      errors: false,
    },
    {
      name: 'a shared field inside a condition comes from the subgraph that tells the type',
      query: '{ berths { number ... on DeepBerth { lit } } }',
      data: { berths: [{ number: 'N1', lit: true }, { number: 'N2', lit: true }, { number: 'S1' }] },
      errors: false,
    },
  ],
};
