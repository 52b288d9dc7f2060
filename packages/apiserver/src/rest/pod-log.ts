/** `pods/log`: handed on to the pod's node, as the real server hands it on to the kubelet. */
import http from 'node:http';
import { failure, notFound } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { chooseContainer, nodeSocketOf } from './pod-container.ts';
import { checkPodLogOptions } from './pod-log-options.ts';
import { keyOf, type RestContext, subjectOf } from './rest-context.ts';

/** GET …/log; a stream that lasts as long as the container with `follow=true`. */
export async function podLog(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const pod = context.store.get(keyOf(target.definition, target.namespace, target.name));
  if (pod === undefined) throw notFound(subjectOf(target));
  checkPodLogOptions(request.query, target.name);
  const container = chooseContainer(pod.json, request.query.get('container') ?? '');
  const socketPath = nodeSocketOf(context, pod.json);
  // Like the real server: a pod without a node has an empty log.
  if (socketPath === undefined) return { kind: 'bytes', status: 200, body: '', contentType: 'text/plain' };
  const query = new URLSearchParams(request.query);
  query.delete('container');
  const path = `/containerLogs/${target.namespace}/${target.name}/${container}?${query.toString()}`;
  return fetchStream(socketPath, path, request.signal);
}

function fetchStream(socketPath: string, path: string, signal: AbortSignal): Promise<ApiResponse> {
  return new Promise((resolve, reject) => {
    const backend = http.request({ socketPath, path, method: 'GET', signal });
    backend.on('response', (response) => {
      resolve({
        kind: 'stream',
        status: response.statusCode ?? 502,
        body: response,
        contentType: response.headers['content-type'] ?? 'text/plain',
      });
    });
    backend.on('error', (error) => {
      reject(failure({ code: 500, reason: 'InternalError', message: `Internal error occurred: error dialing backend: ${error.message}` }));
    });
    backend.end();
  });
}
