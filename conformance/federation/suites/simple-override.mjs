// Shows a shared field that `courier` took over from `depot`, whose own answer would be wrong.
const parcels = [
  { number: 'N-100', status: 'on its way' },
  { number: 'N-200', status: 'delivered' },
];

const byNumber = ({ number }) => parcels.find((parcel) => parcel.number === number) ?? null;

export default {
  subgraphs: {
    depot: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Parcel @key(fields: "number") {
          number: ID!
          status: String! @shareable
        }

        type Query {
          parcels: [Parcel] @shareable
          depotParcels: [Parcel]
        }
      `,
      resolvers: {
        Query: {
          parcels: () => parcels,
          depotParcels: () => [parcels[1]],
        },
        Parcel: {
          __resolveReference: byNumber,
          status: () => 'unknown',
        },
      },
    },
    courier: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@override", "@shareable"])

        type Parcel @key(fields: "number") {
          number: ID!
          status: String! @override(from: "depot") @shareable
        }

        type Query {
          parcels: [Parcel] @shareable
          courierParcels: [Parcel]
        }
      `,
      resolvers: {
        Query: {
          parcels: () => parcels,
          courierParcels: () => [parcels[0]],
        },
        Parcel: { __resolveReference: byNumber },
      },
    },
  },
  cases: [
    {
      name: 'below a shared root field the overriding subgraph answers',
      query: /* GraphQL */ `
        {
          parcels {
            status
          }
        }
      `,
      data: { parcels: [{ status: 'on its way' }, { status: 'delivered' }] },
      errors: false,
    },
    {
      name: 'below a root field of either subgraph the overriding one answers',
      query: /* GraphQL */ `
        {
          depotParcels {
            status
          }
          courierParcels {
            status
          }
        }
      `,
      data: { depotParcels: [{ status: 'delivered' }], courierParcels: [{ status: 'on its way' }] },
      errors: false,
    },
  ],
};
