// Shows a Federation 1 type that is extended with `extend type` and borrows external fields.
import { shipSuite } from './shared/ships.mjs';

export default shipSuite({
  harbour: /* GraphQL */ `
    type Query {
      shipAtPier: Ship
      announcedShip: Ship @provides(fields: "name")
    }

    extend type Ship @key(fields: "imo") {
      imo: ID! @external
      name: String! @external
      berth: ID
    }
  `,
  registry: /* GraphQL */ `
    type Query {
      ship(imo: ID): Ship
    }

    type Ship @key(fields: "imo") {
      imo: ID!
      name: String!
      flag: String
    }
  `,
});
