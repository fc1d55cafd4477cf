// Shows a directive for operations that two subgraphs compose, of which one alone gives its argument a default.
export default {
  subgraphs: {
    tides: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.1", import: ["@composeDirective"])
          @link(url: "https://directives.example/measured/v1.0", import: ["@measured"])
          @composeDirective(name: "@measured")

        directive @measured(detail: Detail!) on FIELD

        enum Detail {
          COARSE
          FINE
        }

        type Query {
          tide: String
        }
      `,
      resolvers: {
        Query: { tide: () => 'rising' },
      },
    },
    winds: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.1", import: ["@composeDirective"])
          @link(url: "https://directives.example/measured/v1.0", import: ["@measured"])
          @composeDirective(name: "@measured")

        directive @measured(detail: Detail! = COARSE) on FIELD

        enum Detail {
          COARSE
          FINE
        }

        type Query {
          wind: String
        }
      `,
      resolvers: {
        Query: { wind: () => 'calm' },
      },
    },
  },
  cases: [
    {
      name: 'the default serves for both subgraphs',
      query: /* GraphQL */ `
        {
          tide @measured
          wind @measured
        }
      `,
      data: { tide: 'rising', wind: 'calm' },
      errors: false,
    },
  ],
};
