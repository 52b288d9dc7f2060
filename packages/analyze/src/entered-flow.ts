/**
 * Flows that come in through a service's address for the outside or through a port of a node: whom the pod sees then.
 *
 * With `externalTrafficPolicy: Local` the client; else the client where the node that it asked has the pod, and that node
 * where another has it. Which node is asked nobody told, so the verdict is `unknown` where it hangs on that.
 */
import type { Service, ServicePort } from '@weir/kube';
import { explainQuestion, type FlowEnd, type FlowQuestion, type FlowVerdict, judgeQuestion, type Outcome, podName } from '@weir/model';
import { formatAddress, isTransportName, type ProtocolNumber, transportNumber } from '@weir/net';
import { podKey, type Snapshot } from '@weir/snapshot';

/** The service that has this port on every node, with the port. */
export function serviceOfNodePort(
  { services }: Snapshot,
  nodePort: number,
  protocol: ProtocolNumber,
): { readonly service: Service; readonly port: ServicePort } | undefined {
  for (const service of services) {
    if (!hasNodePorts(service)) continue;
    const port = service.spec?.ports?.find((one) => one.nodePort === nodePort && protocolOf(one) === protocol);
    if (port !== undefined) return { service, port };
  }
  return undefined;
}

/** Whether clients outside come in through the service: else its addresses are for pods and nodes alone. */
export function letsClientsIn(service: Service): boolean {
  return hasNodePorts(service) || (service.spec?.externalIPs?.length ?? 0) > 0;
}

/** Whether it is only through nodes that have a pod of it, which keep the client's address. */
export function keepsClient({ spec }: Service): boolean {
  return spec?.externalTrafficPolicy === 'Local';
}

function hasNodePorts({ spec }: Service): boolean {
  return spec?.type === 'NodePort' || spec?.type === 'LoadBalancer';
}

function protocolOf({ protocol = 'TCP' }: ServicePort): ProtocolNumber | undefined {
  return isTransportName(protocol) ? transportNumber(protocol) : undefined;
}

/** The verdict of a flow from a client outside to a pod behind a service. `asked`: the node that the client asks, where it is told. */
export function explainEntered(snapshot: Snapshot, question: FlowQuestion, service: Service, asked: string | undefined): FlowVerdict {
  const { world } = snapshot;
  const seen = explainQuestion(world, question);
  const { source, destination } = question;
  if (source.kind !== 'address' || destination.kind !== 'endpoint' || keepsClient(service)) return seen;
  const home = destination.endpoint.node;
  const others = snapshot.nodes.filter(({ name }) => name !== home && (asked === undefined || name === asked));
  const outcomes = new Set<Outcome>(others.map((node) => judgeQuestion(world, { ...question, source: nodeIn(node, question) })));
  // The node that was asked may be the pod's own.
  const mayBeHome = asked === undefined || asked === home || home === undefined;
  if (mayBeHome) outcomes.add(world.profile.nodePortBypassesIngress ? 'allow' : seen.verdict);
  const [only] = outcomes;
  if (outcomes.size === 1 && only === seen.verdict) return seen;
  if (outcomes.size === 1 && !mayBeHome && others[0] !== undefined) {
    return explainQuestion(world, { ...question, source: nodeIn(others[0], question) });
  }
  const fact = `whom ${podName(destination.endpoint)} sees of service ${podKey(service)}: ${formatAddress(source.address)}, or the node that it asked where another has the pod (externalTrafficPolicy Cluster)`;
  const ingress = { verdict: 'unknown' as const, isolatedBy: seen.ingress.isolatedBy, missing: [fact] };
  return { ...seen, verdict: 'unknown', ingress, missing: [fact], nearMisses: [] };
}

function nodeIn(node: Snapshot['nodes'][number], { source }: FlowQuestion): FlowEnd {
  const address = node.addresses.find(({ family }) => family === source.address?.family);
  return { kind: 'node', node, ...(address === undefined ? {} : { address }) };
}
