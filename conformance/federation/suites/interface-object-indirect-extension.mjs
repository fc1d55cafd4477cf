// Shows a member that a third subgraph extends, beside an `@interfaceObject` of its interface.
const exhibitOf = (id) => ({ id, label: `Exhibit ${id}` });
const tour = { id: '8', theme: 'Light', start: { id: '3' } };

export default {
  subgraphs: {
    restorers: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          restorer: Restorer
        }

        type Restorer @key(fields: "id") {
          id: ID!
          name: String
        }

        extend type Painting @key(fields: "id") {
          id: ID!
          restoredBy: String
        }
      `,
      resolvers: {
        Query: { restorer: () => ({ id: '5', name: 'Iris' }) },
        Painting: { restoredBy: () => 'Iris' },
      },
    },
    museum: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          featured: Exhibit
        }

        interface Exhibit @key(fields: "id") {
          id: ID!
          label: String
        }

        type Painting implements Exhibit @key(fields: "id") {
          id: ID!
          label: String
          width: Int
        }

        type Sculpture implements Exhibit @key(fields: "id") {
          id: ID!
          label: String
          weight: Int
        }
      `,
      // The interface tells the type of a reference but leaves the lookup to the member.
      resolvers: {
        Query: { featured: () => ({ ...exhibitOf('3'), width: 60 }) },
        Exhibit: { __resolveType: () => 'Painting' },
        Painting: { __resolveReference: ({ id }) => ({ ...exhibitOf(id), width: 20 * Number(id) }) },
        Sculpture: { __resolveReference: ({ id }) => ({ ...exhibitOf(id), weight: 50 * Number(id) }) },
      },
    },
    tours: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@interfaceObject"])

        type Query {
          tour: Tour
        }

        type Tour @key(fields: "id") {
          id: ID!
          theme: String
          start: Exhibit
        }

        type Exhibit @key(fields: "id") @interfaceObject {
          id: ID!
        }
      `,
      resolvers: { Query: { tour: () => tour } },
    },
  },
  cases: [
    {
      name: 'the extension joins the member, and the interface object becomes the member',
      query: /* GraphQL */ `{
        featured {
          id
          label
          ... on Painting { width restoredBy }
          ... on Sculpture { weight }
        }
        restorer { id name }
        tour {
          id
          theme
          start { id ... on Painting { width } }
        }
      }`,
      data: {
        featured: { id: '3', label: 'Exhibit 3', width: 60, restoredBy: 'Iris' },
        restorer: { id: '5', name: 'Iris' },
        tour: { id: '8', theme: 'Light', start: { id: '3', width: 60 } },
      },
      errors: false,
    },
  ],
};
