/** Flows under policies with every field of a rule: the comparison by classes says of each what evaluation says. */
import { compareWorlds, type EndClass, type FlowChange, type TrafficClass } from '@weir/connectivity';
import type { KubeObject } from '@weir/kube';
import { engineProfiles, type FlowEnd, type FlowQuestion, judgeQuestion } from '@weir/model';
import { formatAddress, portRangesContain } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { Random } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

type Json = Readonly<Record<string, unknown>>;

const pods = ['a', 'b', 'c', 'd'].map((name, i): KubeObject & Json => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: i < 3 ? 'n' : 'm', uid: `uid-${name}`, labels: { app: name, tier: i % 2 === 0 ? 'front' : 'back' } },
  spec: {
    nodeName: i === 1 ? 'n2' : 'n1',
    containers: [{ name: 'c', image: 'x', ports: [{ name: 'web', containerPort: 8000 + (i % 2) }] }],
  },
  status: { podIP: `10.0.0.${i + 1}`, phase: 'Running' },
}));
const nodes = ['n1', 'n2'].map((name, i): KubeObject & Json => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name },
  status: { addresses: [{ type: 'InternalIP', address: `192.168.0.${i + 1}` }] },
}));
const namespaces = ['n', 'm'].map((name): KubeObject & Json => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { team: name } },
}));

/** Rules that ask for everything that a rule can ask for, in either direction. */
const rules: readonly Json[] = [
  { action: 'Allow', protocol: 'TCP', source: { selector: "app == 'a'" }, destination: { ports: [80, '8000:8001'] } },
  { action: 'Deny', protocol: 'TCP', destination: { notPorts: [443, 'web'] } },
  { action: 'Allow', notProtocol: 'UDP', source: { notSelector: "tier == 'front'", namespaceSelector: 'all()' } },
  { action: 'Allow', protocol: 'ICMP', icmp: { type: 8 } },
  { action: 'Deny', protocol: 'ICMP', notICMP: { type: 8, code: 0 } },
  { action: 'Pass', protocol: 'UDP', source: { ports: ['1000:2000'] } },
  { action: 'Allow', protocol: 'TCP', source: { notPorts: [53], nets: ['10.0.0.0/30'] }, destination: { notNets: ['10.0.0.2/32'] } },
  { action: 'Deny', protocol: 47 },
  { action: 'Allow', source: { nets: ['203.0.113.0/24'], notNets: ['203.0.113.128/25'] } },
  { action: 'Allow', destination: { selector: "tier == 'back'", namespaceSelector: "team == 'n'" } },
  { action: 'Allow', protocol: 'TCP', destination: { ports: ['web'] } },
  { action: 'Log', protocol: 'TCP' },
];

const packets: readonly Omit<FlowQuestion, 'source' | 'destination'>[] = [
  ...[80, 443, 53, 8000, 8001].flatMap((destinationPort) =>
    [53, 1500, 40_000].flatMap((sourcePort) => [6, 17].map((protocol) => ({ protocol, sourcePort, destinationPort }))),
  ),
  ...[0, 8].flatMap((type) => [0, 3].map((code) => ({ protocol: 1, icmp: { type, code } }))),
  { protocol: 47 },
  { protocol: 50 },
];

function policy(random: Random, name: string): KubeObject & Json {
  const some = (): Json[] => random.times(random.integer(0, 4), () => rules[random.integer(0, rules.length - 1)] ?? {});
  const [isGlobal, isStaged] = [random.integer(0, 1) === 1, random.integer(0, 1) === 1];
  return {
    apiVersion: 'projectcalico.org/v3',
    kind: `${isStaged ? 'Staged' : ''}${isGlobal ? 'Global' : ''}NetworkPolicy`,
    metadata: { name, ...(isGlobal ? {} : { namespace: 'n' }) },
    spec: {
      order: random.integer(1, 3),
      selector: ['all()', "app == 'a'", "tier == 'back'"][random.integer(0, 2)],
      types: [['Ingress'], ['Egress'], ['Ingress', 'Egress']][random.integer(0, 2)],
      ingress: some(),
      egress: some(),
    },
  };
}

/** The ends and packets of the changes, each as one text. */
function changed(comparisons: ReturnType<typeof compareWorlds>): Map<string, FlowChange> {
  const found = new Map<string, FlowChange>();
  for (const { ends, changes, traffic: all } of comparisons) {
    const members = (at: number): readonly FlowEnd[] => (ends.classes[at] as EndClass).ends;
    for (const { change, ownNode, blocks } of changes) {
      for (const { sources, destinations, traffic } of blocks) {
        const touched = packets.filter((packet) => traffic.some((each) => isIn(packet, each, all)));
        for (const source of sources.flatMap(members)) {
          for (const destination of destinations.flatMap(members)) {
            if (isOwnNode(source, destination) !== ownNode || nameOf(source) === nameOf(destination)) continue;
            for (const packet of touched) found.set(textOf({ source, destination, ...packet }), change);
          }
        }
      }
    }
  }
  return found;
}

function isIn(
  packet: (typeof packets)[number],
  { protocol, ports, sourcePorts, icmp }: TrafficClass,
  all: readonly TrafficClass[],
): boolean {
  // Protocols that no rule names are told with the rest, or with ICMP where no rule tells that apart either.
  const isNamed = all.some((each) => each.protocol === packet.protocol && each.isRest !== true);
  const standIn = isNamed ? packet.protocol : (all.find(({ isRest }) => isRest === true)?.protocol ?? 1);
  if (standIn !== protocol) return false;
  if (ports !== undefined && !portRangesContain(ports, packet.destinationPort ?? 0)) return false;
  if (sourcePorts !== undefined && !portRangesContain(sourcePorts, packet.sourcePort ?? 0)) return false;
  return icmp === undefined || packet.icmp === undefined || icmp === messageClass(packet.icmp, all);
}

/** The message that stands for this one: itself, the last of its type, or the last of all. */
function messageClass({ type, code }: NonNullable<TrafficClass['icmp']>, all: readonly TrafficClass[]): TrafficClass['icmp'] {
  const messages = all.flatMap(({ icmp }) => icmp ?? []);
  const ofType = messages.filter((one) => one.type === type);
  return ofType.find((one) => one.code === code) ?? ofType.at(-1) ?? messages.at(-1);
}

function isOwnNode(source: FlowEnd, destination: FlowEnd): boolean {
  const [pod, node] = source.kind === 'endpoint' ? [source, destination] : [destination, source];
  return pod.kind === 'endpoint' && node.kind === 'node' && pod.endpoint.node === node.node.name;
}

function nameOf(end: FlowEnd): string {
  return end.address === undefined ? '' : formatAddress(end.address);
}

function textOf({ source, destination, protocol, sourcePort, destinationPort, icmp }: FlowQuestion): string {
  return `${nameOf(source)} ${nameOf(destination)} ${protocol} ${sourcePort ?? ''} ${destinationPort ?? ''} ${icmp?.type ?? ''}/${icmp?.code ?? ''}`;
}

describe('the flows that staged policies change', () => {
  it.each(Array.from({ length: 25 }, (_, i) => 9_300 + i))(
    'are those that evaluation judges otherwise when they are enforced, seed %i',
    (seed) => {
      const random = new Random(seed);
      const policies = random.times(4, (i) => policy(random, `p${i}`));
      const snapshot = loadSnapshot([...pods, ...nodes, ...namespaces, ...policies], { profile: engineProfiles.calico });
      expect(snapshot.diagnostics.filter(({ code }) => code === 'invalid-policy')).toEqual([]);
      const { world } = snapshot;
      const then = world.withTiers(
        world.tiers.map((tier) => ({ ...tier, policies: tier.policies.map((one) => ({ ...one, staged: false })) })),
      );
      const comparisons = compareWorlds(snapshot, then);
      const found = changed(comparisons);
      const ends = comparisons.flatMap((one) => one.ends.classes.flatMap((each) => each.ends));
      const wrong: string[] = [];
      for (const source of ends) {
        for (const destination of ends) {
          if (nameOf(source) === nameOf(destination)) continue;
          for (const packet of packets) {
            const question = { source, destination, ...packet };
            const [was, becomes] = [judgeQuestion(world, question), judgeQuestion(then, question)];
            const expected = was === becomes ? undefined : becomes === 'deny' ? 'lost' : 'gained';
            if (found.get(textOf(question)) !== expected)
              wrong.push(`${textOf(question)}: ${found.get(textOf(question))}, not ${expected}`);
          }
        }
      }
      expect(wrong.slice(0, 5)).toEqual([]);
    },
  );
});
