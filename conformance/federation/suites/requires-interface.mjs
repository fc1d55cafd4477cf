// Shows `@requires` through an interface whose members one subgraph does not all know.
const vehicles = [
  { __typename: 'Bike', id: 'b4', depot: 'Canal', permit: 'none' },
  { __typename: 'Van', id: 'v9', depot: 'Harbour', permit: 'centre' },
];

const couriers = [
  { id: 'kim', vehicle: 'b4' },
  { id: 'lou', vehicle: 'v9' },
];
const [kim, lou] = couriers;

const courierOf = ({ id }) => couriers.find((courier) => courier.id === id);
const vehicleOf = (id) => vehicles.find((vehicle) => vehicle.id === id);
const lookup = { __resolveReference: ({ id }) => vehicleOf(id) };

export default {
  subgraphs: {
    dispatch: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@requires", "@external", "@shareable"]
          )

        type Query {
          rider: Courier
        }

        interface Vehicle {
          id: ID!
        }

        type Bike implements Vehicle @key(fields: "id") {
          id: ID!
          depot: String @shareable
        }

        type Van implements Vehicle @key(fields: "id") {
          id: ID!
          depot: String @shareable
        }

        type Courier @key(fields: "id") {
          id: ID!
          vehicle: Vehicle @external
          depot: String @requires(fields: "vehicle { id }")
          permit: String @requires(fields: "vehicle { ... on Van { id } }")
        }
      `,
      resolvers: {
        Query: { rider: () => ({ id: kim.id }) },
        Courier: {
          __resolveReference: (reference) => (courierOf(reference) ? reference : null),
          depot({ vehicle }) {
            if (!vehicle?.id) throw new Error('the representation lacks the vehicle');
            return vehicleOf(vehicle.id).depot;
          },
          permit: ({ vehicle }) => vehicleOf(vehicle?.id)?.permit,
        },
        Bike: lookup,
        Van: lookup,
      },
    },
    garage: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          driver: Courier
        }

        interface Vehicle {
          id: ID!
        }

        type Bike implements Vehicle @key(fields: "id") {
          id: ID!
          depot: String @shareable
        }

        type Van implements Vehicle @key(fields: "id") {
          id: ID!
          depot: String @shareable
        }

        type Tram implements Vehicle @key(fields: "id") {
          id: ID!
          depot: String @shareable
        }

        type Courier @key(fields: "id") {
          id: ID!
          vehicle: Vehicle @shareable
        }
      `,
      resolvers: {
        Query: { driver: () => lou },
        Courier: {
          __resolveReference: (reference) => courierOf(reference) ?? null,
          vehicle: (courier) => vehicleOf(courier.vehicle),
        },
        Bike: lookup,
        Van: lookup,
      },
    },
  },
  cases: [
    {
      name: 'a field of the interface is fetched for who requires it',
      query: '{ rider { depot } }',
      data: { rider: { depot: 'Canal' } },
      errors: false,
    },
    {
      name: 'a field of the interface comes with the first request where its subgraph has it',
      query: '{ driver { depot } }',
      data: { driver: { depot: 'Harbour' } },
      errors: false,
    },
    {
      name: 'a required condition that does not hold brings nothing, and the field is null',
      query: '{ rider { permit } }',
      data: { rider: { permit: null } },
      errors: false,
    },
    {
      name: 'the external field itself comes from the other subgraph',
      query: '{ rider { vehicle { __typename id } } }',
      data: { rider: { vehicle: { __typename: 'Bike', id: 'b4' } } },
      errors: false,
    },
    {
      name: 'the external field comes at once where it belongs',
      query: '{ driver { vehicle { __typename id } } }',
      data: { driver: { vehicle: { __typename: 'Van', id: 'v9' } } },
      errors: false,
    },
  ],
};
