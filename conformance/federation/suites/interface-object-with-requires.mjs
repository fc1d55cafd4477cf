// Shows an `@interfaceObject` whose field requires a field that only the members of the interface have.
const dishes = [
  { id: 'minestrone', title: 'Minestrone', blurb: 'Green and thick', servings: 4 },
  { id: 'ramen', title: 'Ramen', blurb: 'Slurp it', servings: 1 },
];

const dishOf = ({ id }) => dishes.find((dish) => dish.id === id) ?? null;

const cooked = (reference) => {
  const dish = dishOf(reference);
  return dish && { __typename: 'Soup', id: dish.id, title: dish.title, servings: dish.servings };
};

const everything = /* GraphQL */ `{
  menu {
    ... on Soup { servings id title blurb }
    id
    title
  }
}`;

const printed = dishes.map(({ id, title, blurb }) => ({ id, title, blurb }));

export default {
  subgraphs: {
    kitchen: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

        type Query {
          menu: [Dish!]!
        }

        interface Dish @key(fields: "id") {
          id: ID!
          title: String
        }

        type Soup implements Dish @key(fields: "id") {
          id: ID!
          title: String
          servings: Int
        }
      `,
      resolvers: {
        Query: { menu: () => dishes.map(cooked) },
        Dish: { __resolveReference: cooked },
        Soup: { __resolveReference: cooked },
      },
    },
    press: {
      typeDefs: /* GraphQL */ `
        extend schema
          @link(
            url: "https://specs.apollo.dev/federation/v2.3"
            import: ["@key", "@interfaceObject", "@external", "@requires"]
          )

        type Query {
          praised: [Dish]
        }

        type Dish @key(fields: "id") @interfaceObject {
          id: ID!
          title: String @external
          blurb: String @requires(fields: "title")
        }
      `,
      resolvers: {
        Query: { praised: () => dishes.map(({ id }) => ({ id })) },
        Dish: {
          __resolveReference: (reference) => dishOf(reference) && reference,
          blurb(reference) {
            if (!reference.title) throw new Error('the representation lacks the title');
            return dishOf(reference).blurb;
          },
        },
      },
    },
  },
  cases: [
    {
      name: 'an interface object gets what it requires and is asked again',
      query: '{ praised { id title blurb } }',
      data: { praised: printed },
      errors: false,
    },
    {
      name: 'an object of the interface brings what its interface object requires',
      query: '{ menu { id title blurb } }',
      data: { menu: printed },
      errors: false,
    },
    {
      name: 'a condition on a member makes an interface object look its type up',
      query: '{ praised { ... on Soup { servings } } }',
      data: { praised: [{ servings: 4 }, { servings: 1 }] },
      errors: false,
    },
    {
      name: 'a condition on a member holds at once where the type is known',
      query: '{ menu { ... on Soup { servings } } }',
      data: { menu: [{ servings: 4 }, { servings: 1 }] },
      errors: false,
    },
    {
      name: 'a field inside a condition waits for the type and for what it requires',
      query: everything.replace('menu', 'praised'),
      data: { praised: dishes },
      errors: false,
    },
    {
      name: 'a field inside a condition waits for what it requires where the type is known',
      query: everything,
      data: { menu: dishes },
      errors: false,
    },
    {
      name: 'the same operation answers alike when its plan is already there',
      query: everything,
      data: { menu: dishes },
      errors: false,
    },
  ],
};
