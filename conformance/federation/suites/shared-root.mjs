// Shows a root field that several subgraphs share: each gives another part of an object that has no key.
const forecast = {
  id: 'today',
  temperature: { id: 't', degrees: 21, scale: 'Celsius' },
  wind: { id: 'w', speed: 14, from: 'west' },
  sky: { id: 's', cover: 'broken clouds' },
};

/** A subgraph that knows one part of the forecast, of a type of its own. */
function partSubgraph(field, type, fields) {
  const view = { id: forecast.id, [field]: forecast[field] };
  return {
    typeDefs: /* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@shareable"])

      type Query {
        forecast: Forecast! @shareable
        forecasts: [Forecast!]! @shareable
      }

      type Forecast {
        id: ID! @shareable
        ${field}: ${type}!
      }

      type ${type} {
        id: ID!
        ${fields}
      }
    `,
    resolvers: { Query: { forecast: () => view, forecasts: () => [view] } },
  };
}

const selection = /* GraphQL */ `
  {
    id
    temperature {
      id
      degrees
      scale
    }
    sky {
      id
      cover
    }
    wind {
      id
      speed
      from
    }
  }
`;

export default {
  subgraphs: {
    temperature: partSubgraph('temperature', 'Temperature', 'degrees: Int! scale: String!'),
    wind: partSubgraph('wind', 'Wind', 'speed: Int! from: String!'),
    sky: partSubgraph('sky', 'Sky', 'cover: String!'),
  },
  cases: [
    {
      name: 'the parts of a shared root object are asked of every subgraph and merged',
      query: `{ forecast ${selection} }`,
      data: { forecast },
      errors: false,
    },
    {
      name: 'the parts of a shared root list are merged item by item',
      query: `{ forecasts ${selection} }`,
      data: { forecasts: [forecast] },
      errors: false,
    },
  ],
};
