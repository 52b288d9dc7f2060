/**
 * The ways into services of a rehearsal, and what comes of them by the engine's profile.
 *
 * ```
 *   pod, node ─▶ cluster address ─▶ any pod of the service               judged as sent to that pod
 *   host ─▶ port of node X ─────┬▶ a pod on X                            as host → pod, or past policies
 *                               └▶ another (externalTrafficPolicy: Cluster)   as X → pod
 *   host ─▶ load balancer ─▶ any node that takes it, then as its port
 * ```
 *
 * Which pod is drawn is chance: where the pods are judged differently, nothing is computed.
 */
import type { Service, ServicePort } from '@weir/kube';
import { judgeQuestion, type Outcome, podName, systemOfEndpoint } from '@weir/model';
import { type Address, type Family, parseAddress, transportNumber } from '@weir/net';
import { type Snapshot, serviceBackends, serviceNamed, servicePort } from '@weir/snapshot';
import type { AddressedEnd, RehearsedEnd } from './rehearsal-ends.ts';
import type { RehearsalTrial } from './rehearsal-trial.ts';
import { servesPort } from './served-ports.ts';

/** Where services are tried. */
export interface ServiceTrials {
  readonly meant: Snapshot;
  readonly lab: Snapshot;
  /** Services as `namespace/name`. */
  readonly services: ReadonlySet<string>;
  /** Of the family. */
  readonly ends: readonly RehearsedEnd[];
  readonly family: Family;
}

interface Backend {
  readonly pod: RehearsedEnd;
  readonly port: number;
}

interface Entry {
  readonly name: string;
  /** As it is in the lab, where nodes have chosen ports and addresses. */
  readonly service: Service;
  readonly servicePort: ServicePort;
  readonly protocol: 'TCP' | 'UDP';
  readonly backends: readonly Backend[];
  readonly isServed: boolean;
}

/** Every way into every service that has pods, all of them on a network of their own. */
export function serviceTrials(asked: ServiceTrials): RehearsalTrial[] {
  return asked.meant.services.flatMap((service) =>
    (service.spec?.ports ?? []).flatMap((port): RehearsalTrial[] => {
      const entry = entryOf(asked, service, port);
      return entry === undefined ? [] : [...clusterTrials(asked, entry), ...nodePortTrials(asked, entry), ...balancerTrials(asked, entry)];
    }),
  );
}

function entryOf({ meant, lab, services, ends, family }: ServiceTrials, service: Service, port: ServicePort): Entry | undefined {
  const { namespace = 'default', name = '' } = service.metadata;
  const { protocol = 'TCP' } = port;
  const inLab = serviceNamed(lab, namespace, name);
  if (!services.has(`${namespace}/${name}`) || inLab === undefined || (protocol !== 'TCP' && protocol !== 'UDP')) return undefined;
  // Nodes take its ports in the families of its own addresses alone.
  if (!(inLab.spec?.clusterIPs ?? []).some((text) => parseAddress(text)?.family === family)) return undefined;
  const portInLab = servicePort(inLab, port.port, transportNumber(protocol));
  const all = serviceBackends(meant, service, port);
  if (portInLab === undefined || all.some(({ end }) => end.kind !== 'endpoint')) return undefined;
  const backends = all.flatMap(({ end, port: number }): Backend[] => {
    const pod = end.kind === 'endpoint' ? ends.find((each) => each.name === podName(end.endpoint)) : undefined;
    return pod === undefined ? [] : [{ pod, port: number }];
  });
  if (backends.length === 0) return undefined;
  const isServed = backends.every(({ pod, port: number }) => servesPort(meant, pod.name, { port: number, protocol }));
  return { name: `service ${namespace}/${name}`, service: inLab, servicePort: portInLab, protocol, backends, isServed };
}

function clusterTrials(asked: ServiceTrials, entry: Entry): RehearsalTrial[] {
  const { spec } = entry.service;
  // Which pods are drawn with internalTrafficPolicy: Local depends on the node of the source.
  if (spec?.internalTrafficPolicy === 'Local') return [];
  const addresses = (spec?.clusterIPs ?? []).flatMap((text) => parseAddress(text) ?? []).filter(({ family }) => family === asked.family);
  return addresses.flatMap((address) =>
    asked.ends
      .filter(({ end }) => end.kind !== 'address')
      .map((source) => ({
        ...trialOf(entry, source, asked.family),
        destination: entry.name,
        address,
        port: entry.servicePort.port,
        ...judgedTwice((side) => united(entry.backends.map((backend) => judge(side, asked, { source, backend, entry })))),
      })),
  );
}

function nodePortTrials(asked: ServiceTrials, entry: Entry): RehearsalTrial[] {
  const { nodePort } = entry.servicePort;
  if (nodePort === undefined) return [];
  const hosts = hostsAmong(asked.ends);
  return nodesAmong(asked.ends).flatMap((node) =>
    chosenBackends(entry, node).length === 0
      ? []
      : hosts.map((source) => ({
          ...trialOf(entry, source, asked.family),
          destination: `${entry.name} at ${node.name}`,
          address: node.inLab.address,
          port: nodePort,
          ...judgedTwice((side) => throughNode(side, asked, { source, node, entry })),
        })),
  );
}

function balancerTrials(asked: ServiceTrials, entry: Entry): RehearsalTrial[] {
  const { spec, status } = entry.service;
  if (spec?.loadBalancerSourceRanges !== undefined) return [];
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }) => parseAddress(ip) ?? []);
  const nodes = nodesAmong(asked.ends).filter((node) => chosenBackends(entry, node).length > 0);
  if (nodes.length === 0) return [];
  return addresses
    .filter(({ family }: Address) => family === asked.family)
    .flatMap((address) =>
      hostsAmong(asked.ends).map((source) => ({
        ...trialOf(entry, source, asked.family),
        destination: `${entry.name} at its load balancer`,
        address,
        port: entry.servicePort.port,
        ...judgedTwice((side) => united(nodes.map((node) => throughNode(side, asked, { source, node, entry })))),
      })),
    );
}

function trialOf(
  { protocol, isServed }: Entry,
  source: RehearsedEnd,
  family: Family,
): Pick<RehearsalTrial, 'source' | 'family' | 'protocol' | 'isServed'> {
  return { source, family, protocol, isServed };
}

function hostsAmong(ends: readonly RehearsedEnd[]): RehearsedEnd[] {
  return ends.filter(({ end }) => end.kind === 'address');
}

function nodesAmong(ends: readonly RehearsedEnd[]): RehearsedEnd[] {
  return ends.filter(({ end }) => end.kind === 'node');
}

/** The cluster that is rehearsed, or the lab. */
type Side = 'end' | 'inLab';

function judgedTwice(judged: (side: Side) => Outcome): Pick<RehearsalTrial, 'computed' | 'inLab'> {
  return { computed: judged('end'), inLab: judged('inLab') };
}

interface NodeWay {
  readonly source: RehearsedEnd;
  readonly node: RehearsedEnd;
  readonly entry: Entry;
}

function nodeOf({ pod }: Backend): string {
  return pod.end.kind === 'endpoint' ? `node ${pod.end.endpoint.node}` : '';
}

/** The pods that the node may hand on to. */
function chosenBackends({ service, backends }: Entry, node: RehearsedEnd): readonly Backend[] {
  return service.spec?.externalTrafficPolicy === 'Local' ? backends.filter((backend) => nodeOf(backend) === node.name) : backends;
}

/** What comes of a client outside that asks the node. */
function throughNode(side: Side, asked: ServiceTrials, { source, node, entry }: NodeWay): Outcome {
  const isLocal = entry.service.spec?.externalTrafficPolicy === 'Local';
  return united(
    chosenBackends(entry, node).map((backend) => {
      if (isLocal) return judge(side, asked, { source, backend, entry });
      if (nodeOf(backend) !== node.name) return judge(side, asked, { source: node, backend, entry });
      return goesPast(asked.meant, backend) ? 'allow' : judge(side, asked, { source, backend, entry });
    }),
  );
}

function goesPast({ world }: Snapshot, { pod: { end } }: Backend): boolean {
  return world.profile.nodePortBypassesIngress && end.kind === 'endpoint' && systemOfEndpoint(end.endpoint) === 'linux';
}

function judge(
  side: Side,
  { meant, lab }: ServiceTrials,
  { source, backend, entry }: { readonly source: RehearsedEnd; readonly backend: Backend; readonly entry: Entry },
): Outcome {
  const { world } = side === 'end' ? meant : lab;
  const destination: AddressedEnd = backend.pod[side];
  return judgeQuestion(world, {
    source: source[side],
    destination,
    protocol: transportNumber(entry.protocol),
    destinationPort: backend.port,
  });
}

function united(outcomes: readonly Outcome[]): Outcome {
  const [first = 'unknown', ...others] = outcomes;
  return others.every((other) => other === first) ? first : 'unknown';
}
