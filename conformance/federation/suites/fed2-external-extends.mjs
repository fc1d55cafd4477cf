// Shows a Federation 2 type that is extended with `@extends` and borrows external fields.
import { shipSuite } from './shared/ships.mjs';

export default shipSuite({
  harbour: /* GraphQL */ `
    extend schema
      @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@external", "@extends", "@provides"])

    type Query {
      shipAtPier: Ship
      announcedShip: Ship @provides(fields: "name")
    }

    type Ship @key(fields: "imo") @extends {
      imo: ID! @external
      name: String! @external
      berth: ID
    }
  `,
  registry: /* GraphQL */ `
    extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

    type Query {
      ship(imo: ID): Ship
    }

    type Ship @key(fields: "imo") {
      imo: ID!
      name: String! @shareable
      flag: String
    }
  `,
});
