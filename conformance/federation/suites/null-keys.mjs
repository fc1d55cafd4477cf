// Shows a chain of keys that breaks: an entity unknown half-way is null beyond and never asked with a null key.
const cars = [
  { vin: 'vin-1', plate: 'ZH 1', owner: { id: 'o1', name: 'Ines' } },
  { vin: 'vin-2', plate: 'ZH 2', owner: { id: 'o2', name: 'Jon' } },
  { vin: 'vin-3', plate: 'ZH 3', owner: { id: 'o3', name: 'Kaja' } },
];
const unregistered = 'vin-3';

/** The car that a reference names: one that names none is an error, not a null. */
function carOf(reference, ...keys) {
  const key = keys.find((candidate) => reference[candidate] != null);
  const car = key && cars.find((candidate) => candidate[key] === reference[key]);
  if (!car) throw new Error(`no car has the key ${JSON.stringify(reference)}`);
  return car;
}

export default {
  subgraphs: {
    parking: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          spaces: [Space]
        }

        type Space {
          car: Car
        }

        type Car @key(fields: "plate") {
          plate: ID!
        }
      `,
      resolvers: {
        Query: { spaces: () => cars.map(({ plate }) => ({ car: { plate } })) },
        Car: { __resolveReference: (reference) => ({ plate: carOf(reference, 'plate').plate }) },
      },
    },
    // The only way from a plate to a vin.
    registration: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Car @key(fields: "vin") @key(fields: "plate") {
          vin: ID!
          plate: ID!
        }
      `,
      resolvers: {
        Car: {
          __resolveReference(reference) {
            const { vin, plate } = carOf(reference, 'vin', 'plate');
            return vin === unregistered ? null : { vin, plate };
          },
        },
      },
    },
    owners: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Car @key(fields: "vin") {
          vin: ID!
          owner: Owner
        }

        type Owner {
          id: ID!
          name: String
        }
      `,
      resolvers: { Car: { __resolveReference: (reference) => carOf(reference, 'vin') } },
    },
  },
  cases: [
    {
      name: 'an entity that the subgraph between does not know has null for what lies beyond',
      query: /* GraphQL */ `
        {
          spaces {
            car {
              plate
              owner {
                name
              }
            }
          }
        }
      `,
      data: {
        spaces: [
          { car: { plate: 'ZH 1', owner: { name: 'Ines' } } },
          { car: { plate: 'ZH 2', owner: { name: 'Jon' } } },
          { car: { plate: 'ZH 3', owner: null } },
        ],
      },
      errors: false,
    },
  ],
};
