// Shows that a condition decides whether a field at the end of a chain of @requires is resolved.
const greenhouse = { id: 'ferns', temperature: 3.5 };
const mustKnowCold = ({ cold }) => {
  if (typeof cold !== 'boolean') throw new Error('the representation lacks cold');
  return cold;
};
const refuse = () => {
  throw new Error('the condition excludes this field');
};

export default {
  subgraphs: {
    air: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          greenhouse: Greenhouse
        }

        type Greenhouse @key(fields: "id") {
          id: ID!
          temperature: Float!
        }
      `,
      resolvers: {
        Query: { greenhouse: () => greenhouse },
        Greenhouse: { __resolveReference: ({ id }) => (id === greenhouse.id ? greenhouse : null) },
      },
    },
    boiler: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Greenhouse @key(fields: "id") {
          id: ID!
          temperature: Float! @external
          cold: Boolean! @requires(fields: "temperature")
        }
      `,
      resolvers: {
        Greenhouse: {
          __resolveReference: (representation) => representation,
          cold({ temperature }) {
            if (temperature === undefined) throw new Error('the representation lacks temperature');
            return temperature < 8;
          },
        },
      },
    },
    controls: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@requires"])

        type Greenhouse @key(fields: "id") {
          id: ID!
          cold: Boolean! @external
          heating: Boolean! @requires(fields: "cold")
          shutters: Boolean! @requires(fields: "cold")
          sprinklers: Boolean! @requires(fields: "cold")
          siren: Boolean! @requires(fields: "cold")
        }
      `,
      resolvers: {
        Greenhouse: {
          __resolveReference: (representation) => representation,
          heating: mustKnowCold,
          shutters: mustKnowCold,
          sprinklers: refuse,
          siren: refuse,
        },
      },
    },
  },
  cases: [
    {
      name: 'a field that is not included is not resolved',
      query: 'query ($wanted: Boolean = false) { greenhouse { temperature sprinklers @include(if: $wanted) } }',
      data: { greenhouse: { temperature: 3.5 } },
      errors: false,
    },
    {
      name: 'a field that is skipped is not resolved',
      query: 'query ($unwanted: Boolean = true) { greenhouse { temperature siren @skip(if: $unwanted) } }',
      data: { greenhouse: { temperature: 3.5 } },
      errors: false,
    },
    {
      name: 'a field that is included gets what it requires',
      query: 'query ($wanted: Boolean = true) { greenhouse { temperature heating @include(if: $wanted) } }',
      data: { greenhouse: { temperature: 3.5, heating: true } },
      errors: false,
    },
    {
      name: 'a field that is not skipped gets what it requires',
      query: 'query ($unwanted: Boolean = false) { greenhouse { temperature shutters @skip(if: $unwanted) } }',
      data: { greenhouse: { temperature: 3.5, shutters: true } },
      errors: false,
    },
  ],
};
