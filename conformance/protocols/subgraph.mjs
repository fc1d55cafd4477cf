// A subgraph with an operation of each kind, its supergraph, and what a test wants to know of its streams.
import { createServer } from 'node:http';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createHandler as answers } from 'graphql-http/lib/use/http';
import { createHandler as events } from 'graphql-sse/lib/use/http';

const typeDefs = parse(`
  type Query { hello(name: String = "world"): String! failing: String }
  type Mutation { bump: Int! }
  type Subscription {
    "1 to \`to\`, then the end."
    count(to: Int!): Int!
    "One event, then silence."
    quiet: Int!
  }
`);

/** `{ supergraph, open(), settled(count), stop() }`: `open()` counts the streams of `quiet` that are open. */
export async function serveSubgraph() {
  let bumps = 0;
  let open = 0;
  let looking = [];
  const change = (by) => {
    open += by;
    looking = looking.filter((look) => !look());
  };
  const quiet = () => {
    let said = false;
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    change(1);
    return {
      next() {
        if (said) return ended;
        said = true;
        return Promise.resolve({ done: false, value: { quiet: 1 } });
      },
      return() {
        end({ done: true, value: undefined });
        change(-1);
        return Promise.resolve({ done: true, value: undefined });
      },
      [Symbol.asyncIterator]() {
        return this;
      },
    };
  };
  const schema = buildSubgraphSchema({
    typeDefs,
    resolvers: {
      Query: {
        hello: (_, { name }) => `hello ${name}`,
        failing() {
          throw new Error('it failed');
        },
      },
      Mutation: { bump: () => ++bumps },
      Subscription: {
        count: {
          async *subscribe(_, { to }) {
            for (let count = 1; count <= to; count++) yield { count };
          },
        },
        quiet: { subscribe: quiet },
      },
    },
  });
  const [answer, stream] = [answers({ schema }), events({ schema })];
  const server = createServer((request, response) => {
    const handle = request.headers.accept === 'text/event-stream' ? stream : answer;
    // A router that ends a stream while it is being written breaks the writing.
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const { supergraphSdl, errors } = composeServices([{ name: 'demo', typeDefs, url }]);
  if (errors) throw new Error(errors.map((error) => error.message).join('; '));
  return {
    supergraph: supergraphSdl,
    bumps: () => bumps,
    open: () => open,
    /** Until `count` streams are open. */
    settled: (count) =>
      new Promise((resolve) => {
        const look = () => open === count && (resolve(), true);
        if (!look()) looking.push(look);
      }),
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}
