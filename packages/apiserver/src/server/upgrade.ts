/**
 * Upgrades of HTTP/1.1 connections: exec, attach and port-forward, handed on to the pod's node at the
 * kubelet's paths after the pod and the container have been checked.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Authenticate } from '../authentication/authenticator.ts';
import { accessTo, assertAllowed } from '../authorization/authorize-request.ts';
import { ApiError, badRequest, internalError, notFound, pathNotFound } from '../errors/api-error.ts';
import { chooseContainer, nodeSocketOf } from '../rest/pod-container.ts';
import { keyOf, type RestContext, subjectOf } from '../rest/rest-context.ts';
import { type NodeTarget, proxyUpgrade } from '../streams/node-proxy.ts';
import { refuseUpgrade } from '../streams/upgrade-refusal.ts';
import { tlsSocketOf } from './listener.ts';
import { parseResourcePath, type ResourceTarget } from './resource-target.ts';

/** Makes the handler of upgrade requests. */
export function makeUpgrade(
  context: RestContext,
  authenticate: Authenticate,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  const upgrade = async (request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> => {
    const gone = (): void => {
      socket.destroy();
    };
    socket.once('error', gone);
    try {
      const target = await proxyOf(context, authenticate, request);
      socket.off('error', gone);
      proxyUpgrade(request, socket, head, target);
    } catch (error) {
      const refusal = error instanceof ApiError ? error : internalError(error instanceof Error ? error.message : String(error));
      refuseUpgrade(socket, refusal.status);
    }
  };
  return (request, socket, head) => void upgrade(request, socket, head);
}

/** Where the connection goes, if its client may. */
async function proxyOf(context: RestContext, authenticate: Authenticate, request: IncomingMessage): Promise<NodeTarget> {
  const user = await authenticate(tlsSocketOf(request), request.headers);
  const url = new URL(request.url ?? '/', 'https://server');
  const target = parseResourcePath(decodeURIComponent(url.pathname), context.registry);
  if (target === undefined || target.definition.kind !== 'Pod') throw pathNotFound();
  // A WebSocket comes as GET; what it does is what a POST does, so both rights are needed (KEP-4006).
  const verbs = request.method === 'GET' ? ['get', 'create'] : ['create'];
  for (const verb of verbs) assertAllowed(context.authorizer, user, accessTo(target, verb));
  return nodeTargetOf(context, target, url);
}

/** The kubelet's path for a request, for example `/exec/NAMESPACE/POD/CONTAINER?command=…`. */
function nodeTargetOf(context: RestContext, target: ResourceTarget, url: URL): NodeTarget {
  const pod = context.store.get(keyOf(target.definition, target.namespace, target.name));
  if (pod === undefined) throw notFound(subjectOf(target));
  const action = target.subresource;
  if (action !== 'exec' && action !== 'attach' && action !== 'portforward') throw badRequest('this path takes no upgrade');
  const query = new URLSearchParams(url.searchParams);
  const container = action === 'portforward' ? '' : `/${chooseContainer(pod.json, query.get('container') ?? '')}`;
  query.delete('container');
  const socketPath = nodeSocketOf(context, pod.json);
  if (socketPath === undefined) throw badRequest(`pod ${target.name} does not have a host assigned`);
  const kubeletAction = action === 'portforward' ? 'portForward' : action;
  return { socketPath, path: `/${kubeletAction}/${target.namespace}/${target.name}${container}?${query.toString()}` };
}
