/**
 * The table of engine profiles on real packets: each row, for every engine on each of its data planes.
 *
 * What is expected is what the table says; the oracle, which knows engines by their documentation
 * alone, has to say the same of every flow before its packets are sent.
 */
import type { LabelSelectorRequirement, NetworkPolicy, NetworkPolicyPeer, NetworkPolicySpec, Pod } from '@weir/kube';
import { type EngineProfile, engineProfiles, type OperatingSystem, type PolicyFeature, systemOf, unsupportedOn } from '@weir/model';
import { NetworkPolicyOracle, netpolPolicy as policy, renderFlow, type World } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { renderKubeForward } from '../packages/lab/src/services/kube-forward.ts';
import { renderProxyTable, renderProxyTableRemoval } from '../packages/lab/src/services/proxy-table.ts';
import { type BackEnd, backEnds, behavingLike } from './packets/back-ends.ts';
import { PolicedNetwork } from './packets/policed-network.ts';
import { type ExpectedFlow, probeFlows } from './packets/probe-flows.ts';
import { nodeAddressOf, podAddressOf, podEnd, twoNodeWorld } from './packets/two-node-world.ts';

type IngressRule = NonNullable<NetworkPolicySpec['ingress']>[number];

interface Row {
  readonly profile: EngineProfile;
  readonly system: OperatingSystem;
  readonly backEnd: BackEnd;
  /** The engine has another data plane on this system; it behaves the same on this one. */
  readonly isOverride: boolean;
}

/** Every engine on each data plane that it has; those that behave otherwise than kubernetes on the others, too. */
const rows = Object.values(engineProfiles).flatMap((profile) =>
  backEnds
    .map((backEnd): Row => {
      const system = systemOf(backEnd.name);
      return { profile, system, backEnd, isOverride: profile.dataplanes[system] !== backEnd.name };
    })
    .filter(({ system, isOverride }) => !isOverride || (system === 'linux' && isPeculiar(profile))),
);

function isPeculiar({ ipBlockMatchesPods, podReachesOwnNode }: EngineProfile): boolean {
  return !ipBlockMatchesPods || podReachesOwnNode.length > 0;
}

const outside = { 4: '203.0.113.10', 6: '2001:db8::10' } as const;
const everything = { 4: '0.0.0.0/0', 6: '::/0' } as const;
type Family = 4 | 6;

let policed: PolicedNetwork;
beforeAll(() => {
  policed = new PolicedNetwork();
});
afterEach(async () => {
  expect(await policed.drift()).toEqual([]);
});
afterAll(async () => {
  await policed.close();
});

/** The world of two nodes that run the system, with policies. */
function worldOn(system: OperatingSystem, policies: readonly NetworkPolicy[]): World {
  const world = twoNodeWorld({ policies });
  const labels = { 'kubernetes.io/os': system };
  return { ...world, nodes: (world.nodes ?? []).map((node) => ({ ...node, metadata: { ...node.metadata, labels } })) };
}

/** `from > to PROTOCOL port`; an end is a pod, `node-0`, `node-1` or `outside`. */
function flowOf(text: string, family: Family): ExpectedFlow['flow'] {
  const [from = '', , to = '', protocol, port] = text.split(' ');
  const end = (name: string): ExpectedFlow['flow']['source'] => {
    if (name.includes('/')) return podEnd(name, family);
    return { kind: 'address', address: name === 'outside' ? outside[family] : nodeAddressOf(Number(name.slice(5)), family) };
  };
  const flow = { source: end(from), destination: end(to), protocol: protocol as ExpectedFlow['flow']['protocol'] };
  return port === undefined ? flow : { ...flow, port: Number(port) };
}

/** The pod with the numbers of its ports exchanged: the name of one is that of the other. */
function withPortsExchanged(pod: Pod): Pod {
  const containers = (pod.spec?.containers ?? []).map((container) => ({
    ...container,
    ports: (container.ports ?? []).map((port) => ({ ...port, containerPort: port.containerPort === 80 ? 81 : 80 })),
  }));
  return { ...pod, spec: { ...pod.spec, containers } };
}

describe.each(rows)('$profile.name with $backEnd.name', ({ profile, system, backEnd, isOverride }) => {
  let world: World;
  const gaps = new Map(unsupportedOn({ profile, system, expandsUnsupported: false }).map((gap) => [gap.feature, gap.message]));
  const families: readonly Family[] = gaps.has('ipv6') ? [4] : [4, 6];
  const reachesOwnNode = profile.podReachesOwnNode.includes(system);
  /** What becomes of pods of which a policy was refused that was never accepted. */
  const refusedIsOpen = profile.unsupportedPolicies === 'not enforced';

  beforeEach(async () => {
    await policed.reset(behavingLike(backEnd, profile.name));
  });

  async function enforce(...policies: readonly NetworkPolicy[]): Promise<void> {
    world = worldOn(system, policies);
    await policed.moveTo(world);
  }

  const flows = (expected: Readonly<Record<string, boolean>>, of = families): ExpectedFlow[] =>
    of.flatMap((family) => Object.entries(expected).map(([text, allowed]) => ({ flow: flowOf(text, family), allowed })));

  /** What goes otherwise than expected: in the oracle's opinion, then on the wire. */
  async function differences(expected: readonly ExpectedFlow[]): Promise<string[]> {
    const oracle = new NetworkPolicyOracle(world, profile.name);
    const contested = expected.filter(({ flow, allowed }) => oracle.verdict(flow).allowed !== allowed);
    if (contested.length > 0) return contested.map(({ flow, allowed }) => `the oracle does not say ${allowed} of ${renderFlow(flow)}`);
    return (await probeFlows(policed.network, world, expected)).map(({ flow, allowed }) => `${renderFlow(flow)}: not ${allowed}`);
  }

  it('lets a block of every address mean pods and nodes, or never', async () => {
    const { ipBlockMatchesPods: pods, ipBlockMatchesNodes: nodes } = profile;
    const blocks = families.map((family): NetworkPolicyPeer => ({ ipBlock: { cidr: everything[family] } }));
    await enforce(
      policy('x', 'out', { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Egress'], egress: [{ to: blocks }] }),
      policy('y', 'in', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: blocks }] }),
    );
    expect(
      await differences(
        flows({
          'x/a > x/c TCP 80': pods,
          'x/a > z/b UDP 80': pods,
          'x/a > node-0 TCP 80': nodes || reachesOwnNode,
          'x/a > node-1 TCP 80': nodes,
          'x/a > outside TCP 80': true,
          'z/b > y/a TCP 80': pods,
          'x/c > y/a TCP 80': pods,
          'node-0 > y/a TCP 80': nodes,
          'node-1 > y/a TCP 80': true,
          'outside > y/a UDP 80': true,
        }),
      ),
    ).toEqual([]);
  });

  it('lets a pod reach its own node by policy, or always', async () => {
    await enforce(policy('x', 'closed', { podSelector: {}, policyTypes: ['Ingress', 'Egress'] }));
    expect(
      await differences(
        flows(
          {
            'x/a > node-0 TCP 80': reachesOwnNode,
            'x/a > node-0 UDP 81': reachesOwnNode,
            'x/a > node-0 ICMP': reachesOwnNode,
            'x/a > node-1 TCP 80': false,
            'x/b > node-0 TCP 80': false,
            'x/a > y/b TCP 80': false,
            'node-0 > x/a TCP 80': true,
            'node-1 > x/a TCP 80': false,
          },
          [4, 6],
        ),
      ),
    ).toEqual([]);
  });

  if (!gaps.has('named-port')) {
    it('lets a port name in an egress rule be the port of the destination, or one number of the cluster', async () => {
      const inCluster = profile.egressPortNames === 'one number in the cluster';
      const named = policy('x', 'named', {
        podSelector: { matchLabels: { pod: 'a' } },
        policyTypes: ['Egress'],
        egress: [{ ports: [{ port: 'serve-80-tcp' }] }],
      });
      await enforce(named);
      const egress = { 'x/a > y/b TCP 80': true, 'x/a > y/b TCP 81': false, 'x/a > outside TCP 80': inCluster, 'x/a > z/b UDP 80': false };
      expect(await differences(flows(egress))).toEqual([]);
      // One pod gives the name another number.
      world = worldOn(system, [named]);
      const pods = world.pods.map((pod) => (pod.metadata.uid === 'z/b' ? withPortsExchanged(pod) : pod));
      await policed.moveTo((world = { ...world, pods }));
      const several = { 'x/a > y/b TCP 80': !inCluster, 'x/a > z/b TCP 81': !inCluster, 'x/a > z/b TCP 80': false };
      expect(await differences(flows({ ...several, 'x/a > outside TCP 80': false }))).toEqual([]);
    });
  }

  if (isOverride) return;

  it('lets ICMP through by rules without ports', async () => {
    const from = (pod: string): NetworkPolicyPeer => ({ namespaceSelector: {}, podSelector: { matchLabels: { pod } } });
    const on80 = { ports: [{ port: 80 }] };
    await enforce(
      policy('x', 'both', {
        podSelector: { matchLabels: { pod: 'a' } },
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [from('b')] }, { from: [from('c')], ...on80 }],
        egress: [{ to: [from('b')] }, { to: [from('c')], ...on80 }],
      }),
    );
    expect(profile.icmp).toBe('by rules without ports');
    expect(
      await differences(
        flows(
          {
            'y/b > x/a ICMP': true,
            'y/c > x/a ICMP': false,
            'y/c > x/a TCP 80': true,
            'x/a > z/b ICMP': true,
            'x/a > z/c ICMP': false,
            'x/a > z/c TCP 80': true,
          },
          [4, 6],
        ),
      ),
    ).toEqual([]);
  });

  it('enforces or refuses a policy with an IPv6 block', async () => {
    await enforce(
      policy('x', 'wide', { podSelector: { matchLabels: { pod: 'a' } }, ingress: [{ from: [{ ipBlock: { cidr: '2001:db8::/32' } }] }] }),
    );
    const refused = policed.node('node-0').engine.refusedPolicies();
    expect(JSON.stringify(refused)).toContain(gaps.get('ipv6') ?? '[]');
    const isRefused = gaps.has('ipv6');
    const letsOthersIn = isRefused && refusedIsOpen;
    const others = { 'y/a > x/a TCP 80': letsOthersIn, 'y/b > x/a UDP 80': letsOthersIn };
    expect(
      await differences([
        ...flows(others, [4, 6]),
        ...flows({ 'outside > x/a TCP 80': letsOthersIn }, [4]),
        ...flows({ 'outside > x/a TCP 80': !isRefused || refusedIsOpen }, [6]),
      ]),
    ).toEqual([]);
  });

  it('judges NodePort traffic by policy, or lets it pass where the engine stands behind kube-proxy and the client is not kept', async () => {
    const table = 'weir_engine_services';
    const nodePort = 30_080;
    const serve = (keepsSource: boolean): void => {
      const target = { kind: 'backends', backends: [{ address: podAddressOf('x/a', 4), port: 80 }] } as const;
      const ports = { port: 80, clusterIp: '10.0.0.10', externalIps: [], balancerIps: [], nodePort };
      const state = {
        name: 'x/a:port',
        family: 4,
        protocol: 'TCP',
        ...ports,
        internal: target,
        external: target,
        keepsSource,
      } as const;
      for (const i of [0, 1]) {
        const text = renderProxyTable({
          table,
          nodeAddresses: [nodeAddressOf(i, 4)],
          states: [state],
          marksMasqueraded: system === 'linux',
        });
        policed.network.run(policed.network.nodeNetns(`node-${i}`), ['nft', '-f', '-'], text);
      }
    };
    const throughNodes = async (...allowed: readonly boolean[]): Promise<string[]> => {
      const expected = allowed.map((each, node) => ({ flow: flowOf(`outside > node-${node} TCP ${nodePort}`, 4), allowed: each }));
      return (await probeFlows(policed.network, world, expected)).map(({ flow, allowed: each }) => `${renderFlow(flow)}: not ${each}`);
    };
    // kube-proxy is there before the agent.
    policed.network.realise(worldOn(system, []));
    const nodes = [0, 1].map((i) => policed.network.nodeNetns(`node-${i}`));
    if (system === 'linux')
      for (const netns of nodes) policed.network.run(netns, ['iptables-nft-restore', '--noflush'], renderKubeForward());
    try {
      await enforce(policy('x', 'closed', { podSelector: { matchLabels: { pod: 'a' } } }));
      serve(false);
      const passes = profile.nodePortBypassesIngress && backEnd.name === 'iptables';
      // The node of the pod sees the other node as the client, and judges that.
      expect(await throughNodes(passes, false)).toEqual([]);
      serve(true);
      expect(await throughNodes(false)).toEqual([]);
    } finally {
      for (const netns of nodes) {
        policed.network.run(netns, ['nft', '-f', '-'], renderProxyTableRemoval(table));
        if (system === 'linux') policed.network.run(netns, ['iptables-nft-restore', '--noflush'], kubeForwardRemoval);
      }
    }
  });

  /** One rule for each feature that is not everywhere, each on a pod of its own, and what it lets in where it is enforced. */
  const but = (pod: string): LabelSelectorRequirement => ({ key: 'pod', operator: 'NotIn', values: [pod] });
  const uses: Readonly<Record<Exclude<PolicyFeature, 'ipv6'>, { on: string; rule: IngressRule; letsIn: Record<string, boolean> }>> = {
    'named-port': {
      on: 'x/a',
      rule: { ports: [{ port: 'serve-80-tcp' }] },
      letsIn: { 'y/b > x/a TCP 80': true, 'y/b > x/a TCP 81': false },
    },
    sctp: {
      on: 'x/b',
      rule: { ports: [{ protocol: 'SCTP', port: 80 }] },
      letsIn: { 'y/b > x/b SCTP 80': true, 'y/b > x/b SCTP 81': false, 'y/b > x/b TCP 80': false },
    },
    'negative-selector': {
      on: 'x/c',
      rule: { from: [{ namespaceSelector: {}, podSelector: { matchExpressions: [but('b')] } }] },
      letsIn: { 'y/a > x/c TCP 80': true, 'y/b > x/c TCP 80': false, 'outside > x/c TCP 80': false, 'node-1 > x/c TCP 80': false },
    },
    'ip-block-except': {
      on: 'y/a',
      rule: { from: [{ ipBlock: { cidr: '203.0.113.0/24', except: ['203.0.113.10/32'] } }, { ipBlock: { cidr: '203.0.113.128/25' } }] },
      letsIn: { 'outside > y/a TCP 80': false, 'z/b > y/a TCP 80': false },
    },
  };
  const policiesOf = (features: readonly (keyof typeof uses)[]): NetworkPolicy[] =>
    features.map((feature) => {
      const [namespace = '', pod = ''] = uses[feature].on.split('/');
      return policy(namespace, feature, {
        podSelector: { matchLabels: { pod } },
        ingress: [uses[feature].rule],
      } satisfies NetworkPolicySpec);
    });
  const features = Object.keys(uses) as (keyof typeof uses)[];

  it('enforces named ports, SCTP, negative selectors and except, or refuses them as a whole', async () => {
    await enforce(...policiesOf(features));
    const refusals = JSON.stringify(['node-0', 'node-1'].map((name) => policed.node(name).engine.refusedPolicies()));
    for (const feature of features) {
      const message = gaps.get(feature);
      if (message !== undefined) expect(refusals).toContain(message);
    }
    const expected = features.flatMap((feature) => {
      const { letsIn } = uses[feature];
      const judged = gaps.has(feature)
        ? Object.fromEntries(Object.keys(letsIn).map((text) => [text, isAlways(text) || refusedIsOpen]))
        : letsIn;
      return flows(judged, [4]);
    });
    expect(await differences(expected)).toEqual([]);
  });

  if (gaps.has('ip-block-except')) {
    it('keeps what was accepted when the next version uses something unsupported', async () => {
      const letB = policy('y', 'ip-block-except', {
        podSelector: { matchLabels: { pod: 'a' } },
        ingress: [{ from: [{ namespaceSelector: {}, podSelector: { matchLabels: { pod: 'b' } } }] }],
      });
      await enforce(letB);
      const expected = flows({ 'z/b > y/a TCP 80': true, 'z/c > y/a TCP 80': false, 'outside > y/a TCP 80': false }, [4, 6]);
      expect(await differences(expected)).toEqual([]);
      await policed.moveTo(worldOn(system, policiesOf(['ip-block-except'])));
      expect(policed.node('node-1').engine.refusedPolicies()).toHaveLength(1);
      expect(await differences(expected)).toEqual([]);
    });

    it('enforces negative selectors and except by other means where it is told to, exactly', async () => {
      await policed.reset(behavingLike(backEnd, profile.name, true));
      const expanded = ['negative-selector', 'ip-block-except'] as const;
      world = worldOn(system, policiesOf(expanded));
      await policed.moveTo(world);
      expect(policed.node('node-0').engine.refusedPolicies()).toEqual([]);
      const expected = expanded.flatMap((feature) => flows(uses[feature].letsIn, [4]));
      // The oracle knows no engine that does so; what has to come out is the specification, which Linux has in full.
      const oracle = new NetworkPolicyOracle(worldOn('linux', policiesOf(expanded)));
      expect(expected.filter(({ flow, allowed }) => oracle.verdict(flow).allowed !== allowed)).toEqual([]);
      expect((await probeFlows(policed.network, world, expected)).map(({ flow }) => renderFlow(flow))).toEqual([]);
    });
  }
});

const kubeForwardRemoval = '*filter\n-D FORWARD -j KUBE-FORWARD\n-F KUBE-FORWARD\n-X KUBE-FORWARD\nCOMMIT\n';

/** A node always reaches its own pods. */
function isAlways(text: string): boolean {
  return /^node-0 > (x\/a|x\/c|y\/b)|^node-1 > (x\/b|y\/a|y\/c)/.test(text);
}
