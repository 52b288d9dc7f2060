/**
 * Hostile requests, tokens and bytes against an endpoint whose host only remembers. What must not happen: a fault of
 * ours, an answer that makes clients send again, a secret in an answer or on disk, a change by somebody without a good
 * token, documents that a next start cannot read.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Random } from '@weir/testkit';
import { type ArmAnswer, ArmEndpoint } from '../support/arm-endpoint.ts';
import { sendHostileBytes } from './hostile-bytes.ts';
import { type HostileRequest, hostileRequest, passwordText } from './hostile-requests.ts';

/** What to run. */
export interface FuzzOptions {
  readonly seed: number;
  readonly inputs: number;
  readonly onProgress?: (done: number) => void;
}

/** What came of it. */
export interface FuzzReport {
  readonly findings: readonly string[];
  /** How often each status was answered; 0 counts what was no request. */
  readonly statuses: ReadonlyMap<number, number>;
}

/** Answers that clients of Azure take as "send it again". */
const retried = new Set([408, 429, 500, 502, 503, 504]);
/** One input of so many is bytes. */
const bytesEvery = 20;
const startAgainEvery = 500;

/** Runs them. */
export async function fuzzArm({ seed, inputs, onProgress }: FuzzOptions): Promise<FuzzReport> {
  const findings: string[] = [];
  const statuses = new Map<number, number>();
  const note = (error: unknown): void => void findings.push(`outside of any request: ${String(error)}`);
  process.on('uncaughtException', note);
  process.on('unhandledRejection', note);
  const endpoint = await ArmEndpoint.start();
  try {
    await endpoint.ask('POST', '/providers/Microsoft.ContainerService/register');
    await endpoint.ask('PUT', '/resourceGroups/g1', { location: 'canadaeast' });
    for (let input = 0; input < inputs; input += 1) {
      const random = new Random(seed + input);
      const { status, problems } = await (random.chance(1 / bytesEvery) ? tryBytes(random, endpoint) : tryRequest(random, endpoint));
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
      findings.push(...[...problems, ...faultsOf(endpoint)].map((problem) => `input ${input} of seed ${seed}: ${problem}`));
      if ((input + 1) % startAgainEvery === 0) {
        await startAgain(endpoint);
        onProgress?.(input + 1);
      }
    }
    await startAgain(endpoint);
    findings.push(...secretsOnDisk(endpoint), ...pollution());
  } finally {
    await endpoint.dispose();
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
  }
  return { findings, statuses };
}

interface Tried {
  readonly status: number;
  readonly problems: readonly string[];
}

async function tryRequest(random: Random, endpoint: ArmEndpoint): Promise<Tried> {
  const request = hostileRequest(random, { subscription: endpoint.subscription, token: endpoint.token });
  const before = request.isStranger ? documentsOf(endpoint) : '';
  const { method, target, headers, body } = request;
  const answer = await endpoint.send(method, target, { token: null, headers, bytes: body }).catch((error: unknown) => String(error));
  if (typeof answer === 'string') return { status: 0, problems: [`no answer: ${answer}\n  ${textOf(request)}`] };
  const isChanged = request.isStranger && documentsOf(endpoint) !== before;
  const problems = [...problemsOf(answer, request, endpoint), ...(isChanged ? ['a stranger has changed something'] : [])];
  return {
    status: answer.status,
    problems: problems.map((problem) => `${problem}\n  ${textOf(request)}\n  → ${answer.status} ${answer.text.slice(0, 400)}`),
  };
}

async function tryBytes(random: Random, endpoint: ArmEndpoint): Promise<Tried> {
  const { sent, heard, problem } = await sendHostileBytes(random, endpoint);
  const isServed = /^HTTP\/1\.1 (2\d\d|4\d\d|501|505)/.test(heard) || heard === '' || !heard.startsWith('HTTP/');
  const problems = [...(problem === undefined ? [] : [problem]), ...(isServed ? [] : [`answers ${heard.slice(0, 80)}`])];
  return { status: 0, problems: problems.map((each) => `${each}\n  ${sent.toString('latin1').slice(0, 400)}`) };
}

function problemsOf(answer: ArmAnswer, request: HostileRequest, endpoint: ArmEndpoint): readonly string[] {
  const { status, headers, text, json } = answer;
  const isRefusal = status >= 400;
  const { code } = (json['error'] as { code?: unknown } | undefined) ?? json;
  const tells = [endpoint.secret, endpoint.arm.state.identity.signingKey, passwordText].filter((secret) => text.includes(secret));
  return [
    ...(retried.has(status) || status > 505 ? ['an answer that is sent again'] : []),
    ...(isRefusal && headers['retry-after'] !== undefined ? ['a refusal with Retry-After'] : []),
    ...(isRefusal && request.method !== 'HEAD' && typeof code !== 'string' ? ['a refusal without a code'] : []),
    ...(request.isStranger && status < 400 ? ['a stranger is served'] : []),
    ...(tells.length === 0 ? [] : ['a secret is told']),
  ];
}

function faultsOf(endpoint: ArmEndpoint): readonly string[] {
  return endpoint.faults.splice(0).map((fault) => (fault instanceof Error ? (fault.stack ?? fault.message) : String(fault)));
}

/** What is asked of a host that only remembers is over at once; a next start finds everything. */
async function startAgain(endpoint: ArmEndpoint): Promise<void> {
  await endpoint.close();
  await endpoint.open();
}

function documentsOf({ arm: { state } }: ArmEndpoint): string {
  return JSON.stringify([state.groups, state.features, state.providers, state.clusters].map((store) => store.list()));
}

function secretsOnDisk(endpoint: ArmEndpoint): readonly string[] {
  const files = readdirSync(endpoint.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => [endpoint.secret, passwordText].some((secret) => readFileSync(path, 'utf8').includes(secret)))
    .map((path) => `a secret is in ${path}`);
}

/** Members that an input has given to all objects. */
function pollution(): readonly string[] {
  const inherited = Object.keys(Object.prototype);
  return inherited.length === 0 ? [] : [`every object now has ${inherited.join(', ')}`];
}

function textOf({ method, target, headers, body }: HostileRequest): string {
  return `${method} ${target} ${JSON.stringify(headers)} ${body.toString('latin1').slice(0, 2_000)}`;
}
