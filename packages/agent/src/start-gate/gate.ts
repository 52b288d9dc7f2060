/**
 * The start gate: a unix socket on which the node asks for a pod's rules before the pod starts.
 *
 *   POST   /v1/endpoints        {uid, namespace, name, interface, addresses}  → 200 when in the kernel
 *   DELETE /v1/endpoints/{uid}                                                → 200 when out of it
 *   GET    /v1/health, /v1/dump, /v1/pairs
 *   GET    /v1/explain?source=&destination=&protocol=&port=&icmp=TYPE/CODE    → what is in force for a flow
 *
 * The shape is CNI's (add, delete, both idempotent). Until the answer is 200 the pod must not start;
 * 503 says why it has to wait, and the caller asks again; 400 says why it will never start this way.
 */
import type { IncomingMessage, Server } from 'node:http';
import { type ExplainProblem, type ExplainRequest, type FlowExplanation, parseExplainRequest } from '../explain-flow.ts';
import { NotFoundError, openLocalServer, RefusedRequestError, readJson } from '../local-server.ts';
import { type Attachment, parseAttachment } from './attachment.ts';

/** What the gate does for its callers; `add` and `remove` throw {@link MustWaitError} or {@link RefusedRequestError}. */
export interface GateHandler {
  add(attachment: Attachment): Promise<void>;
  remove(uid: string): Promise<void>;
  health(): unknown;
  dump(): unknown;
  /** Who reaches whom in the state in force. */
  pairs(): unknown;
  explain(request: ExplainRequest): FlowExplanation | ExplainProblem;
}

/** Opens the gate, for root alone. */
export function openGate(path: string, handler: GateHandler): Promise<Server> {
  return openLocalServer({ path, setting: 'gate-socket', mode: 0o600, route: (request) => route(request, handler) });
}

async function route(request: IncomingMessage, handler: GateHandler): Promise<unknown> {
  const { method, url = '' } = request;
  if (method === 'GET' && url === '/v1/health') return handler.health();
  if (method === 'GET' && url === '/v1/dump') return handler.dump();
  if (method === 'GET' && url === '/v1/pairs') return handler.pairs();
  if (method === 'GET' && url.startsWith('/v1/explain?')) return explain(handler, url);
  if (method === 'POST' && url === '/v1/endpoints') {
    const attachment = parseAttachment(await readJson(request));
    if ('problem' in attachment) throw new RefusedRequestError(attachment.problem);
    await handler.add(attachment);
    return { uid: attachment.uid };
  }
  const uid = /^\/v1\/endpoints\/([-A-Za-z0-9._]{1,253})$/.exec(url)?.[1];
  if (method === 'DELETE' && uid !== undefined) {
    await handler.remove(uid);
    return { uid };
  }
  return undefined;
}

function explain(handler: GateHandler, url: string): FlowExplanation {
  const request = parseExplainRequest(new URL(url, 'http://agent').searchParams);
  if ('problem' in request) throw new RefusedRequestError(request.problem);
  const explanation = handler.explain(request);
  if (!('problem' in explanation)) return explanation;
  throw explanation.code === 'not-found' ? new NotFoundError(explanation.problem) : new RefusedRequestError(explanation.problem);
}
