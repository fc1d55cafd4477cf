// Starts `chatty router` for a supergraph on a free port of this machine and ends it by its id; composes with `chatty`.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const BINARY = process.env.CHATTY ?? path.resolve(import.meta.dirname, '../../target/debug/chatty');

/** A router that is ready: `url` of its GraphQL endpoint, the `file` with its supergraph, `stop()`. */
export async function startRouter(supergraph, settings = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chatty-conformance-'));
  const file = path.join(folder, 'supergraph.graphql');
  await writeFile(file, supergraph);
  const child = spawn(BINARY, ['router', '--supergraph', file, '--listen', '127.0.0.1:0'], {
    cwd: folder,
    env: { PATH: process.env.PATH, CHATTY_LOG: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const exit = new Promise((resolve) => child.once('exit', resolve));
  const url = new Promise((resolve, reject) => {
    const listen = (chunk) => {
      said += chunk;
      const found = /http:\/\/\S+\/graphql/.exec(said);
      if (found) resolve(found[0]);
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.once('error', reject);
    exit.then(() => reject(new Error(`the router ended before it was ready:\n${said}`)));
  });
  const stop = async () => {
    child.kill('SIGTERM');
    // A second signal skips the pause for balancers.
    child.kill('SIGTERM');
    await exit;
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { url: await url, file, pid: child.pid, stop, said: () => said };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** POSTs an operation and answers the JSON of the response. */
export async function ask(url, body, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return response.json();
}

/** The supergraph that `chatty schema compose` makes of `[{ name, text, url }]`; throws what it says where it cannot. */
export async function compose(subgraphs) {
  const folder = await mkdtemp(path.join(tmpdir(), 'chatty-compose-'));
  try {
    const sources = subgraphs.map(async ({ name, text, url }) => {
      await writeFile(path.join(folder, `${name}.graphql`), text);
      return `${name}=${name}.graphql@${url}`;
    });
    const options = { cwd: folder, env: { PATH: process.env.PATH }, maxBuffer: 16 * 1024 * 1024 };
    const { stdout } = await promisify(execFile)(BINARY, ['schema', 'compose', ...(await Promise.all(sources))], options);
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
