import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { type AnswerRequest, type ApiServer, type SentResponse, startApiServer } from '@weir/apiserver';
import { type KubeClient, namespacesPath, nodesPath, podsPath } from '@weir/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlPlaneClient } from '../../src/control-plane/control-plane-client.ts';
import { InnerTransport } from '../../src/control-plane/inner-transport.ts';
import { labRoles } from '../../src/control-plane/lab-roles.ts';
import { ClusterPki } from '../../src/pki/cluster-pki.ts';

describe('the way of the control plane to its own API server', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weirt-inner-'));
  let server: ApiServer;
  let client: KubeClient;
  beforeAll(async () => {
    const pki = await ClusterPki.open(join(directory, 'pki'), 'test');
    server = await startApiServer({
      dataDirectory: join(directory, 'store'),
      tls: { ...(await pki.serverPair([])), clientCa: pki.authority.certificate },
      listen: [],
      serviceCidrs: ['10.0.0.0/16'],
      nodeSocket: () => undefined,
      version: 'v1.35.2',
      roles: labRoles,
    });
    client = controlPlaneClient(server.answer, 'controllers', 'the server');
  });
  afterAll(async () => {
    await server.close();
    rmSync(directory, { recursive: true, force: true });
  });

  it('needs no socket: objects are made, listed and watched', async () => {
    const first = controlPlaneClient(server.answer, 'bootstrap', 'the server');
    await first.create(namespacesPath, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'one' } });
    const { items, metadata } = await client.list(namespacesPath);
    expect(items.map(({ metadata: { name } }) => name)).toContain('one');
    const leaving = new AbortController();
    const seen: string[] = [];
    for await (const { type, object } of client.watch(namespacesPath, {}, leaving.signal)) {
      seen.push(`${type} ${object.metadata.name ?? ''}`);
      if (seen.length === items.length) leaving.abort();
    }
    expect(seen).toContain('ADDED one');
    expect(Number(metadata.resourceVersion)).toBeGreaterThan(0);
  });

  it('gives a party the rights of its role and no more', async () => {
    const scheduler = controlPlaneClient(server.answer, 'scheduler', 'the server');
    await expect(scheduler.list(podsPath())).resolves.toMatchObject({ items: [] });
    await expect(scheduler.delete(nodesPath, 'x')).rejects.toMatchObject({ name: 'ApiError', code: 403 });
  });

  it('tells of what is not there as the server does', async () => {
    await expect(client.get(nodesPath, 'none')).rejects.toMatchObject({ name: 'ApiError', code: 404, reason: 'NotFound' });
  });

  const asking = (answer: AnswerRequest): InnerTransport => new InnerTransport(answer, 'somebody');
  const request = { method: 'GET', url: '/api/v1/pods?watch=true', headers: {}, timeoutMs: 60_000 };

  it('ends with its caller, which the server is told', async () => {
    const leaving = new AbortController();
    let isTold = false;
    const never: AnswerRequest = ({ signal }) =>
      new Promise<SentResponse>(() => {
        signal.addEventListener('abort', () => (isTold = true));
        leaving.abort(new Error('gone'));
      });
    await expect(asking(never).send({ ...request, signal: leaving.signal }, 1_000)).rejects.toThrow('gone');
    expect(isTold).toBe(true);
  });

  it('waits no longer than it is to, and takes no more than it is to', async () => {
    const never: AnswerRequest = () => new Promise<SentResponse>(() => undefined);
    await expect(asking(never).send({ ...request, timeoutMs: 1 }, 1_000)).rejects.toMatchObject({
      name: 'TransportError',
      code: 'timeout',
    });
    const long: AnswerRequest = () => Promise.resolve({ kind: 'bytes', status: 200, body: 'x'.repeat(1_001), contentType: 'text/plain' });
    await expect(asking(long).send(request, 1_000)).rejects.toMatchObject({ name: 'TransportError', code: 'too-large' });
  });

  it('lets go of what an answer holds that is not taken to its end, or comes too late', async () => {
    const ended: string[] = [];
    const long: AnswerRequest = () => {
      const rest = { return: () => ended.push('list') } as unknown as Extract<SentResponse, { kind: 'pieces' }>['rest'];
      return Promise.resolve({ kind: 'pieces', status: 200, first: Buffer.alloc(1_001), rest, contentType: 'application/json' });
    };
    await expect(asking(long).send(request, 1_000)).rejects.toMatchObject({ code: 'too-large' });
    expect(ended).toEqual(['list']);
    const body = new PassThrough();
    let answerLate: (answer: SentResponse) => void = () => undefined;
    const late: AnswerRequest = () => new Promise((resolve) => (answerLate = resolve));
    await expect(asking(late).stream({ ...request, timeoutMs: 1 })).rejects.toMatchObject({ code: 'timeout' });
    answerLate({ kind: 'stream', status: 200, body, contentType: 'application/json' });
    await expect.poll(() => body.destroyed).toBe(true);
  });

  it('gives its place among the requests back when the answer has been taken', async () => {
    const closed: string[] = [];
    const answer: AnswerRequest = async (incoming) => {
      const { target } = incoming;
      incoming.whenClosed(() => closed.push(target));
      return { kind: 'json', status: target === '/bad' ? 429 : 200, body: { kind: 'Status', code: 429 }, headers: { 'retry-after': '7' } };
    };
    await asking(answer).send({ ...request, url: '/good' }, 1_000);
    await expect(asking(answer).send({ ...request, url: '/bad' }, 1_000)).rejects.toMatchObject({ code: 429, retryAfterSeconds: 7 });
    await expect(asking(answer).stream({ ...request, url: '/no-stream' })).rejects.toMatchObject({ code: 'garbage' });
    expect(closed).toEqual(['/good', '/bad', '/no-stream']);
  });
});
