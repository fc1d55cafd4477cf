// Shows interfaces and unions that seven subgraphs build up together: fields, implementations and members of each.
const curators = [
  { email: 'ada@museum.test', name: 'Ada' },
  { email: 'ben@museum.test', name: 'Ben' },
];
const [ada, ben] = curators;
const paintings = [
  {
    __typename: 'Painting',
    id: 'e1',
    code: 'P-1',
    title: 'Harbour at Dusk',
    curatedBy: ada,
    crate: { kind: 'flat', kilos: 12.5 },
    lender: { __typename: 'Collector', contact: 'collector@art.test' },
  },
  {
    __typename: 'Painting',
    id: 'e3',
    code: 'P-3',
    title: 'Two Pears',
    curatedBy: ben,
    crate: { kind: 'flat', kilos: 4.5 },
    lender: { __typename: 'Gallery', id: 'g1' },
  },
];
const sculptures = [
  {
    __typename: 'Sculpture',
    id: 'e2',
    code: 'S-2',
    title: 'Sleeping Fox',
    curatedBy: ada,
    crate: { kind: 'flat', kilos: 30 },
    lender: { __typename: 'Gallery', id: 'g1' },
  },
  {
    __typename: 'Sculpture',
    id: 'e4',
    code: 'S-4',
    title: 'Bent Wire',
    curatedBy: ben,
    crate: { kind: 'flat', kilos: 2.5 },
    lender: { __typename: 'Collector', contact: 'collector@art.test' },
  },
];
const exhibits = [...paintings, ...sculptures];
const notes = [
  { id: 1, text: 'Look at the lamps.', exhibitId: 'e1' },
  { id: 2, text: 'The frame is newer.', exhibitId: 'e1' },
  { id: 3, text: 'Please do not wake it.', exhibitId: 'e2' },
];
const galleries = [{ id: 'g1', title: 'Gallery One', contact: { phone: '555-0101' } }];

const byId = (list, id) => list.find((item) => item.id === id) ?? null;
const others = (list, id) => list.filter((item) => item.id !== id);

/** The exhibits' types where only their titles are known. */
const titleResolvers = (list) => ({
  __resolveReference({ id }) {
    const exhibit = byId(list, id);
    return exhibit ? { id, title: exhibit.title } : null;
  },
});

const transportResolvers = (list) => ({
  __resolveReference: ({ id, crate }) => (byId(list, id) ? { id, crate } : null),
  transport({ crate }, { city }) {
    // Without the required fields there is no offer.
    if (!city || !crate?.kind || !crate.kilos) return null;
    return crate.kilos < 100 ? { vehicle: 'van', days: 1 } : { vehicle: 'lorry', days: 3 };
  },
});

const noteView = ({ id, text, exhibitId }) => {
  const { __typename } = byId(exhibits, exhibitId);
  return { id, text, exhibit: { __typename, id: exhibitId } };
};
const notesOn = (id) => notes.filter((note) => note.exhibitId === id).map(noteView);
const noteResolvers = {
  __resolveReference: ({ __typename, id, related }) => (byId(exhibits, id) ? { __typename, id, related } : null),
  notes: ({ id }) => notesOn(id),
  noteCount: ({ id }) => notesOn(id).length,
  notesOnRelated: ({ related }) => related.flatMap(({ id }) => notesOn(id)),
};

const catalogView = ({ title, ...known }) => known;
const catalogResolvers = (list) => ({
  __resolveReference({ id }) {
    const exhibit = byId(list, id);
    return exhibit ? catalogView(exhibit) : null;
  },
  related: ({ id }) => others(list, id).map(catalogView),
  curatedBy: ({ curatedBy }) => ({ email: curatedBy.email }),
});

const curatorOf = ({ email }) => curators.find((curator) => curator.email === email) ?? null;
const curatedCount = ({ email }) => exhibits.filter((exhibit) => exhibit.curatedBy.email === email).length;

const subgraphs = {
  lenders: {
    typeDefs: /* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

      type Gallery @key(fields: "id") {
        id: ID!
        title: String
        contact: Contact
      }

      type Contact {
        phone: String
      }

      type Foundation @key(fields: "id") {
        id: ID!
        title: String
        contact: String
      }

      extend union Lender = Gallery | Foundation
    `,
    resolvers: {
      Gallery: { __resolveReference: ({ id }) => byId(galleries, id) },
      Foundation: { __resolveReference: ({ id }) => ({ id, title: `Foundation ${id}`, contact: 'by letter' }) },
    },
  },
  transport: {
    typeDefs: /* GraphQL */ `
      extend schema
        @link(
          url: "https://specs.apollo.dev/federation/v2.3"
          import: ["@key", "@shareable", "@external", "@requires"]
        )

      interface Exhibit {
        id: ID!
        crate: Crate
        transport(city: String): Transport
      }

      type Painting implements Exhibit @key(fields: "id") {
        id: ID!
        crate: Crate @external
        transport(city: String): Transport @requires(fields: "crate { kind kilos }")
      }

      type Sculpture implements Exhibit @key(fields: "id") {
        id: ID!
        crate: Crate @external
        transport(city: String): Transport @requires(fields: "crate { kind kilos }")
      }

      type Crate @shareable {
        kind: String
        kilos: Float
      }

      type Transport {
        vehicle: String
        days: Int
      }
    `,
    resolvers: { Painting: transportResolvers(paintings), Sculpture: transportResolvers(sculptures) },
  },
  paintings: {
    typeDefs: /* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

      type Query {
        paintings: [Painting]
      }

      type Painting @key(fields: "id") {
        id: ID!
        title: String
      }
    `,
    resolvers: { Query: { paintings: () => paintings }, Painting: titleResolvers(paintings) },
  },
  // A subgraph of Federation 1 among those of Federation 2.
  curators: {
    typeDefs: /* GraphQL */ `
      type Curator @key(fields: "email") {
        email: ID!
        name: String
        curatedCount: Int
      }
    `,
    resolvers: { Curator: { __resolveReference: curatorOf, curatedCount } },
  },
  notes: {
    typeDefs: /* GraphQL */ `
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@requires", "@external"])

      type Query {
        note(id: Int!): Note
      }

      interface Exhibit {
        id: ID!
        noteCount: Int!
        notes: [Note!]!
      }

      interface Grouped {
        related: [Exhibit]
      }

      type Painting implements Exhibit & Grouped @key(fields: "id") {
        id: ID!
        noteCount: Int!
        notes: [Note!]!
        related: [Painting] @external
        notesOnRelated: [Note!]! @requires(fields: "related { id }")
      }

      type Sculpture implements Exhibit & Grouped @key(fields: "id") {
        id: ID!
        noteCount: Int!
        notes: [Note!]!
        related: [Sculpture] @external
        notesOnRelated: [Note!]! @requires(fields: "related { id }")
      }

      type Note {
        id: Int!
        text: String!
        exhibit: Exhibit
      }
    `,
    resolvers: {
      Query: {
        note(_, { id }) {
          const note = byId(notes, id);
          return note && noteView(note);
        },
      },
      Painting: noteResolvers,
      Sculpture: noteResolvers,
    },
  },
  catalog: {
    typeDefs: /* GraphQL */ `
      extend schema
        @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable", "@inaccessible"])

      type Query {
        exhibits: [Exhibit]
        related(id: ID!): [Exhibit]
      }

      interface Exhibit {
        id: ID!
        code: String
        crate: Crate
        curatedBy: Curator
        insured: Boolean @inaccessible
      }

      interface Grouped {
        related: [Exhibit]
      }

      type Crate @shareable {
        kind: String
        kilos: Float
      }

      type Painting implements Exhibit & Grouped @key(fields: "id") {
        id: ID!
        code: String
        crate: Crate @shareable
        curatedBy: Curator
        related: [Painting]
        insured: Boolean
        lender: Lender
      }

      type Sculpture implements Exhibit & Grouped @key(fields: "id") {
        id: ID!
        code: String
        crate: Crate @shareable
        curatedBy: Curator
        related: [Sculpture]
        insured: Boolean
        lender: Lender
      }

      union Lender = Gallery | Collector

      type Gallery {
        id: ID! @shareable
      }

      type Collector {
        contact: String
      }

      type Curator @key(fields: "email") {
        email: ID!
        curatedCount: Int @shareable
      }
    `,
    resolvers: {
      Query: {
        exhibits: () => exhibits.map(catalogView),
        related(_, { id }) {
          const exhibit = byId(exhibits, id);
          const sameType = exhibits.filter(({ __typename }) => __typename === exhibit?.__typename);
          return others(sameType, id).map(catalogView);
        },
      },
      Painting: catalogResolvers(paintings),
      Sculpture: catalogResolvers(sculptures),
      Curator: {
        __resolveReference(reference) {
          const curator = curatorOf(reference);
          return curator && { email: curator.email };
        },
        curatedCount,
      },
    },
  },
  sculptures: {
    typeDefs: /* GraphQL */ `
      extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key"])

      type Query {
        sculptures: [Sculpture]
      }

      type Sculpture @key(fields: "id") {
        id: ID!
        title: String
      }
    `,
    resolvers: { Query: { sculptures: () => sculptures }, Sculpture: titleResolvers(sculptures) },
  },
};

/** What is expected of `exhibits { id notes { exhibit … } }`: the painting e1 has two notes, the sculpture e2 one. */
const notedExhibits = ({ painting, sculpture }) => ({
  exhibits: [
    { id: 'e1', notes: [{ exhibit: painting }, { exhibit: painting }] },
    { id: 'e3', notes: [] },
    { id: 'e2', notes: [{ exhibit: sculpture }] },
    { id: 'e4', notes: [] },
  ],
});

/** A case with fragments on Painting that depend on `$flag`; `painting` is what they are to give. */
const conditionalCase = (name, { flag, fragments, painting }) => ({
  name,
  query: /* GraphQL */ `
    query ($flag: Boolean = ${flag}) {
      exhibits {
        id
        notes {
          exhibit {
            id
            ${fragments}
            ... on Sculpture {
              code
            }
          }
        }
      }
    }
  `,
  data: notedExhibits({ painting: { id: 'e1', ...painting }, sculpture: { id: 'e2', code: 'S-2' } }),
  errors: false,
});

/** A case with one named fragment on the union, reached in both types of an interface of another subgraph. */
const lenderCase = (name, { members, collector, gallery }) => ({
  name,
  query: /* GraphQL */ `
    {
      exhibits {
        id
        notes {
          exhibit {
            id
            ... on Sculpture {
              lender {
                ...Lending
              }
            }
            ... on Painting {
              lender {
                ...Lending
              }
            }
          }
        }
      }
    }

    fragment Lending on Lender {
      ${members}
    }
  `,
  data: notedExhibits({
    painting: { id: 'e1', lender: collector },
    sculpture: { id: 'e2', lender: gallery },
  }),
  errors: false,
});

const cases = [
  {
    name: 'an interface field that one subgraph gives for every type needs no other subgraph',
    query: /* GraphQL */ `
      {
        exhibits {
          id
          crate {
            kind
            kilos
          }
        }
      }
    `,
    data: {
      exhibits: [
        { id: 'e1', crate: { kind: 'flat', kilos: 12.5 } },
        { id: 'e3', crate: { kind: 'flat', kilos: 4.5 } },
        { id: 'e2', crate: { kind: 'flat', kilos: 30 } },
        { id: 'e4', crate: { kind: 'flat', kilos: 2.5 } },
      ],
    },
    errors: false,
  },
  {
    name: 'a root field with an argument gives a list of the interface',
    query: /* GraphQL */ `
      {
        related(id: "e1") {
          id
          code
        }
      }
    `,
    data: { related: [{ id: 'e3', code: 'P-3' }] },
    errors: false,
  },
  {
    name: 'an interface field of another subgraph brings what each type requires, under two aliases',
    query: /* GraphQL */ `
      {
        painting: related(id: "e1") {
          id
          code
          transport(city: "Oslo") {
            vehicle
            days
          }
        }
        sculpture: related(id: "e2") {
          id
          code
          transport(city: "Oslo") {
            vehicle
            days
          }
        }
      }
    `,
    data: {
      painting: [{ id: 'e3', code: 'P-3', transport: { vehicle: 'van', days: 1 } }],
      sculpture: [{ id: 'e4', code: 'S-4', transport: { vehicle: 'van', days: 1 } }],
    },
    errors: false,
  },
  {
    name: 'the same field in overlapping fragments is one field, and another interface gives the type’s name',
    query: /* GraphQL */ `
      {
        exhibits {
          code
          ... on Exhibit {
            code
          }
          ... on Painting {
            code
          }
          ... on Sculpture {
            code
          }
          ... on Grouped {
            __typename
            kind: __typename
          }
        }
      }
    `,
    data: {
      exhibits: [
        { code: 'P-1', __typename: 'Painting', kind: 'Painting' },
        { code: 'P-3', __typename: 'Painting', kind: 'Painting' },
        { code: 'S-2', __typename: 'Sculpture', kind: 'Sculpture' },
        { code: 'S-4', __typename: 'Sculpture', kind: 'Sculpture' },
      ],
    },
    errors: false,
  },
  {
    name: 'an aliased entity in every object, and a field of another subgraph in those of one type',
    query: /* GraphQL */ `
      {
        exhibits {
          keeper: curatedBy {
            email
            curatedCount
          }
          ... on Sculpture {
            title
          }
        }
      }
    `,
    data: {
      exhibits: [
        { keeper: { email: 'ada@museum.test', curatedCount: 2 } },
        { keeper: { email: 'ben@museum.test', curatedCount: 2 } },
        { keeper: { email: 'ada@museum.test', curatedCount: 2 }, title: 'Sleeping Fox' },
        { keeper: { email: 'ben@museum.test', curatedCount: 2 }, title: 'Bent Wire' },
      ],
    },
    errors: false,
  },
  {
    name: 'an interface reached through a list continues into three subgraphs, by type',
    query: /* GraphQL */ `
      {
        exhibits {
          id
          notes {
            exhibit {
              code
              ... on Sculpture {
                title
              }
              ... on Painting {
                noteCount
              }
            }
          }
        }
      }
    `,
    data: notedExhibits({
      painting: { code: 'P-1', noteCount: 2 },
      sculpture: { code: 'S-2', title: 'Sleeping Fox' },
    }),
    errors: false,
  },
  {
    name: 'an interface field that only another subgraph’s interface has is fetched for every type',
    query: /* GraphQL */ `
      {
        exhibits {
          id
          notes {
            id
          }
        }
      }
    `,
    data: {
      exhibits: [
        { id: 'e1', notes: [{ id: 1 }, { id: 2 }] },
        { id: 'e3', notes: [] },
        { id: 'e2', notes: [{ id: 3 }] },
        { id: 'e4', notes: [] },
      ],
    },
    errors: false,
  },
  conditionalCase('a fragment that is included', {
    flag: true,
    fragments: '... on Painting @include(if: $flag) { title }',
    painting: { title: 'Harbour at Dusk' },
  }),
  conditionalCase('a fragment that is not included', {
    flag: false,
    fragments: '... on Painting @include(if: $flag) { title }',
    painting: {},
  }),
  conditionalCase('a fragment that is not skipped', {
    flag: false,
    fragments: '... on Painting @skip(if: $flag) { title }',
    painting: { title: 'Harbour at Dusk' },
  }),
  conditionalCase('a fragment that is skipped', {
    flag: true,
    fragments: '... on Painting @skip(if: $flag) { title }',
    painting: {},
  }),
  conditionalCase('a fragment that is skipped beside one of the same type that always counts', {
    flag: true,
    fragments: '... on Painting @skip(if: $flag) { title } ... on Painting { code }',
    painting: { code: 'P-1' },
  }),
  conditionalCase('a fragment that is not skipped beside one of the same type that always counts', {
    flag: false,
    fragments: '... on Painting @skip(if: $flag) { title } ... on Painting { code }',
    painting: { title: 'Harbour at Dusk', code: 'P-1' },
  }),
  conditionalCase('a fragment inside one that is included', {
    flag: true,
    fragments: '... on Painting @include(if: $flag) { title ... on Painting { code } }',
    painting: { title: 'Harbour at Dusk', code: 'P-1' },
  }),
  conditionalCase('a fragment that is skipped by the flag that includes the one around it', {
    flag: true,
    fragments: '... on Painting @include(if: $flag) { title ... on Painting @skip(if: $flag) { code } }',
    painting: { title: 'Harbour at Dusk' },
  }),
  lenderCase('a member of a union continues in another subgraph, another member stays', {
    members: '... on Gallery { id title } ... on Collector { contact }',
    collector: { contact: 'collector@art.test' },
    gallery: { id: 'g1', title: 'Gallery One' },
  }),
  lenderCase('a member that the field’s own subgraph does not know is never sent to it', {
    members: '... on Gallery { id title } ... on Collector { contact } ... on Foundation { title }',
    collector: { contact: 'collector@art.test' },
    gallery: { id: 'g1', title: 'Gallery One' },
  }),
  lenderCase('members whose field has the same name and another type are told apart by aliases', {
    members: `
      ... on Gallery { details: contact { phone } }
      ... on Collector { text: contact }
      ... on Foundation { text: contact }
    `,
    collector: { text: 'collector@art.test' },
    gallery: { details: { phone: '555-0101' } },
  }),
];

export default { subgraphs, cases };
