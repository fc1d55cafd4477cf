// Serves a suite's subgraphs on a free port of this machine and composes their supergraph by the reference
// implementation, which is an oracle here and no part of what ships.
import { createServer } from 'node:http';
import { composeServices } from '@apollo/composition';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';

/** `{ supergraph, services, stop() }`: each subgraph answers at the URL that the supergraph names. */
export async function serveSubgraphs(subgraphs) {
  const handlers = new Map();
  const server = createServer((request, response) => {
    const handler = handlers.get(request.url.split('?')[0]);
    if (handler) handler(request, response);
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const services = Object.entries(subgraphs).map(([name, { typeDefs, resolvers }]) => {
    const document = parse(typeDefs);
    const schema = buildSubgraphSchema({ typeDefs: document, resolvers });
    handlers.set(`/${name}`, createHandler({ schema }));
    return { name, text: typeDefs, typeDefs: document, url: `http://127.0.0.1:${server.address().port}/${name}` };
  });
  const stop = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(resolve);
    });
  const { supergraphSdl, errors } = composeServices(services);
  if (errors) {
    await stop();
    throw new Error(`the subgraphs do not compose: ${errors.map((error) => error.message).join('; ')}`);
  }
  return { supergraph: supergraphSdl, services, stop };
}
