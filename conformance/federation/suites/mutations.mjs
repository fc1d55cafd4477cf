// Shows mutations: look-ups after one, their order across subgraphs, and one that two subgraphs share.
let trees = [{ id: 'oak', species: 'Oak', height: 3 }];
const beds = new Map();
const purses = new Map();

/** The tree, which is gone then: what a plan looks up twice is not found the second time. */
function takeOut(id) {
  const tree = trees.find((candidate) => candidate.id === id);
  trees = trees.filter((other) => other !== tree);
  return tree ?? null;
}

/** Fails at the second call with a name: a mutation that two subgraphs share is sent to one of them. */
function openBed(_, { name }) {
  const id = `bed-${name}`;
  if (beds.has(id)) throw new Error(`the bed ${name} is open`);
  beds.set(id, { id, name });
  return beds.get(id);
}

function setCoins(purse, change) {
  purses.set(purse, change(purses.get(purse) ?? 0));
  return purses.get(purse);
}

export default {
  subgraphs: {
    garden: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          tree(id: ID!): Tree!
        }

        type Mutation {
          plant(input: PlantInput!): Tree!
          openBed(name: String!): Bed! @shareable
          multiply(factor: Int!, purse: String!): Int!
        }

        input PlantInput {
          species: String!
          height: Float!
        }

        type Tree @key(fields: "id") {
          id: ID!
          species: String!
          height: Float!
        }

        type Bed @key(fields: "id") {
          id: ID!
        }
      `,
      resolvers: {
        Query: { tree: (_, { id }) => trees.find((tree) => tree.id === id) },
        Mutation: {
          plant(_, { input }) {
            const tree = { id: `tree-${trees.length}`, ...input };
            trees.push(tree);
            return tree;
          },
          openBed,
          multiply: (_, { factor, purse }) => setCoins(purse, (coins) => coins * factor),
        },
        Tree: { __resolveReference: ({ id }) => takeOut(id) },
        Bed: { __resolveReference: ({ id }) => beds.get(id) },
      },
    },
    nursery: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@external", "@requires", "@shareable"]
          )

        type Mutation {
          empty(purse: String!): Int!
          openBed(name: String!): Bed! @shareable
        }

        type Tree @key(fields: "id") {
          id: ID!
          height: Float! @external
          needsStake: Boolean! @requires(fields: "height")
          healthy: Boolean!
        }

        type Bed @key(fields: "id") {
          id: ID!
          name: String!
        }
      `,
      resolvers: {
        Mutation: {
          empty(_, { purse }) {
            const coins = purses.get(purse);
            purses.delete(purse);
            return coins;
          },
          openBed,
        },
        Tree: {
          __resolveReference: (representation) => takeOut(representation.id) && representation,
          needsStake({ height }) {
            if (typeof height !== 'number') throw new Error('the representation lacks height');
            return height < 2;
          },
          healthy: () => true,
        },
        Bed: { __resolveReference: ({ id }) => beds.get(id) },
      },
    },
    shop: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Mutation {
          earn(coins: Int!, purse: String!): Int!
        }
      `,
      resolvers: { Mutation: { earn: (_, { coins, purse }) => setCoins(purse, (had) => had + coins) } },
    },
  },
  cases: [
    {
      name: 'what a mutation returns is looked up once in the other subgraph, with what that requires',
      query: /* GraphQL */ `
        mutation {
          plant(input: { species: "Larch", height: 1.25 }) {
            species
            height
            needsStake
            healthy
          }
        }
      `,
      data: { plant: { species: 'Larch', height: 1.25, needsStake: true, healthy: true } },
      errors: false,
    },
    {
      name: 'the same of a query',
      query: '{ tree(id: "oak") { id species height needsStake healthy } }',
      data: { tree: { id: 'oak', species: 'Oak', height: 3, needsStake: false, healthy: true } },
      errors: false,
    },
    {
      name: 'mutations of three subgraphs run one after the other, as written',
      query: /* GraphQL */ `
        mutation {
          seven: earn(coins: 7, purse: "green")
          twentyOne: multiply(factor: 3, purse: "green")
          twentyFive: earn(coins: 4, purse: "green")
          last: empty(purse: "green")
        }
      `,
      data: { seven: 7, twentyOne: 21, twentyFive: 25, last: 25 },
      errors: false,
    },
    {
      name: 'a shared mutation runs in one subgraph',
      query: 'mutation { openBed(name: "roses") { id name } }',
      data: { openBed: { id: 'bed-roses', name: 'roses' } },
      errors: false,
    },
  ],
};
