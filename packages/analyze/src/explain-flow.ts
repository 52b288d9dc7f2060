/**
 * `why`: the verdict of one flow between two ends that a person names.
 *
 * A service gives one verdict for each backend, a workload one for each pod.
 */
import type { Service, ServicePort } from '@weir/kube';
import { type FlowEnd, type FlowQuestion, type FlowVerdict, type IcmpMessages, podName } from '@weir/model';
import { type Address, type Family, formatProtocol, hasPorts, isIcmp, type ProtocolNumber, protocolNumber } from '@weir/net';
import {
  anotherCopy,
  copiesOf,
  podKey,
  type ServiceBackend,
  type Snapshot,
  serviceBackends,
  servicePort,
  unnumberedBackends,
} from '@weir/snapshot';
import { explainEntered, keepsClient, letsClientsIn, serviceOfNodePort } from './entered-flow.ts';
import { type FlowRefusal, namedEnd } from './flow-end-names.ts';
import { explainOutside, explainUnnumbered, explainUnseen, unseenFacts } from './unseen-facts.ts';

/** What is asked. */
export interface FlowRequest {
  readonly source: string;
  readonly destination: string;
  /** `ICMP` is that of the flow's family. */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP' | 'ICMP';
  /** The port that the source connects to, by its number or by the name that the destination has for it; absent exactly for ICMP. */
  readonly port?: number | string;
  /** The message, of ICMP alone; absent: any, so that rules about single ones may leave the answer unknown. */
  readonly icmp?: Required<IcmpMessages>;
  /** Host names that are no pods, with their addresses (hosts of the lab). */
  readonly hosts?: ReadonlyMap<string, readonly Address[]>;
  /** Which addresses of dual-stack pods to use. Default: the first family that both ends have. */
  readonly family?: Family;
}

/** One verdict, or one for each backend of a service and each pod of a workload; or what is wrong with the question. */
export type FlowExplanation =
  | { readonly kind: 'answered'; readonly verdicts: readonly FlowVerdict[]; readonly service?: string }
  | { readonly kind: 'refused'; readonly code: FlowRefusal; readonly message: string; readonly action: string };

type Refused = FlowExplanation & { kind: 'refused' };

/** Explains a flow in a snapshot. */
export function explainFlow(snapshot: Snapshot, request: FlowRequest): FlowExplanation {
  const portProblem = checkPort(request);
  if (portProblem !== undefined) return portProblem;
  const source = namedEnd(snapshot, request.source, request);
  if (source.kind === 'refused') return source;
  if (source.kind === 'service') {
    return refused(
      'not-found',
      `${request.source} is a service, and services do not connect`,
      'name a pod, an address or a host as the source',
    );
  }
  const destination = namedEnd(snapshot, request.destination, request);
  if (destination.kind === 'refused') return destination;
  if (destination.kind === 'service') {
    const port = namedServicePort(request, destination.service);
    return 'code' in port ? port : explainService(snapshot, request, source.ends, { service: destination.service, port });
  }
  const entered = enteredService(snapshot, request, destination.ends);
  if (entered !== undefined) return explainService(snapshot, request, source.ends, entered);
  const targets = destination.ends.map((end) => ({ end, port: portAt(request, end) }));
  return explainAll(snapshot, request, { sources: source.ends, targets });
}

/** A service as it is asked, through its address or through a port of a node. */
interface AskedService {
  readonly service: Service;
  readonly port: ServicePort;
  /** The node, where it is one of its ports. */
  readonly node?: string;
}

function enteredService(snapshot: Snapshot, { port, protocol }: FlowRequest, [end, ...more]: readonly FlowEnd[]): AskedService | undefined {
  if (end?.kind !== 'node' || more.length > 0 || typeof port !== 'number' || protocol === 'ICMP') return undefined;
  const found = serviceOfNodePort(snapshot, port, protocolNumber[protocol]);
  return found === undefined ? undefined : { ...found, node: end.node.name };
}

function explainService(snapshot: Snapshot, request: FlowRequest, sources: readonly FlowEnd[], asked: AskedService): FlowExplanation {
  const all = serviceTargets(snapshot, asked);
  if ('code' in all) return all;
  const { service, port, node } = asked;
  const name = podKey(service);
  const targets = node !== undefined && keepsClient(service) ? all.filter(({ end }) => nodeOf(end) === node) : all;
  if (targets.length === 0) {
    const message = `no pod of service ${name} is on node ${node ?? ''}, and with externalTrafficPolicy Local the node asks no other`;
    return refused('no-backend', message, 'ask a node that has one');
  }
  const explained = explainAll(snapshot, request, { sources, targets, asked: { service, port, ...(node === undefined ? {} : { node }) } });
  return explained.kind === 'refused' ? explained : { ...explained, service: name };
}

function nodeOf(end: FlowEnd): string | undefined {
  return end.kind === 'endpoint' ? end.endpoint.node : end.kind === 'node' ? end.node.name : undefined;
}

/** So many flows are judged for one question. */
const flowsMax = 1_000;

/** Flows from each source to each target, which stand behind a service where one was asked. */
interface AskedFlows {
  readonly sources: readonly FlowEnd[];
  readonly targets: readonly Target[];
  readonly asked?: AskedService;
}

/** The verdicts from each source to each target. */
function explainAll(snapshot: Snapshot, request: FlowRequest, { sources, targets, asked }: AskedFlows): FlowExplanation {
  const count = sources.length * targets.length;
  if (count > flowsMax) {
    const message = `${request.source} and ${request.destination} are ${sources.length} and ${targets.length} ends, and so ${count} flows`;
    return refused('too-many', message, 'name single pods, or ask weir matrix, which answers for classes of equal pods');
  }
  const verdicts: FlowVerdict[] = [];
  for (const source of sources) {
    for (const target of targets) {
      // Of several pods each is asked about the others.
      if (count > 1 && isSamePod(source, target.end)) continue;
      const from = isSamePod(source, target.end) ? copyOf(snapshot, source) : source;
      const verdict = verdictOf(snapshot, askedBetween(request, from, target), target, asked);
      if ('code' in verdict) return verdict;
      verdicts.push(verdict);
    }
  }
  return { kind: 'answered', verdicts };
}

/** Another pod of a workload that is to have several, and of which one stands for all; else the pod itself. */
function copyOf(snapshot: Snapshot, end: FlowEnd): FlowEnd {
  if (end.kind !== 'endpoint' || copiesOf(snapshot, end.endpoint) < 2) return end;
  return { ...end, endpoint: anotherCopy(end.endpoint) };
}

function isSamePod(a: FlowEnd, b: FlowEnd): boolean {
  return a.kind === 'endpoint' && b.kind === 'endpoint' && a.endpoint === b.endpoint;
}

/** The verdict of one flow, also where the objects leave something open. */
function verdictOf(snapshot: Snapshot, question: FlowQuestion | Refused, target: Target, asked?: AskedService): FlowVerdict | Refused {
  if ('code' in question) return question;
  if (typeof target.port === 'string') return explainUnnumbered(snapshot, question, unnumberedFact(target.end, target.port));
  const facts = unseenFacts(snapshot, question);
  const isSeen = facts.source === undefined && facts.destination === undefined;
  if (!isSeen) return explainUnseen(snapshot, question, facts);
  if (asked !== undefined && letsClientsIn(asked.service)) return explainEntered(snapshot, question, asked.service, asked.node);
  return explainOutside(snapshot, question);
}

/** The number of the port, or its name where the destination has none of that name. */
function portAt({ port, protocol }: FlowRequest, end: FlowEnd): number | string | undefined {
  if (typeof port !== 'string' || end.kind !== 'endpoint' || protocol === 'ICMP') return port;
  const number = protocolNumber[protocol];
  return end.endpoint.namedPorts.find((named) => named.name === port && named.protocol === number)?.port ?? port;
}

function unnumberedFact(end: FlowEnd, name: string): string {
  if (end.kind !== 'endpoint') return `the number of port ${name}: only pods and services have names for ports`;
  const names = end.endpoint.namedPorts.map((named) => `${named.name} (${named.port}/${formatProtocol(named.protocol)})`);
  const has = names.length === 0 ? 'no port of it has a name' : `its ports are ${names.join(', ')}`;
  return `the number of port ${name}: pod ${podName(end.endpoint)} has no such name, ${has}`;
}

function checkPort({ protocol, port }: FlowRequest): Refused | undefined {
  if (protocol === 'ICMP') {
    return port === undefined ? undefined : refused('bad-port', 'ICMP has no ports', 'leave the port out');
  }
  if (typeof port === 'string') return undefined;
  if (port !== undefined && Number.isInteger(port) && port >= 1 && port <= 65535) return undefined;
  return refused('bad-port', port === undefined ? 'no port is given' : `${port} is no port`, 'give a port from 1 to 65535');
}

/** The port of a service that is asked for, by its number or name. */
function namedServicePort(request: FlowRequest, service: Service): ServicePort | Refused {
  const { spec = {} } = service;
  const name = podKey(service);
  if (spec.type === 'ExternalName') {
    const message = `service ${name} is another name for ${spec.externalName ?? ''}, which policies know nothing of`;
    return refused('no-such-service-port', message, 'name an address that it has');
  }
  const port = request.port === undefined ? undefined : servicePort(service, request.port, protocolOf(request.protocol, 4));
  if (port !== undefined) return port;
  const list = (spec.ports ?? []).map((one) => `${one.port}/${one.protocol ?? 'TCP'}${one.name === undefined ? '' : ` (${one.name})`}`);
  const message = `service ${name} has no port ${request.port ?? ''}/${request.protocol}`;
  return refused('no-such-service-port', message, list.length === 0 ? 'the service has no ports' : `its ports are ${list.join(', ')}`);
}

/** The backends of the port of a service. */
function serviceTargets(snapshot: Snapshot, { service, port }: AskedService): readonly Target[] | Refused {
  const numbered = serviceBackends(snapshot, service, port);
  const backends = numbered.length > 0 ? numbered : unnumberedBackends(snapshot, service, port);
  if (backends.length === 0) {
    const action =
      'check its selector, its target port and whether its pods are ready; without a backend nothing can connect, whatever the policies say';
    return refused('no-backend', `no pod stands behind port ${port.port} of service ${podKey(service)}`, action);
  }
  return backends;
}

/** Where a connection ends; a port that is a text is a name that nobody there has. */
type Target = Omit<ServiceBackend, 'port'> & { readonly port: number | string | undefined };

/** The question between two ends, each with its address of a family that both have. */
function askedBetween(request: FlowRequest, source: FlowEnd, target: Target): FlowQuestion | Refused {
  const family = commonFamily(source, target.end, request.family);
  if (family === 'none') {
    const message = `${request.source} and ${request.destination} have no address of the same family`;
    return refused('no-common-family', message, 'use addresses of one family, IPv4 or IPv6');
  }
  const protocol = protocolOf(request.protocol, family ?? 4);
  return {
    source: withFamily(source, family),
    destination: withFamily(target.end, family),
    protocol,
    family: family ?? 4,
    ...(typeof target.port !== 'number' || !hasPorts(protocol) ? {} : { destinationPort: target.port }),
    ...(request.icmp === undefined || !isIcmp(protocol) ? {} : { icmp: request.icmp }),
  };
}

/** The family to use; undefined when one end has no known address, so that any may come. */
function commonFamily(source: FlowEnd, destination: FlowEnd, wanted: Family | undefined): Family | 'none' | undefined {
  const of = (end: FlowEnd): Family[] => addressesOf(end).map(({ family }) => family);
  const [from, to] = [of(source), of(destination)];
  if (from.length === 0 && to.length === 0) return wanted;
  const usable = from.length === 0 ? to : to.length === 0 ? from : to.filter((family) => from.includes(family));
  const chosen = wanted === undefined ? usable[0] : usable.find((family) => family === wanted);
  return chosen ?? 'none';
}

function withFamily(end: FlowEnd, family: Family | undefined): FlowEnd {
  if (end.kind === 'address') return end;
  const address = addressesOf(end).find((candidate) => candidate.family === family);
  const { address: _other, ...rest } = end;
  return address === undefined ? rest : { ...rest, address };
}

/** The address that was asked for alone, or all that a pod or a node has. */
function addressesOf(end: FlowEnd): readonly Address[] {
  if (end.address !== undefined) return [end.address];
  return end.kind === 'endpoint' ? end.endpoint.addresses : end.kind === 'node' ? end.node.addresses : [];
}

function protocolOf(name: FlowRequest['protocol'], family: Family): ProtocolNumber {
  if (name !== 'ICMP') return protocolNumber[name];
  return family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6;
}

function refused(code: FlowRefusal, message: string, action: string): Refused {
  return { kind: 'refused', code, message, action };
}
