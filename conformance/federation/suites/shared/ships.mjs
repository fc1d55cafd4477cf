// The harbour borrows a ship's name from the registry. How its schema says so is what differs from suite to suite.
const ships = [
  { imo: '9074729', name: 'Aurora', flag: 'FI', berth: 'north-2' },
  { imo: '9319466', name: 'Brise', flag: 'FR', berth: 'south-7' },
];
const [aurora] = ships;

const harbourResolvers = {
  Query: {
    shipAtPier: () => ({ imo: aurora.imo, berth: aurora.berth }),
    announcedShip: () => ({ imo: aurora.imo, berth: aurora.berth, name: aurora.name }),
  },
  Ship: {
    __resolveReference({ imo }) {
      const ship = ships.find((candidate) => candidate.imo === imo);
      return ship ? { imo, berth: ship.berth } : null;
    },
    // Whoever asks the harbour for a name that it has not announced gets a wrong one.
    name: (ship) => ship.name ?? 'not the harbour’s to say',
  },
};

function registered(imo) {
  const ship = ships.find((candidate) => candidate.imo === imo);
  return ship ? { imo, name: ship.name, flag: ship.flag } : null;
}

const registryResolvers = {
  Query: { ship: (_, { imo }) => registered(imo) },
  Ship: { __resolveReference: ({ imo }) => registered(imo) },
};

const cases = [
  {
    name: 'a borrowed field is fetched from its owner, beside another root field of the owner',
    query: /* GraphQL */ `
      {
        shipAtPier {
          imo
          name
        }
        ship(imo: "9319466") {
          imo
          name
          flag
        }
      }
    `,
    data: {
      shipAtPier: { imo: '9074729', name: 'Aurora' },
      ship: { imo: '9319466', name: 'Brise', flag: 'FR' },
    },
    errors: false,
  },
  {
    name: 'the external key and the own field come from the extending subgraph',
    query: /* GraphQL */ `
      {
        shipAtPier {
          imo
          berth
        }
      }
    `,
    data: { shipAtPier: { imo: '9074729', berth: 'north-2' } },
    errors: false,
  },
  {
    name: 'an own field and a borrowed field meet in one object',
    query: /* GraphQL */ `
      {
        shipAtPier {
          imo
          berth
          name
        }
      }
    `,
    data: { shipAtPier: { imo: '9074729', berth: 'north-2', name: 'Aurora' } },
    errors: false,
  },
  {
    name: 'a borrowed field that the root field provides has its value',
    query: /* GraphQL */ `
      {
        announcedShip {
          imo
          berth
          name
        }
      }
    `,
    data: { announcedShip: { imo: '9074729', berth: 'north-2', name: 'Aurora' } },
    errors: false,
  },
];

export function shipSuite({ harbour, registry }) {
  return {
    subgraphs: {
      harbour: { typeDefs: harbour, resolvers: harbourResolvers },
      registry: { typeDefs: registry, resolvers: registryResolvers },
    },
    cases,
  };
}
