// GraphQL over HTTP: every audit of npm's graphql-http, asked of the built router.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { serverAudits } from 'graphql-http';
import { startRouter } from '../lib/router.mjs';
import { serveSubgraph } from './subgraph.mjs';

describe('GraphQL over HTTP', { timeout: 60_000 }, () => {
  let subgraph, router;
  before(async () => {
    subgraph = await serveSubgraph();
    router = await startRouter(subgraph.supergraph);
  });
  after(async () => {
    await router?.stop();
    await subgraph?.stop();
  });

  const audits = serverAudits({ url: () => router.url });
  // MUST, SHOULD and MAY alike: there is none that the router fails on purpose.
  for (const audit of audits) {
    it(`${audit.id} ${audit.name}`, async () => {
      const result = await audit.fn();
      assert.equal(result.status, 'ok', result.reason);
    });
  }

  it('has all audits', () => assert.equal(audits.length, 61));

  const post = (body, headers = {}) =>
    fetch(router.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  const get = (options) => fetch(`${router.url}?query=%7Bhello%7D`, options);

  // What is refused on purpose although clients somewhere send it.
  for (const [what, ask, status] of [
    ['a batch', () => post([{ query: '{ hello }' }]), 400],
    ['a form', () => post('query=%7Bhello%7D', { 'content-type': 'application/x-www-form-urlencoded' }), 415],
    ['a bare document', () => post('{ hello }', { 'content-type': 'application/graphql' }), 415],
    ['a GET with the type of a form', () => get({ headers: { 'content-type': 'text/plain' } }), 415],
    ['a GET of a foreign page', () => get({ headers: { origin: 'https://evil.example' } }), 403],
    ['HEAD', () => get({ method: 'HEAD' }), 405],
    ['OPTIONS where no origin is configured', () => fetch(router.url, { method: 'OPTIONS' }), 405],
    ['a member twice', () => post('{"query":"{hello}","query":"{hello}"}'), 400],
  ]) {
    it(`refuses ${what} with ${status}`, async () => assert.equal((await ask()).status, status));
  }

  it('tells field errors with 200 and data', async () => {
    const response = await post({ query: '{ failing }' }, { accept: 'application/graphql-response+json' });
    const { data, errors } = await response.json();
    assert.deepEqual([response.status, data, errors.length, errors[0].path], [200, { failing: null }, 1, ['failing']]);
  });

  it('names the media types that there are with 406', async () => {
    const response = await post({ query: '{ hello }' }, { accept: 'text/html' });
    assert.equal(response.status, 406);
    assert.match(await response.text(), /application\/graphql-response\+json/);
  });
});
