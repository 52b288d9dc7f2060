/** What of a cluster decides which engine fits it: its size, its systems and families, and what its policies use. */
import { compileNetworkPolicy } from '@weir/compile';
import type { KubeObject, NetworkPolicy, Node, Service } from '@weir/kube';
import { type EngineName, enforcementTarget, type OperatingSystem, type Policy, selectorMatches } from '@weir/model';
import { addressRangesContain } from '@weir/net';
import { copiesOf, groupVersionOf, loadSnapshot, type PlacedObject, type Snapshot } from '@weir/snapshot';

/** The traits; policies and services as `namespace/name`. */
export interface ClusterTraits {
  readonly nodes: number;
  readonly windowsNodes: number;
  readonly pods: number;
  readonly hasIpv6: boolean;
  /** What an engine refuses on a system that the cluster has, with the first reason. */
  readonly refused: (engine: EngineName) => readonly { readonly policy: string; readonly reason: string }[];
  /** Policies whose blocks hold addresses of pods or nodes. */
  readonly blocksOfCluster: readonly string[];
  readonly isolatingEgress: readonly string[];
  /** NodePort and load-balancer services with `externalTrafficPolicy: Cluster` in front of pods whose ingress is isolated. */
  readonly bypassableServices: readonly string[];
  /** Kinds of the policy APIs of Calico and Cilium. */
  readonly calicoKinds: readonly string[];
  readonly ciliumKinds: readonly string[];
}

/** Reads the traits from objects, placed or not. */
export function clusterTraits(objects: readonly (KubeObject | PlacedObject)[]): ClusterTraits {
  const plain = objects.map((entry): KubeObject => ('positionOf' in entry ? entry.object : entry));
  const snapshot = loadSnapshot(objects);
  const nodes = plain.filter((object) => object.kind === 'Node' && groupVersionOf(object).group === '') as Node[];
  const policies = plain.filter(
    (object) => object.kind === 'NetworkPolicy' && groupVersionOf(object).group === 'networking.k8s.io',
  ) as NetworkPolicy[];
  const windowsNodes = nodes.filter(({ metadata }) => metadata.labels?.['kubernetes.io/os'] === 'windows').length;
  const systems: readonly OperatingSystem[] = windowsNodes > 0 ? ['linux', 'windows'] : ['linux'];
  const endpoints = [...snapshot.endpoints.values()];
  return {
    nodes: nodes.length,
    windowsNodes,
    pods: [...snapshot.pods.values()].reduce(
      (sum, { metadata: { namespace = 'default', name = '' } }) => sum + copiesOf(snapshot, { namespace, name }),
      0,
    ),
    hasIpv6: endpoints.some(({ addresses }) => addresses.some(({ family }) => family === 6)),
    refused: (engine) => policies.flatMap((policy) => refusalOf(policy, engine, systems)),
    blocksOfCluster: namesOf(snapshot.policies.filter((policy) => holdsClusterAddresses(policy, snapshot))),
    isolatingEgress: namesOf(snapshot.policies.filter(({ egress }) => egress?.isolates === true)),
    bypassableServices: snapshot.services.filter((service) => isBypassable(service, snapshot)).map(nameOfObject),
    calicoKinds: kindsOf(plain, 'projectcalico.org'),
    ciliumKinds: kindsOf(plain, 'cilium.io'),
  };
}

function refusalOf(policy: NetworkPolicy, engine: EngineName, systems: readonly OperatingSystem[]): { policy: string; reason: string }[] {
  for (const system of systems) {
    const [first] = compileNetworkPolicy(policy, { target: enforcementTarget(engine, system) }).diagnostics;
    if (first?.code === 'unsupported-policy') return [{ policy: nameOfObject(policy), reason: `${first.field ?? ''}: ${first.message}` }];
  }
  return [];
}

function holdsClusterAddresses({ ingress, egress }: Policy, { endpoints, nodes }: Snapshot): boolean {
  const sides = [
    ...(ingress?.rules ?? []).map(({ match }) => match.source),
    ...(egress?.rules ?? []).map(({ match }) => match.destination),
  ];
  const addresses = [...endpoints.values(), ...nodes].flatMap((one) => one.addresses);
  return sides.some(({ nets }) => nets !== undefined && addresses.some((address) => addressRangesContain(nets, address)));
}

function isBypassable(service: Service, { world, endpoints }: Snapshot): boolean {
  const { type, externalTrafficPolicy, selector } = service.spec ?? {};
  if ((type !== 'NodePort' && type !== 'LoadBalancer') || externalTrafficPolicy === 'Local' || selector === undefined) return false;
  const { namespace = 'default' } = service.metadata;
  const wanted = Object.entries(selector);
  return [...endpoints.values()].some(
    (endpoint) =>
      endpoint.namespace === namespace &&
      wanted.every(([key, value]) => endpoint.labels.pod[key] === value) &&
      world
        .selecting(endpoint)
        .some(({ policies }) => policies.some((policy) => policy.ingress?.isolates === true && selectorMatches(policy.subject, endpoint))),
  );
}

function kindsOf(objects: readonly KubeObject[], group: string): string[] {
  const kinds = objects.filter((object) => groupVersionOf(object).group.endsWith(group)).map(({ kind = '' }) => kind);
  return [...new Set(kinds)].sort();
}

function namesOf(policies: readonly Policy[]): string[] {
  return [...new Set(policies.map(({ ref }) => `${ref.namespace ?? ''}/${ref.name}`))];
}

function nameOfObject({ metadata: { namespace = 'default', name = '' } }: KubeObject): string {
  return `${namespace}/${name}`;
}
