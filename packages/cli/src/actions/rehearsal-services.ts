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
import { type FlowEnd, judgeQuestion, type Outcome, systemOfEndpoint, type WorldNode } from '@weir/model';
import { type Address, type Family, parseAddress, transportNumber } from '@weir/net';
import { type Snapshot, serviceBackends } from '@weir/snapshot';
import type { RehearsedEnd } from './rehearsal-ends.ts';

/** One connection to a way into a service. */
export interface ServiceTrial {
  readonly source: RehearsedEnd;
  readonly destination: string;
  readonly address: Address;
  readonly family: Family;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly computed: Outcome;
}

/** Where services are tried. */
export interface ServiceTrials {
  readonly snapshot: Snapshot;
  /** Services as `namespace/name`. */
  readonly services: ReadonlySet<string>;
  /** Of the family. */
  readonly ends: readonly RehearsedEnd[];
  readonly family: Family;
}

type PodEnd = FlowEnd & { readonly kind: 'endpoint'; readonly address: Address };

interface Entry {
  readonly name: string;
  readonly servicePort: ServicePort;
  readonly protocol: 'TCP' | 'UDP';
  readonly backends: readonly { readonly end: PodEnd; readonly port: number }[];
}

/** Every way into every service that has pods. */
export function serviceTrials(asked: ServiceTrials): ServiceTrial[] {
  const { snapshot, services, family } = asked;
  return snapshot.services.flatMap((service) => {
    const { namespace = 'default', name = '' } = service.metadata;
    if (!services.has(`${namespace}/${name}`)) return [];
    return (service.spec?.ports ?? []).flatMap((servicePort): ServiceTrial[] => {
      const { protocol = 'TCP' } = servicePort;
      if (protocol !== 'TCP' && protocol !== 'UDP') return [];
      const backends = serviceBackends(snapshot, service, servicePort).flatMap(({ end, port }) => {
        const address = end.kind === 'endpoint' ? end.endpoint.addresses.find((each) => each.family === family) : undefined;
        return end.kind === 'endpoint' && address !== undefined ? [{ end: { ...end, address }, port }] : [];
      });
      if (backends.length === 0) return [];
      const entry: Entry = { name: `service ${namespace}/${name}`, servicePort, protocol, backends };
      return [...clusterTrials(asked, service, entry), ...nodePortTrials(asked, service, entry), ...balancerTrials(asked, service, entry)];
    });
  });
}

function clusterTrials({ snapshot, ends, family }: ServiceTrials, { spec }: Service, entry: Entry): ServiceTrial[] {
  // Which pods are drawn with internalTrafficPolicy: Local depends on the node of the source.
  if (spec?.internalTrafficPolicy === 'Local') return [];
  const addresses = (spec?.clusterIPs ?? []).flatMap((text) => parseAddress(text) ?? []).filter((address) => address.family === family);
  return addresses.flatMap((address) =>
    ends
      .filter(({ end }) => end.kind !== 'address')
      .map((source) => ({
        ...trialOf(entry, source, family),
        destination: entry.name,
        address,
        port: entry.servicePort.port,
        computed: united(entry.backends.map((backend) => judge(snapshot, source.end, { entry, backend }))),
      })),
  );
}

function nodePortTrials({ snapshot, ends, family }: ServiceTrials, { spec }: Service, entry: Entry): ServiceTrial[] {
  const { nodePort } = entry.servicePort;
  if (nodePort === undefined) return [];
  const nodes = ends.flatMap(({ end }) => (end.kind === 'node' ? [end] : []));
  return nodes.flatMap(({ node, address }) =>
    hostsAmong(ends).flatMap((source) => {
      const computed = throughNode(snapshot, source, { entry, node, isLocal: spec?.externalTrafficPolicy === 'Local' });
      const destination = `${entry.name} at node ${node.name}`;
      return computed === undefined ? [] : [{ ...trialOf(entry, source, family), destination, address, port: nodePort, computed }];
    }),
  );
}

function balancerTrials({ snapshot, ends, family }: ServiceTrials, { spec, status }: Service, entry: Entry): ServiceTrial[] {
  if (spec?.loadBalancerSourceRanges !== undefined) return [];
  const addresses = (status?.loadBalancer?.ingress ?? []).flatMap(({ ip = '' }) => parseAddress(ip) ?? []);
  return addresses
    .filter((address) => address.family === family)
    .flatMap((address) =>
      hostsAmong(ends).flatMap((source) => {
        const ways = snapshot.nodes.flatMap(
          (node) => throughNode(snapshot, source, { entry, node, isLocal: spec?.externalTrafficPolicy === 'Local' }) ?? [],
        );
        const destination = `${entry.name} at its load balancer`;
        return ways.length === 0
          ? []
          : [{ ...trialOf(entry, source, family), destination, address, port: entry.servicePort.port, computed: united(ways) }];
      }),
    );
}

function trialOf({ protocol }: Entry, source: RehearsedEnd, family: Family): Pick<ServiceTrial, 'source' | 'family' | 'protocol'> {
  return { source, family, protocol };
}

function hostsAmong(ends: readonly RehearsedEnd[]): RehearsedEnd[] {
  return ends.filter(({ end }) => end.kind === 'address');
}

interface NodeWay {
  readonly entry: Entry;
  readonly node: WorldNode;
  readonly isLocal: boolean;
}

/** What comes of a client outside that asks the node; undefined where the node hands on to nobody. */
function throughNode(snapshot: Snapshot, { end }: RehearsedEnd, { entry, node, isLocal }: NodeWay): Outcome | undefined {
  const own = entry.backends.filter((backend) => backend.end.endpoint.node === node.name);
  const chosen = isLocal ? own : entry.backends;
  if (chosen.length === 0) return undefined;
  return united(
    chosen.map((backend) => {
      if (isLocal) return judge(snapshot, end, { entry, backend });
      if (!own.includes(backend))
        return judge(snapshot, { kind: 'node', node, address: addressOf(node, backend.end.address) }, { entry, backend });
      const goesPast = snapshot.world.profile.nodePortBypassesIngress && systemOfEndpoint(backend.end.endpoint) === 'linux';
      return goesPast ? 'allow' : judge(snapshot, end, { entry, backend });
    }),
  );
}

function addressOf({ addresses }: WorldNode, { family }: Address): Address {
  const address = addresses.find((each) => each.family === family);
  if (address === undefined) throw new TypeError('a node of the lab has an address of each family');
  return address;
}

function judge(
  { world }: Snapshot,
  source: FlowEnd,
  { entry, backend }: { readonly entry: Entry; readonly backend: Entry['backends'][number] },
): Outcome {
  const protocol = transportNumber(entry.protocol);
  return judgeQuestion(world, { source, destination: backend.end, protocol, destinationPort: backend.port });
}

function united(outcomes: readonly Outcome[]): Outcome {
  const [first = 'unknown', ...others] = outcomes;
  return others.every((other) => other === first) ? first : 'unknown';
}
