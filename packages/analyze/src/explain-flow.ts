/**
 * `why`: the verdict of one flow between two ends that a person names.
 *
 * An end is `namespace/pod`, `namespace/service` or a service's address (as destination), an IP
 * address, the name of a node or of a host endpoint, or a name from the table of hosts. A service gives one verdict per
 * backend.
 */
import type { Pod, Service } from '@weir/kube';
import { type Endpoint, explainQuestion, type FlowEnd, type FlowQuestion, type FlowVerdict, type IcmpMessages, podName } from '@weir/model';
import {
  type Address,
  type Family,
  formatAddress,
  formatProtocol,
  hasPorts,
  isIcmp,
  type ProtocolNumber,
  parseAddress,
  protocolNumber,
} from '@weir/net';
import {
  podKey,
  type ServiceBackend,
  type Snapshot,
  serviceAt,
  serviceBackends,
  serviceNamed,
  servicePort,
  unnumberedBackends,
} from '@weir/snapshot';
import { explainUnnumbered, explainUnseen, unseenFacts } from './unseen-facts.ts';

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

/** Why there is no verdict. */
export type FlowRefusal = 'not-found' | 'no-common-family' | 'no-such-service-port' | 'no-backend' | 'finished-pod' | 'bad-port';

/** One verdict, or one per backend of a service; or what is wrong with the question. */
export type FlowExplanation =
  | { readonly kind: 'answered'; readonly verdicts: readonly FlowVerdict[]; readonly service?: string }
  | { readonly kind: 'refused'; readonly code: FlowRefusal; readonly message: string; readonly action: string };

type Refused = FlowExplanation & { kind: 'refused' };
type Resolved = { readonly kind: 'end'; readonly end: FlowEnd } | { readonly kind: 'service'; readonly service: Service } | Refused;

/** Explains a flow in a snapshot. */
export function explainFlow(snapshot: Snapshot, request: FlowRequest): FlowExplanation {
  const portProblem = checkPort(request);
  if (portProblem !== undefined) return portProblem;
  const source = resolveEnd(snapshot, request.source, request);
  if (source.kind === 'refused') return source;
  if (source.kind === 'service') {
    return refused(
      'not-found',
      `${request.source} is a service, and services do not connect`,
      'name a pod, an address or a host as the source',
    );
  }
  const destination = resolveEnd(snapshot, request.destination, request);
  if (destination.kind === 'refused') return destination;
  if (destination.kind === 'service') return explainService(snapshot, request, source.end, destination.service);
  const verdict = verdictBetween(snapshot, request, source.end, { end: destination.end, port: portAt(request, destination.end) });
  return 'code' in verdict ? verdict : { kind: 'answered', verdicts: [verdict] };
}

/** The verdict of one flow, also where the objects leave something open. */
function verdictBetween(snapshot: Snapshot, request: FlowRequest, source: FlowEnd, target: Target): FlowVerdict | Refused {
  const question = askedBetween(request, source, target);
  if ('code' in question) return question;
  if (typeof target.port === 'string') return explainUnnumbered(snapshot, question, unnumberedFact(target.end, target.port));
  const facts = unseenFacts(snapshot, question);
  const isSeen = facts.source === undefined && facts.destination === undefined;
  return isSeen ? explainQuestion(snapshot.world, question) : explainUnseen(snapshot, question, facts);
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

function explainService(snapshot: Snapshot, request: FlowRequest, source: FlowEnd, service: Service): FlowExplanation {
  const name = podKey(service);
  const protocol = protocolOf(request.protocol, 4);
  const port = request.port === undefined ? undefined : servicePort(service, request.port, protocol);
  if (port === undefined) {
    const list = (service.spec?.ports ?? []).map((candidate) => `${candidate.port}/${candidate.protocol ?? 'TCP'}`).join(', ');
    const message = `service ${name} has no port ${request.port ?? ''}/${request.protocol}`;
    return refused('no-such-service-port', message, list === '' ? 'the service has no ports' : `its ports are ${list}`);
  }
  const numbered = serviceBackends(snapshot, service, port);
  const backends = numbered.length > 0 ? numbered : unnumberedBackends(snapshot, service, port);
  if (backends.length === 0) {
    const action =
      'check its selector, its target port and whether its pods are ready; without a backend nothing can connect, whatever the policies say';
    return refused('no-backend', `no pod stands behind port ${port.port} of service ${name}`, action);
  }
  const verdicts: FlowVerdict[] = [];
  for (const backend of backends) {
    const verdict = verdictBetween(snapshot, request, source, backend);
    if ('code' in verdict) return verdict;
    verdicts.push(verdict);
  }
  return { kind: 'answered', verdicts, service: name };
}

function resolveEnd(snapshot: Snapshot, text: string, { hosts, family }: FlowRequest): Resolved {
  const address = parseAddress(text);
  if (address !== undefined) {
    const service = serviceAt(snapshot, formatAddress(address));
    return service === undefined ? { kind: 'end', end: snapshot.world.endAt(address) } : { kind: 'service', service };
  }
  const hostAddresses = hosts?.get(text) ?? [];
  const host = hostAddresses.find((candidate) => candidate.family === family) ?? hostAddresses[0];
  if (host !== undefined) return { kind: 'end', end: snapshot.world.endAt(host) };
  const isService = text.startsWith('svc:');
  const path = isService ? text.slice('svc:'.length) : text;
  const [namespace, name, ...more] = path.includes('/') ? path.split('/') : ['default', path];
  if (namespace === undefined || name === undefined || more.length > 0) return notFound(snapshot, text);
  if (isService) {
    const named = serviceNamed(snapshot, namespace, name);
    return named === undefined ? notFound(snapshot, text) : { kind: 'service', service: named };
  }
  const endpoint = snapshot.endpoints.get(`${namespace}/${name}`);
  if (endpoint !== undefined) return { kind: 'end', end: { kind: 'endpoint', endpoint } };
  const pod = snapshot.pods.get(`${namespace}/${name}`);
  if (pod !== undefined) return resolveHostPod(snapshot, pod);
  const service = serviceNamed(snapshot, namespace, name);
  if (service !== undefined) return { kind: 'service', service };
  const end = text.includes('/') ? undefined : nodeEnd(snapshot, text, family);
  return end === undefined ? notFound(snapshot, text) : { kind: 'end', end };
}

/** A node by its name, or by that of one of its host endpoints, whose address it has then. */
function nodeEnd({ nodes, hosts }: Snapshot, text: string, family: Family | undefined): FlowEnd | undefined {
  const host = hosts.find(({ name }) => name === text);
  const node = nodes.find(({ name }) => name === text) ?? nodes.find(({ name }) => name === host?.node);
  if (node === undefined) return undefined;
  const addresses = node.name === text ? [] : (host?.addresses ?? []);
  const address = addresses.find((candidate) => family === undefined || candidate.family === family);
  return { kind: 'node', node, ...(address === undefined ? {} : { address }) };
}

/** A pod that is no endpoint: it has finished, or it shares the addresses of its node. */
function resolveHostPod(snapshot: Snapshot, pod: Pod): Resolved {
  if (pod.spec?.hostNetwork !== true) {
    const phase = pod.status?.phase ?? '';
    return refused('finished-pod', `pod ${podKey(pod)} has finished (${phase}) and has no network any more`, 'name a running pod');
  }
  const name = pod.spec.nodeName ?? '';
  const node = snapshot.nodes.find((candidate) => candidate.name === name) ?? { name, addresses: [] };
  return { kind: 'end', end: { kind: 'node', node } };
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

function notFound(snapshot: Snapshot, text: string): Refused {
  const near = nearNames(snapshot.endpoints, text);
  const hint =
    near.length === 0 ? 'name it as namespace/pod, namespace/service, an address, a node or a host' : `did you mean ${near.join(' or ')}?`;
  return refused('not-found', `there is no pod, service, node or host ${text}`, hint);
}

/** Pods of the same name elsewhere, at most three. */
function nearNames(endpoints: ReadonlyMap<string, Endpoint>, text: string): string[] {
  const name = text.split('/').at(-1) ?? '';
  const found: string[] = [];
  for (const [key, endpoint] of endpoints) {
    if (endpoint.name === name && found.length < 3) found.push(key);
  }
  return found;
}

function refused(code: FlowRefusal, message: string, action: string): Refused {
  return { kind: 'refused', code, message, action };
}
