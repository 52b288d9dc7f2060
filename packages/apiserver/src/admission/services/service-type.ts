/** What belongs to one type of service only (`pkg/registry/core/service/strategy.go`). */
import { deepEqual, type JsonObject, listAt, numberAt, objectsAt, textAt } from '@weir/kube';

/** Whether a load balancer asks the nodes which of them have endpoints. */
export function needsHealthCheck(spec: JsonObject | undefined): boolean {
  return textAt(spec, 'type') === 'LoadBalancer' && spec?.['externalTrafficPolicy'] === 'Local';
}

function needsNodePorts(spec: JsonObject): boolean {
  return textAt(spec, 'type') === 'NodePort' || textAt(spec, 'type') === 'LoadBalancer';
}

function isReachedFromOutside(spec: JsonObject): boolean {
  return needsNodePorts(spec) || (textAt(spec, 'type') === 'ClusterIP' && listAt(spec, 'externalIPs').length > 0);
}

/** A change of the type takes with it what only the old one has, unless the author changed that too. */
export function dropFieldsOfOldType(spec: JsonObject, before: JsonObject): void {
  const dropIfSame = (field: string): void => {
    if (deepEqual(spec[field], before[field])) delete spec[field];
  };
  if (needsNodePorts(before) && !needsNodePorts(spec) && deepEqual(nodePortsOf(spec), nodePortsOf(before))) {
    for (const port of objectsAt(spec, 'ports')) delete port['nodePort'];
  }
  if (needsHealthCheck(before) && !needsHealthCheck(spec)) dropIfSame('healthCheckNodePort');
  if (textAt(before, 'type') === 'LoadBalancer' && textAt(spec, 'type') !== 'LoadBalancer') {
    for (const field of ['allocateLoadBalancerNodePorts', 'loadBalancerClass']) dropIfSame(field);
  }
  if (isReachedFromOutside(before) && !isReachedFromOutside(spec)) dropIfSame('externalTrafficPolicy');
}

function nodePortsOf(spec: JsonObject): number[] {
  return objectsAt(spec, 'ports').map((port) => numberAt(port, 'nodePort') ?? 0);
}
