/**
 * A server that is killed in the middle of writes, again and again (`WEIR_KILLS`, 5 unless set), with writers and a
 * watch on it: what it has answered and told is there when it starts again.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defined } from '@weir/net';
import { bundleProgram } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadStoreSnapshot, saveStoreSnapshot } from '../../src/storage/store-snapshot.ts';
import type { Answer, WatchedEvent } from '../support/answer.ts';
import { type KeyPair, TestCa } from '../support/certificates.ts';
import { KnownWrites } from '../support/known-writes.ts';
import { configMap } from '../support/objects.ts';
import { TestWatch } from '../support/test-server.ts';

const kills = Number(process.env['WEIR_KILLS'] ?? 5);
const maps = '/api/v1/namespaces/default/configmaps';
const lanes = 16;

let directory: string;
let program: string;
let ca: TestCa;
let admin: KeyPair;
let child: ChildProcess | undefined;
let agent: https.Agent;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'weirt-kills-'));
  program = await bundleProgram(join(import.meta.dirname, '../support/server-process.ts'), directory);
  ca = new TestCa(directory);
  ca.issueServer();
  admin = ca.issueClient('admin');
  agent = new https.Agent({ keepAlive: true, ca: ca.certificate, cert: admin.certificate, key: admin.key });
});
afterAll(async () => {
  child?.kill('SIGKILL');
  agent.destroy();
  await rm(directory, { recursive: true, force: true });
});

/** Starts the server; gives its URL. */
function start(): Promise<string> {
  const started = spawn(process.execPath, [program, directory], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  child = started;
  return new Promise((resolve, reject) => {
    started.once('message', (url: string) => resolve(url));
    started.once('exit', (code, signal) => reject(new Error(`the server ended with ${signal ?? String(code)}`)));
  });
}

function request(url: string, method: string, body?: unknown): Promise<{ readonly status: number; readonly json: Answer }> {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { method, agent, headers: body === undefined ? {} : { 'content-type': 'application/json' } });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, json: JSON.parse(Buffer.concat(chunks).toString()) as Answer }));
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function watch(url: string): Promise<TestWatch> {
  return new Promise((resolve, reject) => {
    const sent = https.request(url, { ca: ca.certificate, cert: admin.certificate, key: admin.key, agent: false });
    sent.on('error', reject);
    sent.on('response', (response) => resolve(new TestWatch(response, () => sent.destroy())));
    sent.end();
  });
}

/** Creates, changes and removes its own objects until the connection breaks. */
async function write(url: string, lane: number, known: KnownWrites): Promise<void> {
  for (let i = 0; ; i++) {
    const name = `l${lane}-${i % 5}`;
    const isThere = known.has(name);
    const text = isThere && i % 3 === 0 ? undefined : `${lane} ${i} ${'x'.repeat((i % 7) * 700)}`;
    known.ask(name, text);
    const method = text === undefined ? 'DELETE' : isThere ? 'PUT' : 'POST';
    const { status, json } = await request(
      isThere ? `${url}${maps}/${name}` : `${url}${maps}`,
      method,
      text === undefined ? undefined : configMap(name, { text }),
    );
    if (status >= 300) throw new Error(`${method} ${name} was answered with ${status}: ${json.message}`);
    // The answer to a removal does not say its revision.
    known.acknowledge(name, text === undefined ? known.newest : Number(json.metadata.resourceVersion));
  }
}

/** Everything that a watch tells until it breaks. */
async function follow(stream: TestWatch): Promise<readonly WatchedEvent[]> {
  const events: WatchedEvent[] = [];
  for (let event = await stream.next(); event !== undefined; event = await stream.next()) events.push(event);
  return events;
}

/** Writes until `writes` more are acknowledged, and kills the server then; gives what the watch has told. */
async function writeUntilKilled(url: string, known: KnownWrites, writes: number): Promise<readonly WatchedEvent[]> {
  const server = defined(child, 'the server runs');
  const told = follow(await watch(`${url}${maps}?watch=true&resourceVersion=0`));
  const end = known.acknowledged + writes;
  const ended = Promise.allSettled(Array.from({ length: lanes }, (_, lane) => write(url, lane, known)));
  while (known.acknowledged < end) await new Promise((resolve) => setImmediate(resolve));
  await takeSnapshot(known.newest);
  server.kill('SIGKILL');
  const broken = (await ended).map((result) => (result.status === 'rejected' ? String(result.reason) : 'ended'));
  expect(broken.filter((reason) => /was answered with/.test(reason))).toEqual([]);
  return told;
}

/** A snapshot beside the writers is one moment that has all that was answered: nothing in it is newer than it says. */
async function takeSnapshot(newest: number): Promise<void> {
  const file = join(directory, 'snapshot');
  const { revision, objects } = await saveStoreSnapshot(join(directory, 'data'), file);
  expect(revision).toBeGreaterThanOrEqual(newest);
  await rm(join(directory, 'copy'), { recursive: true, force: true });
  expect(await loadStoreSnapshot(join(directory, 'copy'), file)).toMatchObject({ objects, revision: revision + 1 });
}

/** What has been told of an object that is not, or not any more, as it is told. */
function forgotten(told: readonly WatchedEvent[], list: Answer): string[] {
  const stored = new Map(list.items.map(({ metadata }) => [metadata.name, Number(metadata.resourceVersion)]));
  const last = new Map(told.map(({ type, object }) => [object.metadata.name, { type, revision: Number(object.metadata.resourceVersion) }]));
  return [...last].flatMap(([name, { type, revision }]) => {
    const present = stored.get(name);
    return present !== undefined && present < revision ? [`${name} is at ${present}; ${type} was told at ${revision}`] : [];
  });
}

describe('a server that is killed in the middle of writes', () => {
  it(`has lost nothing that it answered or told, and counts on, ${kills} times`, { timeout: 60_000 + kills * 20_000 }, async () => {
    const known = new KnownWrites();
    let url = await start();
    let before = 0;
    for (let kill = 0; kill < kills; kill++) {
      const told = await writeUntilKilled(url, known, 1 + ((kill * 37) % 150));
      url = await start();
      const { json: list } = await request(`${url}${maps}`, 'GET');
      const revision = Number(list.metadata.resourceVersion);
      expect(known.contradictions(list), `kill ${kill}`).toEqual([]);
      expect(forgotten(told, list), `kill ${kill}`).toEqual([]);
      const newestTold = Math.max(...told.map(({ object }) => Number(object.metadata.resourceVersion)));
      expect(revision, `kill ${kill}`).toBeGreaterThanOrEqual(Math.max(known.newest, newestTold));
      expect(revision).toBeGreaterThan(before);
      const revisions = list.items.map(({ metadata }) => Number(metadata.resourceVersion));
      expect(new Set(revisions).size).toBe(revisions.length);
      expect(Math.max(...revisions)).toBeLessThanOrEqual(revision);
      // Whoever followed the server before is not left in silence.
      const old = await request(`${url}${maps}?watch=true&resourceVersion=${revision - 1}`, 'GET');
      expect(old.json).toMatchObject({ type: 'ERROR', object: { code: 410 } });
      before = revision;
    }
  });
});
