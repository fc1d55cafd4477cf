// Shows @requires on an entity that its own subgraph leads back to, and where the planner finds no way.
const WHY = 'of a subgraph entered by key the planner does not find the way to what an entity further down requires';
const film = (id) => ({ id, minutes: 60 + Number(id) });

export default {
  subgraphs: {
    films: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          films: [Film]
        }

        type Film @key(fields: "id") {
          id: ID!
          minutes: Int
        }
      `,
      resolvers: {
        Query: { films: () => [film('1'), film('2')] },
        Film: { __resolveReference: ({ id }) => film(id) },
      },
    },
    cinemas: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Query {
          tonight: [Showing]
        }

        type Film @key(fields: "id") {
          id: ID!
          minutes: Int @external
          seatPrice: Int @requires(fields: "minutes")
          showings: [Showing]
        }

        type Showing {
          hall: String
          film: Film
        }
      `,
      resolvers: {
        Query: { tonight: () => [{ hall: 'red', film: { id: '2' } }] },
        Film: {
          seatPrice({ minutes }) {
            if (minutes === undefined) throw new Error('the minutes are required');
            return minutes * 2;
          },
          showings: ({ id }) => [{ hall: 'blue', film: { id } }],
        },
      },
    },
  },
  cases: [
    {
      name: 'a requirement of the entity that the subgraph is entered by',
      query: '{ films { seatPrice showings { film { id } } } }',
      data: {
        films: [
          { seatPrice: 122, showings: [{ film: { id: '1' } }] },
          { seatPrice: 124, showings: [{ film: { id: '2' } }] },
        ],
      },
      errors: false,
    },
    {
      name: 'on the way back to an entity, where the subgraph was entered at its root',
      query: '{ tonight { film { seatPrice showings { hall film { seatPrice } } } } }',
      data: { tonight: [{ film: { seatPrice: 124, showings: [{ hall: 'blue', film: { seatPrice: 124 } }] } }] },
      errors: false,
    },
    {
      name: 'on the way back what needs no requirement',
      query: '{ films { showings { film { minutes } } } }',
      data: { films: [{ showings: [{ film: { minutes: 61 } }] }, { showings: [{ film: { minutes: 62 } }] }] },
      errors: false,
    },
    {
      name: 'on the way back to an entity, where the subgraph was entered by its key',
      query: '{ films { showings { hall film { seatPrice } } } }',
      gap: WHY,
    },
    {
      name: 'the same beside all that is required',
      query: '{ films { minutes showings { film { id minutes seatPrice } } } }',
      gap: WHY,
    },
  ],
};
