// Shows a child that is no entity where its missing field lives: it is reached again through its parent.
const songs = [
  { id: 's1', isrc: 'isrc-1', albumId: 'moon' },
  { id: 's2', isrc: 'isrc-2', albumId: 'tide' },
  { id: 's3', isrc: 'isrc-3', albumId: 'moon' },
];
const albums = [
  { id: 'moon', title: 'Moonward' },
  { id: 'tide', title: 'Low Tide' },
];

const songOf = ({ id, isrc }) => songs.find((song) => song.id === id && (isrc ?? song.isrc) === song.isrc) ?? null;
const albumOf = (id) => albums.find((album) => album.id === id) ?? null;
const tracksOf = (albumId) => songs.filter((song) => song.albumId === albumId).length;

const Album = { __resolveReference: ({ id }) => albumOf(id) };
const Song = { __resolveReference: songOf, album: ({ albumId }) => albumOf(albumId) };

export default {
  subgraphs: {
    library: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Query {
          songs: [Song!]!
        }

        type Song @key(fields: "id") @key(fields: "id isrc") {
          id: ID!
          isrc: ID!
          album: Album @shareable
        }

        type Album @key(fields: "id") {
          id: ID!
          title: String! @shareable
        }
      `,
      resolvers: { Query: { songs: () => songs }, Song, Album },
    },
    // A second place for the same fields, which leads no further.
    mirror: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Song @key(fields: "id isrc") {
          id: ID!
          isrc: ID!
          album: Album @shareable
        }

        type Album @key(fields: "id") {
          id: ID!
          title: String! @shareable
        }
      `,
      resolvers: { Song, Album },
    },
    charts: {
      typeDefs: /* GraphQL */ `
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.3", import: ["@key", "@shareable"])

        type Song @key(fields: "id isrc") {
          id: ID!
          isrc: ID!
          album: Album @shareable
        }

        type Album {
          stats: AlbumStats
        }

        type AlbumStats {
          tracks: Int
        }
      `,
      resolvers: {
        Song: {
          __resolveReference: songOf,
          album: ({ albumId }) => ({ stats: { tracks: tracksOf(albumId) } }),
        },
      },
    },
  },
  cases: [
    {
      name: 'a field of a keyless child is fetched through the child’s parent, with a key nobody selected',
      query: /* GraphQL */ `
        {
          songs {
            id
            album {
              id
              stats {
                tracks
              }
            }
          }
        }
      `,
      data: {
        songs: [
          { id: 's1', album: { id: 'moon', stats: { tracks: 2 } } },
          { id: 's2', album: { id: 'tide', stats: { tracks: 1 } } },
          { id: 's3', album: { id: 'moon', stats: { tracks: 2 } } },
        ],
      },
      errors: false,
    },
  ],
};
