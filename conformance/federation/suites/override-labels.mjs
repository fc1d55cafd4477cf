// Shows where a labelled `@override` leaves a field: with its old owner until all requests are to move.
const said = (owner) => {
  const say = () => owner;
  return { Query: { none: say, half: say, all: say, flag: say } };
};

export default {
  subgraphs: {
    monolith: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key"])

        type Query {
          none: String
          half: String
          all: String
          flag: String
        }
      `,
      resolvers: said('monolith'),
    },
    spinoff: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.7", import: ["@key", "@override"])

        type Query {
          none: String @override(from: "monolith", label: "percent(0)")
          half: String @override(from: "monolith", label: "percent(50)")
          all: String @override(from: "monolith", label: "percent(100)")
          flag: String @override(from: "monolith", label: "next-release")
        }
      `,
      resolvers: said('spinoff'),
    },
  },
  cases: [
    {
      name: 'only a share of all requests moves a field',
      query: '{ none half all flag }',
      data: { none: 'monolith', half: 'monolith', all: 'spinoff', flag: 'monolith' },
      errors: false,
    },
  ],
};
