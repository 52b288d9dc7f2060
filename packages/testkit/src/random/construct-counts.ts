/**
 * Counts how often each construct of NetworkPolicy occurs in a world, so that a test can demand
 * that none of them is missing from a run.
 */
import type { IPBlock, LabelSelector, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, Pod } from '@weir/kube';
import { blockHolds, readAddress } from '../oracle/address-number.ts';
import { isFinished, nodeAddresses, podAddresses } from '../oracle/inhabitants.ts';
import { labelsSatisfy } from '../oracle/label-selection.ts';
import type { World } from '../oracle/world.ts';

/** What is counted; every name must occur in a long enough run. */
export const constructNames = [
  'peer: podSelector alone',
  'peer: namespaceSelector alone',
  'peer: both selectors',
  'peer: several in one rule',
  'selector: matchLabels',
  'selector: labels and expressions',
  'selector: several expressions',
  'pod selector: empty',
  'pod selector: In',
  'pod selector: NotIn',
  'pod selector: NotIn, key absent on a pod',
  'pod selector: Exists',
  'pod selector: DoesNotExist',
  'namespace selector: empty',
  'namespace selector: In',
  'namespace selector: NotIn',
  'namespace selector: Exists',
  'namespace selector: DoesNotExist',
  'namespace selector: negations only',
  'namespace selector: by name',
  'ipBlock: IPv4',
  'ipBlock: IPv6',
  'ipBlock: except',
  'ipBlock: except empty',
  'ipBlock: overlapping excepts',
  'ipBlock: duplicate excepts',
  'ipBlock: overlapping blocks in one rule',
  'ipBlock: duplicate blocks in one rule',
  'ipBlock: IPv4 /0',
  'ipBlock: IPv6 /0',
  'ipBlock: non-canonical prefix',
  'ipBlock: holds a pod',
  'ipBlock: holds a node',
  'ipBlock: a hole takes out a pod',
  'port: number',
  'port: name',
  'port: name that no pod has',
  'port: name with another protocol than the pod',
  'port: name that pods number differently',
  'port: name in a sidecar',
  'port: name in an ordinary init container',
  'port: name with several protocols on one pod',
  'port: endPort',
  'port: endPort equal to port',
  'port: protocol alone',
  'port: protocol defaulted',
  'port: TCP',
  'port: UDP',
  'port: SCTP',
  'policyTypes: absent without egress rules',
  'policyTypes: absent with egress rules',
  'policyTypes: absent with an empty egress list',
  'policyTypes: empty',
  'policyTypes: Ingress only, with egress rules given',
  'policyTypes: Egress only, with ingress rules given',
  'policyTypes: both',
  'policy: podSelector absent',
  'rules: absent',
  'rules: empty list',
  'rules: empty rule',
  'rules: several',
  'rule: peers absent',
  'rule: peers empty',
  'rule: ports absent',
  'rule: ports empty',
  'rule: several ports',
  'pod: hostNetwork selected by labels',
  'pod: finished selected by labels',
  'pod: finished, its address with another pod',
  'pod: dual-stack',
  'pod: IPv6 only',
  'pod: without an address',
  'pod: selected by several policies',
] as const;

/** The name of one construct. */
export type ConstructName = (typeof constructNames)[number];

/** How often each construct occurs in the world. */
export function countConstructs(world: World): Record<ConstructName, number> {
  const counts = Object.fromEntries(constructNames.map((name) => [name, 0])) as Record<ConstructName, number>;
  const count: Count = (name, condition) => {
    if (condition) counts[name]++;
  };
  for (const policy of world.networkPolicies) countPolicy(world, policy, count);
  for (const pod of world.pods) countPod(world, pod, count);
  return counts;
}

type Count = (name: ConstructName, condition: boolean) => void;

function countPolicy(world: World, policy: NetworkPolicy, count: Count): void {
  const { podSelector, policyTypes, ingress, egress } = policy.spec ?? {};
  count('policy: podSelector absent', podSelector === undefined);
  if (podSelector !== undefined) countSelector(world, podSelector, 'pod selector', count);
  count('policyTypes: absent without egress rules', policyTypes === undefined && egress === undefined);
  count('policyTypes: absent with egress rules', policyTypes === undefined && (egress ?? []).length > 0);
  count('policyTypes: absent with an empty egress list', policyTypes === undefined && egress?.length === 0);
  count('policyTypes: empty', policyTypes?.length === 0);
  const only = policyTypes?.length === 1 ? policyTypes[0] : undefined;
  count('policyTypes: Ingress only, with egress rules given', only === 'Ingress' && (egress ?? []).length > 0);
  count('policyTypes: Egress only, with ingress rules given', only === 'Egress' && (ingress ?? []).length > 0);
  count('policyTypes: both', policyTypes?.length === 2);
  const byPeers = [ingress?.map(({ from, ports }) => ({ peers: from, ports })), egress?.map(({ to, ports }) => ({ peers: to, ports }))];
  for (const rules of byPeers) {
    count('rules: absent', rules === undefined);
    count('rules: empty list', rules?.length === 0);
    count('rules: several', (rules ?? []).length > 1);
    for (const { peers, ports } of rules ?? []) {
      count('rules: empty rule', peers === undefined && ports === undefined);
      count('rule: peers absent', peers === undefined);
      count('rule: peers empty', peers?.length === 0);
      count('rule: ports absent', ports === undefined);
      count('rule: ports empty', ports?.length === 0);
      count('rule: several ports', (ports ?? []).length > 1);
      countPeers(world, peers ?? [], count);
      for (const port of ports ?? []) countPort(world, port, count);
    }
  }
}

function countPeers(world: World, peers: readonly NetworkPolicyPeer[], count: Count): void {
  count('peer: several in one rule', peers.length > 1);
  for (const { podSelector, namespaceSelector, ipBlock } of peers) {
    count('peer: podSelector alone', podSelector !== undefined && namespaceSelector === undefined);
    count('peer: namespaceSelector alone', podSelector === undefined && namespaceSelector !== undefined);
    count('peer: both selectors', podSelector !== undefined && namespaceSelector !== undefined);
    if (podSelector !== undefined) countSelector(world, podSelector, 'pod selector', count);
    if (namespaceSelector !== undefined) countSelector(world, namespaceSelector, 'namespace selector', count);
    if (ipBlock !== undefined) countBlock(world, ipBlock, count);
  }
  const cidrs = peers.flatMap(({ ipBlock }) => ipBlock?.cidr ?? []);
  count('ipBlock: duplicate blocks in one rule', new Set(cidrs).size < cidrs.length);
  count(
    'ipBlock: overlapping blocks in one rule',
    cidrs.some((cidr, i) => cidrs.some((other, j) => i < j && cidr !== other && overlap(cidr, other))),
  );
}

function countSelector(world: World, selector: LabelSelector, space: 'pod selector' | 'namespace selector', count: Count): void {
  const labels = Object.keys(selector.matchLabels ?? {});
  const expressions = selector.matchExpressions ?? [];
  count('selector: matchLabels', labels.length > 0);
  count('selector: labels and expressions', labels.length > 0 && expressions.length > 0);
  count('selector: several expressions', expressions.length > 1);
  count(`${space}: empty`, labels.length === 0 && expressions.length === 0);
  for (const operator of ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const) {
    count(
      `${space}: ${operator}`,
      expressions.some((expression) => expression.operator === operator),
    );
  }
  if (space === 'pod selector') {
    const notIn = expressions.filter(({ operator }) => operator === 'NotIn');
    count(
      'pod selector: NotIn, key absent on a pod',
      notIn.some(({ key }) => world.pods.some((pod) => !Object.hasOwn(pod.metadata.labels ?? {}, key))),
    );
    return;
  }
  const negations = expressions.filter(({ operator }) => operator === 'NotIn' || operator === 'DoesNotExist');
  count('namespace selector: negations only', labels.length === 0 && negations.length > 0 && negations.length === expressions.length);
  const byName = [...labels, ...expressions.map(({ key }) => key)].includes('kubernetes.io/metadata.name');
  count('namespace selector: by name', byName);
}

function countBlock(world: World, { cidr, except: given }: IPBlock, count: Count): void {
  const except = given ?? [];
  const holds = (addresses: readonly string[]): boolean => addresses.some((address) => blockHolds(cidr, readAddress(address)));
  const base = cidr.split('/')[0] ?? '';
  count('ipBlock: IPv4', !cidr.includes(':'));
  count('ipBlock: IPv6', cidr.includes(':'));
  count('ipBlock: IPv4 /0', !cidr.includes(':') && cidr.endsWith('/0'));
  count('ipBlock: IPv6 /0', cidr.includes(':') && cidr.endsWith('/0'));
  count('ipBlock: except', except.length > 0);
  count('ipBlock: except empty', given !== undefined && given.length === 0);
  count('ipBlock: duplicate excepts', new Set(except).size < except.length);
  count(
    'ipBlock: overlapping excepts',
    except.some((hole, i) => except.some((other, j) => i < j && hole !== other && overlap(hole, other))),
  );
  count('ipBlock: non-canonical prefix', hasHostBits(base, Number(cidr.split('/')[1])));
  const pods = world.pods.filter((pod) => pod.spec?.hostNetwork !== true).flatMap(podAddresses);
  count('ipBlock: holds a pod', holds(pods));
  count('ipBlock: holds a node', holds((world.nodes ?? []).flatMap(nodeAddresses)));
  count(
    'ipBlock: a hole takes out a pod',
    except.some((hole) => pods.some((address) => blockHolds(hole, readAddress(address)))),
  );
}

function countPort(world: World, { protocol, port, endPort }: NetworkPolicyPort, count: Count): void {
  count('port: number', typeof port === 'number' && endPort === undefined);
  count('port: endPort', endPort !== undefined && endPort !== port);
  count('port: endPort equal to port', endPort !== undefined && endPort === port);
  count('port: protocol alone', port === undefined);
  count('port: protocol defaulted', protocol === undefined);
  for (const name of ['TCP', 'UDP', 'SCTP'] as const) count(`port: ${name}`, protocol === name);
  if (typeof port !== 'string') return;
  const declared = world.pods.map((pod) => containersOf(pod).flatMap(({ kind, ports }) => ports.map((entry) => ({ kind, ...entry }))));
  const named = declared.map((ports) => ports.filter(({ name }) => name === port));
  const matching = named.map((ports) => ports.filter((entry) => entry.protocol === (protocol ?? 'TCP')));
  count('port: name', true);
  count(
    'port: name that no pod has',
    named.every((ports) => ports.length === 0),
  );
  count(
    'port: name with another protocol than the pod',
    named.some((ports, i) => ports.length > 0 && matching[i]?.length === 0),
  );
  count('port: name that pods number differently', new Set(matching.flat().map(({ number }) => number)).size > 1);
  count(
    'port: name in a sidecar',
    matching.flat().some(({ kind }) => kind === 'sidecar'),
  );
  count(
    'port: name in an ordinary init container',
    matching.flat().some(({ kind }) => kind === 'init'),
  );
  count(
    'port: name with several protocols on one pod',
    named.some((ports) => new Set(ports.map((entry) => entry.protocol)).size > 1),
  );
}

function countPod(world: World, pod: Pod, count: Count): void {
  const addresses = podAddresses(pod);
  const labelled = world.networkPolicies.filter(
    ({ metadata, spec }) =>
      metadata.namespace === pod.metadata.namespace && labelsSatisfy(spec?.podSelector ?? {}, pod.metadata.labels ?? {}),
  );
  count('pod: hostNetwork selected by labels', pod.spec?.hostNetwork === true && labelled.length > 0);
  count('pod: finished selected by labels', isFinished(pod) && labelled.length > 0);
  const others = world.pods.filter((other) => other !== pod && !isFinished(other)).flatMap(podAddresses);
  count('pod: finished, its address with another pod', isFinished(pod) && addresses.some((address) => others.includes(address)));
  if (pod.spec?.hostNetwork === true || isFinished(pod)) return;
  count('pod: dual-stack', addresses.length === 2);
  count('pod: IPv6 only', addresses.length === 1 && (addresses[0] ?? '').includes(':'));
  count('pod: without an address', addresses.length === 0);
  count('pod: selected by several policies', labelled.length > 1);
}

function containersOf(
  pod: Pod,
): { kind: 'container' | 'sidecar' | 'init'; ports: { name: string | undefined; protocol: string; number: number }[] }[] {
  const portsOf = (ports: NonNullable<Pod['spec']>['containers'][number]['ports']) =>
    (ports ?? []).map(({ name, protocol, containerPort }) => ({ name, protocol: protocol ?? 'TCP', number: containerPort }));
  return [
    ...(pod.spec?.containers ?? []).map(({ ports }) => ({ kind: 'container' as const, ports: portsOf(ports) })),
    ...(pod.spec?.initContainers ?? []).map(({ ports, restartPolicy }) => ({
      kind: restartPolicy === 'Always' ? ('sidecar' as const) : ('init' as const),
      ports: portsOf(ports),
    })),
  ];
}

function overlap(a: string, b: string): boolean {
  const base = (cidr: string): ReturnType<typeof readAddress> => readAddress(cidr.split('/')[0] ?? '');
  return blockHolds(a, base(b)) || blockHolds(b, base(a));
}

function hasHostBits(base: string, length: number): boolean {
  const { family, value } = readAddress(base);
  const hostBits = BigInt((family === 4 ? 32 : 128) - length);
  return (value >> hostBits) << hostBits !== value;
}
