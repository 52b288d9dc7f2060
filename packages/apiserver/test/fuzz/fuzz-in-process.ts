/** Inputs straight to what answers requests, one after another: as many as the processor can do. */
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { Random } from '@weir/testkit';
import type { SentResponse } from '../../src/index.ts';
import type { IncomingRequest } from '../../src/server/incoming-request.ts';
import { FuzzLog, type FuzzRange, type FuzzReport, faultText, inTime, seedOf } from './fuzz-report.ts';
import { type FuzzedServer, refurnish } from './fuzzed-server.ts';
import type { HostileRequest } from './hostile-requests.ts';
import { hostileRequest, inputText } from './hostile-requests.ts';
import { type JudgedAnswer, problemOf } from './judge-answer.ts';

const users = {
  admin: { username: 'admin', groups: ['system:masters', 'system:authenticated'] },
  reader: { username: 'reader', groups: ['readers', 'system:authenticated'] },
} as const;

/** An input that takes so long is looked at again. */
const suspiciousMs = 1_000;
/** More than this of the processor for one input is a way to stop the server. */
const slowMs = 2_000;
/** What the administrator's inputs have broken is made again after so many. */
const refurnishEvery = 5_000;

/** Runs them. */
export async function fuzzInProcess(fuzzed: FuzzedServer, range: FuzzRange): Promise<FuzzReport> {
  const log = new FuzzLog(range);
  for (let index = range.first; index < range.first + range.count; index += 1) {
    if (index % refurnishEvery === 0) await refurnish(fuzzed);
    const request = hostileRequest(new Random(seedOf(range, index)), fuzzed.server.server.registry.all());
    const begunAt = performance.now();
    const { status, problem: first } = await answerTo(fuzzed, request);
    log.count(status);
    const problem = first !== undefined && first.includes('written') ? await lastingProblem(fuzzed, request) : first;
    if (problem !== undefined) log.find(index, problem, inputText(request));
    else if (performance.now() - begunAt > suspiciousMs && (await processorMs(fuzzed, request)) > slowMs) {
      log.find(index, `it takes more than ${slowMs} ms of the processor`, inputText(request));
    }
  }
  return log.report();
}

/** The server itself writes, too, after definitions of resources have come: what does not happen every time was not the input. */
async function lastingProblem(fuzzed: FuzzedServer, request: HostileRequest): Promise<string | undefined> {
  let problem: string | undefined;
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await setTimeout(20);
    ({ problem } = await answerTo(fuzzed, request));
    if (problem === undefined || !problem.includes('written')) break;
  }
  return problem;
}

/** The clock also counts what other programs do. */
async function processorMs(fuzzed: FuzzedServer, request: HostileRequest): Promise<number> {
  const before = process.cpuUsage();
  await answerTo(fuzzed, request);
  return process.cpuUsage(before).user / 1_000;
}

async function answerTo(fuzzed: FuzzedServer, request: HostileRequest): Promise<{ readonly status: number; readonly problem?: string }> {
  const { server } = fuzzed.server;
  const aborted = new AbortController();
  const closing: (() => void)[] = [];
  const { sender, method, target, body } = request;
  const authorization = fuzzed.authorizationOf(sender);
  const incoming: IncomingRequest = {
    method,
    target,
    headers: { ...request.headers, ...(authorization === undefined ? {} : { authorization }) },
    certified: sender === 'admin' || sender === 'reader' ? users[sender] : undefined,
    sourceAddress: '127.0.0.1',
    signal: aborted.signal,
    readBody: () => Promise.resolve(body),
    whenClosed: (callback) => closing.push(callback),
  };
  const revision = server.revision;
  try {
    const response = await inTime(server.answer(incoming));
    const answer = await judged(response);
    if (answer.isStream) aborted.abort();
    const hasWritten = server.revision !== revision;
    const [fault] = fuzzed.takeFaults();
    const problem = fault === undefined ? problemOf(answer, { sender, method, canary: fuzzed.canary, hasWritten }) : faultText(fault);
    return { status: answer.status, ...(problem === undefined ? {} : { problem }) };
  } catch (error) {
    return { status: 0, problem: faultText(error) };
  } finally {
    for (const callback of closing) callback();
  }
}

/** The answer as it would go over the wire, a stream with its first piece. */
async function judged(response: SentResponse): Promise<JudgedAnswer> {
  const { status, headers = {} } = response;
  if (response.kind === 'stream') {
    const text = await beginningOf(response.body);
    return { status, headers, text, isStream: true };
  }
  const text = wholeText(response);
  return { status, headers: { ...headers, 'content-type': response.contentType ?? 'application/json' }, text, isStream: false };
}

function wholeText(response: Exclude<SentResponse, { kind: 'stream' }>): string {
  if (response.kind === 'json') return JSON.stringify(response.body);
  if (response.kind === 'bytes') return Buffer.from(response.body).toString();
  const pieces: Uint8Array[] = [response.first];
  let next = response.rest.next();
  for (; next.done !== true; next = response.rest.next()) pieces.push(next.value);
  return Buffer.concat([...pieces, next.value]).toString();
}

async function beginningOf(stream: Readable): Promise<string> {
  const pieces: Buffer[] = [];
  stream.on('error', () => undefined);
  stream.on('data', (piece: Buffer) => pieces.push(piece));
  await new Promise((resolve) => setImmediate(resolve));
  stream.destroy();
  return Buffer.concat(pieces).toString();
}
