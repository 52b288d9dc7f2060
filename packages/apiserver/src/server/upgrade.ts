/**
 * Upgrades of HTTP/1.1 connections: exec, attach and port-forward, handed on to the pod's node at the
 * kubelet's paths after the pod and the container have been checked.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { JsonObject } from '@weir/kube';
import { admittedWrite } from '../admission/admitted-write.ts';
import { type AuditedHead, type AuditWorld, RequestAudit } from '../audit/request-audit.ts';
import type { Authenticate } from '../authentication/authenticator.ts';
import { impersonated } from '../authentication/impersonation.ts';
import { accessTo, assertDecided } from '../authorization/authorize-request.ts';
import { ApiError, badRequest, internalError, notFound, pathNotFound } from '../errors/api-error.ts';
import type { FlightLimits } from '../limits/flight-limits.ts';
import { assertActionAdmitted } from '../rest/admit-object.ts';
import { chooseContainer, nodeSocketOf } from '../rest/pod-container.ts';
import { keyOf, type RestContext, subjectOf } from '../rest/rest-context.ts';
import { type NodeTarget, proxyUpgrade } from '../streams/node-proxy.ts';
import { refuseUpgrade } from '../streams/upgrade-refusal.ts';
import { identify } from './client-identity.ts';
import { parseRequestTarget, type RequestTarget } from './incoming-request.ts';
import { tlsSocketOf } from './listener.ts';
import { parseResourcePath, type ResourceTarget } from './resource-target.ts';

/** What upgrade requests pass on their way. */
export interface UpgradeStations {
  readonly authenticate: Authenticate;
  readonly limits: FlightLimits;
  /** Absent: nothing is written down. */
  readonly audit: AuditWorld | undefined;
}

/** Makes the handler of upgrade requests. */
export function makeUpgrade(
  context: RestContext,
  stations: UpgradeStations,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const gone = (): void => {
      socket.destroy();
    };
    socket.once('error', gone);
    const audit = stations.audit === undefined ? undefined : new RequestAudit(stations.audit, headOf(request));
    try {
      const target = await admitted(context, stations, { request, socket, audit });
      socket.off('error', gone);
      audit?.started({ status: 101 });
      if (audit !== undefined) whenClosed(socket, () => audit.completed());
      proxyUpgrade(request, socket, head, target);
    } catch (error) {
      const refusal = error instanceof ApiError ? error : internalError(error instanceof Error ? error.message : String(error));
      if (error instanceof ApiError) audit?.completed({ status: refusal.status.code, body: refusal.status });
      else audit?.panicked(error);
      refuseUpgrade(socket, refusal.status);
    }
  };
  return (request, socket, head) => void upgrade(request, socket, head);
}

function headOf(request: IncomingMessage): AuditedHead {
  const { method = 'GET', url = '/', headers } = request;
  return { method, target: url, headers, sourceAddress: request.socket.remoteAddress ?? '' };
}

function whenClosed(socket: Duplex, callback: () => void): void {
  if (socket.destroyed) callback();
  else socket.once('close', callback);
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  readonly audit: RequestAudit | undefined;
}

/** Where the connection goes, if its client may and there is room. */
async function admitted(context: RestContext, stations: UpgradeStations, { request, socket, audit }: Upgrade): Promise<NodeTarget> {
  const client = await stations.authenticate(identify(tlsSocketOf(request)), request.headers);
  const asked = parseRequestTarget(request.url ?? '/');
  audit?.received(client, asked);
  const user = impersonated(client, request.headers, context.authorizer);
  audit?.actsAs(user);
  const release = await stations.limits.enter('stream', user.username, new AbortController().signal);
  whenClosed(socket, release);
  const target = parseResourcePath(asked.path, context.registry);
  if (target === undefined || target.definition.kind !== 'Pod') throw pathNotFound();
  // A WebSocket comes as GET; what it does is what a POST does, so both rights are needed (KEP-4006).
  for (const verb of request.method === 'GET' ? ['get', 'create'] : ['create']) {
    const access = accessTo(target, verb);
    const decision = context.authorizer.decide(user, access);
    audit?.authorized(decision);
    assertDecided(decision, user, access);
  }
  const where = nodeTargetOf(context, target, asked);
  if (context.admission.rules !== undefined) {
    const object = connectOptions(target.subresource, new URLSearchParams(asked.query));
    await admittedWrite(context, audit, (attempt) => {
      assertActionAdmitted({ ...attempt, target, dryRun: false, user }, 'CONNECT', () => ({ object }));
    });
  }
  return where;
}

/** What the client wants of the pod, as webhooks and policies see it. */
function connectOptions(subresource: string, query: URLSearchParams): JsonObject {
  const asked = (name: string): boolean => ['1', 'true'].includes(query.get(name) ?? '');
  if (subresource === 'portforward') {
    return { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: query.getAll('ports').map(Number) };
  }
  const streams = Object.fromEntries(['stdin', 'stdout', 'stderr', 'tty'].map((name) => [name, asked(name)]));
  const container = query.get('container');
  const common = { apiVersion: 'v1', ...streams, ...(container === null ? {} : { container }) };
  if (subresource === 'attach') return { kind: 'PodAttachOptions', ...common };
  return { kind: 'PodExecOptions', ...common, command: query.getAll('command') };
}

/** The kubelet's path for a request, for example `/exec/NAMESPACE/POD/CONTAINER?command=…`. */
function nodeTargetOf(context: RestContext, target: ResourceTarget, asked: RequestTarget): NodeTarget {
  const pod = context.store.get(keyOf(target.definition, target.namespace, target.name));
  if (pod === undefined) throw notFound(subjectOf(target));
  const action = target.subresource;
  if (action !== 'exec' && action !== 'attach' && action !== 'portforward') throw badRequest('this path takes no upgrade');
  const query = new URLSearchParams(asked.query);
  const container = action === 'portforward' ? '' : `/${chooseContainer(pod.json, query.get('container') ?? '')}`;
  query.delete('container');
  const socketPath = nodeSocketOf(context, pod.json);
  if (socketPath === undefined) throw badRequest(`pod ${target.name} does not have a host assigned`);
  const kubeletAction = action === 'portforward' ? 'portForward' : action;
  return { socketPath, path: `/${kubeletAction}/${target.namespace}/${target.name}${container}?${query.toString()}` };
}
