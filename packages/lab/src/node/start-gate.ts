/** The client of the agent's start gate: a pod starts only after its rules are in the kernel. */
import { request } from 'node:http';
import type { ResolvedName } from '../dns/resolved-name.ts';

/** What the agent is told of a pod. */
export interface GateEndpoint {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  /** Node-side interface of the pod. */
  readonly interface: string;
  readonly addresses: readonly string[];
}

/** The agent's answer: rules in force, ask again, or never. */
export type GateAnswer =
  | { readonly kind: 'open' }
  | { readonly kind: 'wait'; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

const answerTimeoutMs = 30_000;

/** Asks the gate once whether the pod may start. Never rejects: an agent that is not there is a reason to wait. */
export async function askGate(gateSocket: string, endpoint: GateEndpoint): Promise<GateAnswer> {
  try {
    const { status, body } = await call(gateSocket, 'POST', '/v1/endpoints', JSON.stringify(endpoint));
    if (status === 200) return { kind: 'open' };
    const reason = reasonOf(body, status);
    return status === 400 ? { kind: 'refused', reason } : { kind: 'wait', reason };
  } catch (error) {
    return {
      kind: 'wait',
      reason: `the policy agent of the node does not answer (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}

/** Tells the agent once that the pod is gone; whether its rules and connections are out of the kernel. Never rejects. */
export async function leaveGate(gateSocket: string, uid: string): Promise<boolean> {
  const answer = await call(gateSocket, 'DELETE', `/v1/endpoints/${uid}`, '').catch(() => undefined);
  return answer?.status === 200;
}

/** Whether the agent's rules know now what a name resolved to. Never rejects. */
export async function announceName(namesSocket: string, resolved: ResolvedName): Promise<boolean> {
  const answer = await call(namesSocket, 'POST', '/v1/answers', JSON.stringify(resolved)).catch(() => undefined);
  return answer?.status === 200;
}

function reasonOf(body: string, status: number): string {
  try {
    const { error } = JSON.parse(body) as { readonly error?: string };
    if (typeof error === 'string') return error;
  } catch {
    // Not JSON: the status alone must do.
  }
  return `the policy agent answered ${status}`;
}

function call(
  socketPath: string,
  method: string,
  path: string,
  ...[body]: [string]
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = body === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
    const outgoing = request({ socketPath, method, path, headers, timeout: answerTimeoutMs, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      response.on('error', reject);
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error('no answer in time')));
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
