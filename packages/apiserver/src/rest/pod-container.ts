/**
 * Which container of a pod a request means, and where its node is reached
 * (`pkg/registry/core/pod/strategy.go`).
 */
import { type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { badRequest, failure } from '../errors/api-error.ts';
import type { RestContext } from './rest-context.ts';

/** The name of the wanted container, or of the only one. Throws 400 in the real server's words. */
export function chooseContainer(pod: Readonly<JsonObject>, wanted: string): string {
  const spec = objectAt(pod, 'spec');
  const podName = textAt(objectAt(pod, 'metadata'), 'name');
  const names = namesOf(spec, 'containers');
  const initNames = namesOf(spec, 'initContainers');
  const ephemeralNames = namesOf(spec, 'ephemeralContainers');
  if (wanted !== '') {
    if ([...names, ...initNames, ...ephemeralNames].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const [only] = names;
  if (only !== undefined && names.length === 1) return only;
  if (only === undefined) throw badRequest(`a container name must be specified for pod ${podName}`);
  const init = initNames.length === 0 ? '' : ` or one of the init containers: [${initNames.join(' ')}]`;
  const ephemeral = ephemeralNames.length === 0 ? '' : ` or one of the ephemeral containers: [${ephemeralNames.join(' ')}]`;
  throw badRequest(`a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]${init}${ephemeral}`);
}

/** The unix socket of the pod's node; undefined while the pod has no node. Throws when the node is not reachable. */
export function nodeSocketOf(context: Pick<RestContext, 'nodeSocket'>, pod: Readonly<JsonObject>): string | undefined {
  const node = textAt(objectAt(pod, 'spec'), 'nodeName');
  if (node === '') return undefined;
  const socket = context.nodeSocket(node);
  if (socket !== undefined) return socket;
  throw failure({
    code: 500,
    reason: 'InternalError',
    message: `Internal error occurred: error dialing backend: no server is known for node ${node}`,
  });
}

function namesOf(spec: JsonObject | undefined, field: string): string[] {
  return objectsAt(spec, field).map((container) => textAt(container, 'name'));
}
