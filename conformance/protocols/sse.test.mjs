// graphql-sse in distinct-connections mode: the client of npm's graphql-sse, and bare requests.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createClient } from 'graphql-sse';
import { startRouter } from '../lib/router.mjs';
import { serveSubgraph } from './subgraph.mjs';

let subgraph, router;
before(async () => {
  subgraph = await serveSubgraph();
  router = await startRouter(subgraph.supergraph);
});
after(async () => {
  await router?.stop();
  await subgraph?.stop();
});

describe('the client of graphql-sse', { timeout: 60_000 }, () => {
  const client = (options = {}) => createClient({ url: () => router.url, retryAttempts: 0, ...options });
  const all = async (payload, options) => {
    const results = [];
    for await (const result of client(options).iterate(payload)) results.push(result);
    return results;
  };

  it('runs a query with variables', async () => {
    const payload = { query: 'query Q($n: String) { hello(name: $n) }', operationName: 'Q', variables: { n: 'Ada\n' } };
    assert.deepEqual(await all(payload), [{ data: { hello: 'hello Ada\n' } }]);
  });

  it('runs a mutation', async () => {
    const before = subgraph.bumps();
    assert.deepEqual(await all({ query: 'mutation { bump }' }), [{ data: { bump: before + 1 } }]);
  });

  it('hears all events of a subscription and its end', async () => {
    const events = await all({ query: 'subscription { count(to: 50) }' });
    assert.deepEqual(events, Array.from({ length: 50 }, (_, at) => ({ data: { count: at + 1 } })));
  });

  it('sends headers of its own', async () => {
    const headers = { authorization: 'Bearer nobody looks at it here' };
    assert.deepEqual(await all({ query: '{ hello }' }, { headers }), [{ data: { hello: 'hello world' } }]);
  });

  it('is told what is wrong with a document by an event', async () => {
    for (const [query, code] of [
      ['{ hello', 'GRAPHQL_PARSE_FAILED'],
      ['{ nonsense }', 'GRAPHQL_VALIDATION_FAILED'],
      ['query($n: String!) { hello(name: $n) }', 'BAD_USER_INPUT'],
    ]) {
      const [{ data, errors }, ...more] = await all({ query });
      assert.deepEqual([data, errors[0].extensions.code, more], [undefined, code, []]);
    }
    const [{ data, errors }] = await all({ query: '{ failing }' });
    assert.deepEqual([data, errors[0].path], [{ failing: null }, ['failing']]);
  });

  it('takes the source along when it ends a subscription', async () => {
    const events = client().iterate({ query: 'subscription { quiet }' });
    assert.deepEqual((await events.next()).value, { data: { quiet: 1 } });
    await subgraph.settled(1);
    await events.return();
    await subgraph.settled(0);
  });

  it('takes all sources along when it is disposed of', async () => {
    const made = client();
    const streams = [1, 2, 3].map(() => made.iterate({ query: 'subscription { quiet }' }));
    await Promise.all(streams.map((events) => events.next()));
    await subgraph.settled(3);
    made.dispose();
    await subgraph.settled(0);
  });

  it('connects again when the router stops', async () => {
    const [old, fresh] = [await startRouter(subgraph.supergraph), await startRouter(subgraph.supergraph)];
    let url = old.url;
    const events = client({ url: () => url, retryAttempts: 3, retry: () => Promise.resolve() }).iterate({
      query: 'subscription { quiet }',
    });
    await events.next();
    url = fresh.url;
    const stopped = old.stop();
    assert.deepEqual((await events.next()).value, { data: { quiet: 1 } }, 'from the other router');
    await events.return();
    await Promise.all([stopped, fresh.stop()]);
  });
});

describe('bare requests', { timeout: 60_000 }, () => {
  const accept = 'text/event-stream';
  const post = (body, headers = {}) =>
    fetch(router.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  const get = (query, headers = {}) =>
    fetch(`${router.url}?query=${encodeURIComponent(query)}`, { headers: { accept, ...headers } });
  const NEXT = ':\n\nevent: next\ndata: {"data":{"hello":"hello world"}}\n\nevent: complete\ndata:\n\n';

  it('are answered by events to the letter', async () => {
    for (const response of [await post({ query: '{ hello }' }), await get('{ hello }')]) {
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8');
      assert.equal(response.headers.get('cache-control'), 'no-store');
      assert.equal(response.headers.get('x-content-type-options'), 'nosniff');
      assert.equal(await response.text(), NEXT);
    }
  });

  it('subscribe by GET, as an EventSource does', async () => {
    const text = await (await get('subscription { count(to: 2) }')).text();
    const data = text.split('\n').filter((line) => line.startsWith('data: {'));
    assert.deepEqual(data, ['data: {"data":{"count":1}}', 'data: {"data":{"count":2}}']);
  });

  it('are refused by a status before there is a stream', async () => {
    const cases = [
      [await post('{'), 400],
      [await post({ nothing: 1 }), 400],
      [await post({ query: '{ hello }' }, { 'content-type': 'text/plain' }), 415],
      [await post(' '.repeat(1024 * 1024 + 1)), 413],
      [await get('mutation { bump }'), 405],
      [await get('{ hello }', { origin: 'https://evil.example' }), 403],
      // The other mode, with a single connection.
      [await fetch(router.url, { method: 'PUT', headers: { accept } }), 405],
      [await fetch(`${router.url}?operationId=1`, { method: 'DELETE', headers: { accept } }), 405],
    ];
    for (const [response, status] of cases) {
      assert.equal(response.status, status);
      assert.doesNotMatch(response.headers.get('content-type') ?? '', /event-stream/);
    }
  });

  it('that take JSON as well are answered by events for subscriptions only', async () => {
    const either = { accept: 'application/graphql-response+json, application/json, text/event-stream' };
    const query = await post({ query: '{ hello }' }, either);
    assert.match(query.headers.get('content-type'), /^application\/graphql-response\+json/);
    const subscription = await post({ query: 'subscription { count(to: 1) }' }, either);
    assert.match(subscription.headers.get('content-type'), /^text\/event-stream/);
    await subscription.text();
  });

  it('that take only JSON are told how to subscribe', async () => {
    const response = await post({ query: 'subscription { quiet }' }, { accept: 'application/json' });
    const { errors } = await response.json();
    assert.match(errors[0].message, /graphql-transport-ws.*text\/event-stream/);
  });
});
