/**
 * Upgrades of HTTP/1.1 connections: exec, attach and port-forward, handed on to the pod's node at the
 * kubelet's paths after the pod and the container have been checked.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { ApiError, badRequest, internalError, notFound, pathNotFound, unauthorized } from '../errors/api-error.ts';
import { chooseContainer, nodeSocketOf } from '../rest/pod-container.ts';
import { keyOf, type RestContext, subjectOf } from '../rest/rest-context.ts';
import { type NodeTarget, proxyUpgrade } from '../streams/node-proxy.ts';
import { refuseUpgrade } from '../streams/upgrade-refusal.ts';
import { identify } from './client-identity.ts';
import { tlsSocketOf } from './listener.ts';
import { parseResourcePath } from './resource-target.ts';

/** Makes the handler of upgrade requests. */
export function makeUpgrade(context: RestContext): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    try {
      if (identify(tlsSocketOf(request)) === undefined) throw unauthorized();
      proxyUpgrade(request, socket, head, nodeTargetOf(context, new URL(request.url ?? '/', 'https://server')));
    } catch (error) {
      const refusal = error instanceof ApiError ? error : internalError(error instanceof Error ? error.message : String(error));
      refuseUpgrade(socket, refusal.status);
    }
  };
}

/** The kubelet's path for a request, for example `/exec/NAMESPACE/POD/CONTAINER?command=…`. */
function nodeTargetOf(context: RestContext, url: URL): NodeTarget {
  const target = parseResourcePath(decodeURIComponent(url.pathname), context.registry);
  if (target === undefined || target.definition.kind !== 'Pod') throw pathNotFound();
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
