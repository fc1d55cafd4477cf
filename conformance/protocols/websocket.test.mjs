// graphql-transport-ws: the client of npm's graphql-ws, and bare sockets for what no client should do.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { startRouter } from '../lib/router.mjs';
import { serveSubgraph } from './subgraph.mjs';

const PROTOCOL = 'graphql-transport-ws';
const socketUrl = (url) => url.replace(/^http/, 'ws');

let subgraph, router;
before(async () => {
  subgraph = await serveSubgraph();
  router = await startRouter(subgraph.supergraph);
});
after(async () => {
  await router?.stop();
  await subgraph?.stop();
});

describe('the client of graphql-ws', { timeout: 60_000 }, () => {
  const clients = [];
  const client = (options = {}) => {
    const made = createClient({ url: () => socketUrl(router.url), webSocketImpl: WebSocket, retryAttempts: 0, ...options });
    clients.push(made);
    return made;
  };
  after(() => clients.forEach((made) => made.dispose()));

  const all = async (made, payload) => {
    const results = [];
    for await (const result of made.iterate(payload)) results.push(result);
    return results;
  };

  it('runs a query with variables', async () => {
    const payload = { query: 'query Q($n: String) { hello(name: $n) }', operationName: 'Q', variables: { n: 'Ada' } };
    assert.deepEqual(await all(client(), payload), [{ data: { hello: 'hello Ada' } }]);
  });

  it('runs a mutation', async () => {
    const before = subgraph.bumps();
    assert.deepEqual(await all(client(), { query: 'mutation { bump }' }), [{ data: { bump: before + 1 } }]);
  });

  it('hears all events of a subscription and its end', async () => {
    const events = await all(client(), { query: 'subscription { count(to: 3) }' });
    assert.deepEqual(events, [1, 2, 3].map((count) => ({ data: { count } })));
  });

  it('runs several operations at once on one socket', async () => {
    let opened = 0;
    const made = client({ on: { opened: () => opened++ } });
    const ends = [20, 30, 40].map((to) => all(made, { query: `subscription { count(to: ${to}) }` }));
    const [query, ...counts] = await Promise.all([all(made, { query: '{ hello }' }), ...ends]);
    assert.deepEqual(query, [{ data: { hello: 'hello world' } }]);
    assert.deepEqual(counts.map((events) => events.length), [20, 30, 40]);
    assert.equal(opened, 1);
  });

  it('ends a subscription, which ends at its source', async () => {
    const events = client().iterate({ query: 'subscription { quiet }' });
    assert.deepEqual((await events.next()).value, { data: { quiet: 1 } });
    await subgraph.settled(1);
    await events.return();
    await subgraph.settled(0);
  });

  it('takes the source along when it goes', async () => {
    const made = client();
    const events = made.iterate({ query: 'subscription { quiet }' });
    await events.next();
    made.terminate();
    await assert.rejects(events.next());
    await subgraph.settled(0);
  });

  it('is told what is wrong with a document', async () => {
    const made = client();
    for (const [query, code] of [
      ['{ hello', 'GRAPHQL_PARSE_FAILED'],
      ['{ nonsense }', 'GRAPHQL_VALIDATION_FAILED'],
    ]) {
      await assert.rejects(all(made, { query }), ([error]) => error.extensions.code === code);
    }
    const [{ data, errors }] = await all(made, { query: '{ failing }' });
    assert.deepEqual([data, errors[0].path], [{ failing: null }, ['failing']]);
  });

  it('sends what it likes with connection_init and gets its pings answered', async () => {
    let answered;
    const pong = new Promise((resolve) => (answered = resolve));
    const made = client({
      connectionParams: { authorization: 'Bearer nobody looks at it here', other: 1 },
      lazy: false,
      keepAlive: 20,
      on: { pong: (received) => received && answered() },
    });
    await pong;
    assert.deepEqual(await all(made, { query: '{ hello }' }), [{ data: { hello: 'hello world' } }]);
  });

  it('connects again after 1001', async () => {
    const [old, fresh] = [await startRouter(subgraph.supergraph), await startRouter(subgraph.supergraph)];
    let url = old.url;
    const closed = [];
    const made = client({
      url: () => socketUrl(url),
      retryAttempts: 3,
      retryWait: () => Promise.resolve(),
      on: { closed: (event) => closed.push(event.code) },
    });
    const events = made.iterate({ query: 'subscription { quiet }' });
    await events.next();
    url = fresh.url;
    const stopped = old.stop();
    assert.deepEqual((await events.next()).value, { data: { quiet: 1 } }, 'from the other router');
    assert.deepEqual(closed, [1001]);
    await events.return();
    await Promise.all([stopped, fresh.stop()]);
  });
});

/** A bare socket: `say(message)`, `hear()` for the next message and `closed` for `[code, reason]`. */
async function open({ protocols = [PROTOCOL], ...options } = {}) {
  const socket = new WebSocket(socketUrl(router.url), protocols, options);
  const heard = [];
  let wake = () => {};
  socket.on('message', (data) => {
    heard.push(JSON.parse(data));
    wake();
  });
  const closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve([code, String(reason)])));
  await once(socket, 'open');
  const hear = async () => {
    while (heard.length === 0) await new Promise((resolve) => (wake = resolve));
    return heard.shift();
  };
  const say = (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  return { socket, say, hear, closed };
}

async function acknowledged() {
  const opened = await open();
  opened.say({ type: 'connection_init' });
  assert.deepEqual(await opened.hear(), { type: 'connection_ack' });
  return opened;
}

/** The status that a handshake is refused with. */
async function refused(protocols, headers = {}) {
  const socket = new WebSocket(socketUrl(router.url), protocols, { headers });
  const [request, response] = await once(socket, 'unexpected-response');
  request.destroy();
  return response.statusCode;
}

describe('bare sockets', { concurrency: true, timeout: 60_000 }, () => {
  const subscribe = (id, query) => ({ id, type: 'subscribe', payload: { query } });

  it('need the sub-protocol', async () => {
    assert.equal(await refused([]), 400);
    assert.equal(await refused(['graphql-ws']), 400);
    const { socket } = await open({ protocols: ['graphql-ws', PROTOCOL, 'other'] });
    assert.equal(socket.protocol, PROTOCOL);
    socket.terminate();
  });

  it('are not for pages of foreign origins', async () => {
    assert.equal(await refused([PROTOCOL], { origin: 'https://evil.example' }), 403);
    const { socket } = await open({ origin: new URL(router.url).origin });
    socket.terminate();
  });

  it('are closed 4400 for what is no message', async () => {
    for (const text of [
      '',
      'nonsense',
      '[]',
      'null',
      '{}',
      '{"type":"start"}',
      '{"type":"ping","type":"ping"}',
      '{"type":"ping","payload":1}',
      '{"type":"pong","payload":1}',
      '{"type":"complete"}',
      '{"type":"subscribe","id":1,"payload":{"query":"{hello}"}}',
      '{"type":"subscribe","id":"1","payload":{"query":1}}',
      '{"type":"subscribe","id":"1","payload":{"query":"{hello}","variables":[]}}',
      Buffer.from('{"type":"ping"}'),
    ]) {
      const { socket, closed } = await acknowledged();
      socket.send(text);
      const [code, reason] = await closed;
      assert.deepEqual([code, reason !== ''], [4400, true], `${text}`);
    }
  });

  it('are closed 4401 for an operation before the acknowledgement', async () => {
    const { say, closed } = await open();
    say(subscribe('1', '{ hello }'));
    assert.deepEqual(await closed, [4401, 'Unauthorized']);
  });

  it('are closed 4408 when nothing initialises them', async () => {
    const { closed } = await open();
    assert.deepEqual(await closed, [4408, 'Connection initialisation timeout']);
  });

  it('are closed 4409 for an id that is in use', async () => {
    const { say, closed } = await acknowledged();
    say(subscribe('same', 'subscription { quiet }'));
    say(subscribe('same', '{ hello }'));
    assert.deepEqual(await closed, [4409, 'Subscriber for same already exists']);
  });

  it('are closed 4429 for a second initialisation', async () => {
    const { say, closed } = await acknowledged();
    say({ type: 'connection_init' });
    assert.deepEqual(await closed, [4429, 'Too many initialisation requests']);
  });

  it('are closed 1009 for a message over 1 MiB', async () => {
    const { say, closed } = await acknowledged();
    say(`{"type":"ping"}${' '.repeat(1024 * 1024)}`);
    assert.equal((await closed)[0], 1009);
  });

  it('answer pings before the acknowledgement, take pongs and the ends of what is unknown', async () => {
    const { socket, say, hear } = await open();
    say({ type: 'ping', payload: { any: 1 } });
    assert.deepEqual(await hear(), { type: 'pong' });
    say({ type: 'pong' });
    say({ type: 'pong', payload: { any: 1 } });
    say({ type: 'connection_init', payload: {} });
    assert.deepEqual(await hear(), { type: 'connection_ack' });
    say({ type: 'complete', id: 'unknown' });
    say(subscribe('1', '{ hello }'));
    assert.deepEqual(await hear(), { id: '1', type: 'next', payload: { data: { hello: 'hello world' } } });
    assert.deepEqual(await hear(), { id: '1', type: 'complete' });
    say(subscribe('1', '{ nonsense }'));
    const { id, type, payload } = await hear();
    assert.deepEqual([id, type, payload.length], ['1', 'error', 1]);
    say(subscribe('1', '{ hello }'));
    assert.equal((await hear()).type, 'next', 'no complete follows an error, and its id is free');
    socket.terminate();
  });
});
