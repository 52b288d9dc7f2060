/** Ports of services on every node (`pkg/registry/core/service/storage/alloc.go`). */
import { type FieldError, type JsonObject, numberAt, objectsAt, textAt } from '@weir/kube';
import { needsHealthCheck } from './service-type.ts';

/** Ports that are given out for NodePort services, as upstream's default. */
const nodePortFirst = 30_000;
const nodePortLast = 32_767;

/** The key of a port in use: node ports of different protocols do not collide. */
export function nodePortKey(protocol: string, port: number): string {
  return `${protocol}/${port}`;
}

/** Gives the ports of a service numbers on the nodes, as far as its type wants them; `used` gets them too. */
export function allocateNodePorts(spec: JsonObject, before: JsonObject | undefined, used: Set<string>): FieldError[] {
  const type = textAt(spec, 'type');
  const ports = objectsAt(spec, 'ports');
  const needed = type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
  if (!needed) {
    return type === 'LoadBalancer' ? [] : ports.flatMap(forbiddenNodePort);
  }
  const errors: FieldError[] = [];
  for (const [i, port] of ports.entries()) {
    const protocol = textAt(port, 'protocol');
    const wanted = numberAt(port, 'nodePort') ?? oldNodePort(before, port);
    const result = takeNodePort(protocol, wanted, used);
    if (typeof result === 'number') {
      port['nodePort'] = result;
      used.add(nodePortKey(protocol, result));
    } else errors.push({ ...result, field: `spec.ports[${i}].nodePort` });
  }
  return errors;
}

function forbiddenNodePort(port: JsonObject, index: number): FieldError[] {
  if ((numberAt(port, 'nodePort') ?? 0) === 0) return [];
  return [{ reason: 'FieldValueForbidden', field: `spec.ports[${index}].nodePort`, message: "may not be used when `type` is 'ClusterIP'" }];
}

function oldNodePort(before: JsonObject | undefined, port: JsonObject): number {
  const same = objectsAt(before, 'ports').find((old) => old['port'] === port['port'] && old['protocol'] === port['protocol']);
  return numberAt(same, 'nodePort') ?? 0;
}

function takeNodePort(protocol: string, wanted: number, used: ReadonlySet<string>): number | Omit<FieldError, 'field'> {
  const refuse = (message: string): Omit<FieldError, 'field'> => ({ reason: 'FieldValueInvalid', value: wanted, message });
  if (wanted !== 0) {
    if (wanted < nodePortFirst || wanted > nodePortLast) {
      return refuse(`provided port is not in the valid range. The range of valid ports is ${nodePortFirst}-${nodePortLast}`);
    }
    return used.has(nodePortKey(protocol, wanted)) ? refuse('provided port is already allocated') : wanted;
  }
  for (let port = nodePortFirst; port <= nodePortLast; port++) {
    if (!used.has(nodePortKey(protocol, port))) return port;
  }
  return refuse('no free node ports are left');
}

/** Where a load balancer asks whether a node has endpoints: a node port without a service port. */
export function allocateHealthCheckPort(spec: JsonObject, before: JsonObject | undefined, used: Set<string>): FieldError[] {
  if (!needsHealthCheck(spec)) return [];
  const old = needsHealthCheck(before) ? (numberAt(before, 'healthCheckNodePort') ?? 0) : 0;
  const wanted = numberAt(spec, 'healthCheckNodePort') ?? 0;
  if (old !== 0 && (wanted === 0 || wanted === old)) {
    spec['healthCheckNodePort'] = old;
    return [];
  }
  const result = takeNodePort('TCP', wanted, used);
  if (typeof result !== 'number') return [{ ...result, field: 'spec.healthCheckNodePort' }];
  spec['healthCheckNodePort'] = result;
  return [];
}
