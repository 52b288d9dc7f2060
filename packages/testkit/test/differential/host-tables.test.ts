/**
 * Calico's own cases about hosts, by the names that they have there: what pods may do with their own node
 * (`felix/fv/ep_to_host_action_test.go`) and the host policies of the eBPF data plane (`felix/bpf/ut/pol_prog_test.go`).
 * Each is asked of the oracle and of the evaluator; what is expected is written here.
 */
import { engineProfiles } from '@weir/model';
import {
  type CalicoFlow,
  CalicoOracle,
  type CalicoPolicyObject,
  type CalicoRuleSection,
  type CalicoWorld,
  calicoReferred,
  type HostEndpointObject,
  PlacedEvaluator,
  placePolicies,
  type TierObject,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const own = '192.0.2.1';
const podAddress = '10.1.0.1';
const outside = '198.51.100.9';
const group = 'projectcalico.org/v3';

type Spec = CalicoPolicyObject['spec'];

interface Case extends Partial<Pick<CalicoWorld, 'endpointToHostAction' | 'kernelInput'>> {
  readonly host?: Partial<HostEndpointObject['spec']>;
  readonly policies?: readonly Spec[];
  readonly tiers?: readonly TierObject[];
}

const to = (address: string, port = 80): CalicoFlow => flow(outside, address, port);

function flow(source: string, destination: string, port = 80): CalicoFlow {
  return {
    source: { kind: 'address', address: source },
    destination: { kind: 'address', address: destination },
    protocol: 'TCP',
    port,
    sourcePort: 40_000,
  };
}

function worldOf({ host, policies = [], tiers = [], ...others }: Case): CalicoWorld {
  return {
    namespaces: [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n', labels: {} } }],
    pods: [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'p', namespace: 'n', labels: { who: 'pod' } },
        spec: { nodeName: 'one', containers: [] },
        status: { phase: 'Running', podIP: podAddress, podIPs: [{ ip: podAddress }], hostIP: own },
      },
    ],
    nodes: [{ apiVersion: 'v1', kind: 'Node', metadata: { name: 'one' }, status: { addresses: [{ type: 'InternalIP', address: own }] } }],
    networkPolicies: [],
    policyObjects: policies.map((spec, i) => ({
      apiVersion: group,
      kind: 'GlobalNetworkPolicy',
      metadata: { name: `p${i}` },
      spec: { order: i, selector: "who == 'host'", ...spec },
    })),
    tiers,
    networkSets: [],
    serviceAccounts: [],
    hostEndpoints:
      host === undefined
        ? []
        : [{ apiVersion: group, kind: 'HostEndpoint', metadata: { name: 'h', labels: { who: 'host' } }, spec: { node: 'one', ...host } }],
    ...others,
  };
}

/** What oracle and evaluator say, and that they say the same. */
function verdict(one: Case, asked: CalicoFlow): 'Allow' | 'Deny' {
  const world = worldOf(one);
  const evaluator = new PlacedEvaluator(world, placePolicies(world.policyObjects, calicoReferred(world)), engineProfiles.calico);
  const { allowed } = new CalicoOracle(world).verdict(asked);
  expect(evaluator.verdict(asked).allowed).toBe(allowed);
  return allowed ? 'Allow' : 'Deny';
}

const allow: CalicoRuleSection = { action: 'Allow' };
const deny: CalicoRuleSection = { action: 'Deny' };
const pass: CalicoRuleSection = { action: 'Pass' };
const port = (action: CalicoRuleSection['action'], number: number): CalicoRuleSection => ({
  action,
  protocol: 'TCP',
  destination: { ports: [number] },
});
const preDNAT = (...ingress: CalicoRuleSection[]): Spec => ({ preDNAT: true, applyOnForward: true, ingress });
const untracked = (...ingress: CalicoRuleSection[]): Spec => ({ doNotTrack: true, applyOnForward: true, ingress });
const forward = (...ingress: CalicoRuleSection[]): Spec => ({ applyOnForward: true, ingress });
const normal = (...ingress: CalicoRuleSection[]): Spec => ({ ingress });

const all = { interfaceName: '*' };
const wire = { interfaceName: 'eth0' };
const open = { profiles: ['projectcalico-default-allow'] };

describe('a pod that reaches for its own host', () => {
  it.each<[string, 'Accept' | 'Drop' | 'any', 'Accept' | 'Drop' | 'Return', Pick<Case, 'host' | 'policies'>, 'Allow' | 'Deny']>([
    ['is let through by Accept', 'any', 'Accept', {}, 'Allow'],
    ['is left by Return to a kernel that drops', 'Drop', 'Return', {}, 'Deny'],
    ['is left by Return to a kernel that accepts', 'Accept', 'Return', {}, 'Allow'],
    ['is not policed by an endpoint for eth0, where the kernel drops', 'Drop', 'Return', { host: wire, policies: [normal(deny)] }, 'Deny'],
    [
      'is not policed by an endpoint for eth0, where the kernel accepts',
      'Accept',
      'Return',
      { host: wire, policies: [normal(deny)] },
      'Allow',
    ],
    ['is dropped by Drop', 'any', 'Drop', { host: all, policies: [preDNAT(allow), normal(allow)] }, 'Deny'],
    [
      'is let through by Accept behind an allowance before translation',
      'Drop',
      'Accept',
      { host: all, policies: [preDNAT(allow)] },
      'Allow',
    ],
    ['is not let through by an allowance before translation', 'Drop', 'Return', { host: all, policies: [preDNAT(allow)] }, 'Deny'],
    ['is denied before translation, whatever the action', 'any', 'Accept', { host: all, policies: [preDNAT(deny)] }, 'Deny'],
    ['is denied before translation, also with Return', 'Accept', 'Return', { host: all, policies: [preDNAT(deny)] }, 'Deny'],
    ['is not asked about by normal policies for all interfaces', 'Drop', 'Accept', { host: all, policies: [normal(deny)] }, 'Allow'],
    ['is not let through by normal policies for all interfaces', 'Drop', 'Return', { host: all, policies: [normal(allow)] }, 'Deny'],
  ])('%s (kernel: %s, action: %s)', (_name, kernel, endpointToHostAction, parts, expected) => {
    for (const kernelInput of kernel === 'any' ? (['Accept', 'Drop'] as const) : [kernel]) {
      expect(verdict({ endpointToHostAction, kernelInput, ...parts }, flow(podAddress, own))).toBe(expected);
    }
  });
});

describe('a case of the eBPF data plane', () => {
  it.each<[string, Case, CalicoFlow, 'Allow' | 'Deny']>([
    ['no policy: to the host', { host: wire }, to(own), 'Deny'],
    ['no policy: through the host', { host: wire }, to(podAddress), 'Allow'],
    ['no policy: a profile that allows', { host: { ...wire, ...open } }, to(own), 'Allow'],
    ['pre-DNAT: allowed to the host', { host: wire, policies: [preDNAT(port('Allow', 80))] }, to(own), 'Allow'],
    ['pre-DNAT: denied to the host', { host: { ...wire, ...open }, policies: [preDNAT(port('Deny', 80))] }, to(own), 'Deny'],
    ['pre-DNAT: denied through the host', { host: wire, policies: [preDNAT(port('Deny', 80))] }, to(podAddress), 'Deny'],
    ['pre-DNAT: another port', { host: wire, policies: [preDNAT(port('Deny', 80))] }, to(podAddress, 81), 'Allow'],
    ['pre-DNAT: a failsafe port', { host: wire, policies: [preDNAT(deny)] }, to(own, 22), 'Allow'],
    ['apply-on-forward: allowed', { host: wire, policies: [forward(port('Allow', 80))] }, to(podAddress), 'Allow'],
    ['apply-on-forward: not allowed', { host: wire, policies: [forward(port('Allow', 80))] }, to(podAddress, 81), 'Deny'],
    ['apply-on-forward: no failsafe port', { host: wire, policies: [forward(deny)] }, to(podAddress, 22), 'Deny'],
    ['apply-on-forward: to the host it is as any other', { host: wire, policies: [forward(port('Allow', 80))] }, to(own), 'Allow'],
    ['normal host policy: to the host', { host: wire, policies: [normal(port('Allow', 80))] }, to(own), 'Allow'],
    ['normal host policy: its end', { host: { ...wire, ...open }, policies: [normal(port('Allow', 80))] }, to(own, 81), 'Deny'],
    ['normal host policy: nothing to what is forwarded', { host: wire, policies: [normal(deny)] }, to(podAddress), 'Allow'],
    ['AoF + normal: both to the host, in order', { host: wire, policies: [forward(port('Deny', 80)), normal(allow)] }, to(own), 'Deny'],
    [
      'AoF + normal: AoF alone to what is forwarded',
      { host: wire, policies: [forward(port('Allow', 80)), normal(deny)] },
      to(podAddress),
      'Allow',
    ],
    [
      'AoF + suppressed normal: a normal allowance does not help what is forwarded',
      { host: wire, policies: [forward(port('Allow', 81)), normal(allow)] },
      to(podAddress),
      'Deny',
    ],
    [
      'pre-DNAT policy + normal profiles: neither decides before the profile',
      { host: { ...wire, ...open }, policies: [preDNAT(port('Deny', 81))] },
      to(own),
      'Allow',
    ],
    [
      'pre-DNAT + workload: an allowance does not open the pod',
      { host: wire, policies: [preDNAT(allow), { selector: "who == 'pod'", ingress: [deny] }] },
      to(podAddress),
      'Deny',
    ],
    [
      'pre-DNAT + workload: a denial closes it',
      { host: wire, policies: [preDNAT(deny), { selector: "who == 'pod'", ingress: [allow] }] },
      to(podAddress),
      'Deny',
    ],
    [
      'AoF + workload: both must allow',
      { host: wire, policies: [forward(allow), { selector: "who == 'pod'", ingress: [allow] }] },
      to(podAddress),
      'Allow',
    ],
    [
      'AoF + workload: the pod denies',
      { host: wire, policies: [forward(allow), { selector: "who == 'pod'", ingress: [deny] }] },
      to(podAddress),
      'Deny',
    ],
    [
      'AoF + workload: the host denies',
      { host: wire, policies: [forward(deny), { selector: "who == 'pod'", ingress: [allow] }] },
      to(podAddress),
      'Deny',
    ],
    ['XDP allow else deny: allowed', { host: wire, policies: [untracked(port('Allow', 80), deny)] }, to(own), 'Allow'],
    ['XDP allow else deny: denied', { host: { ...wire, ...open }, policies: [untracked(port('Allow', 80), deny)] }, to(own, 81), 'Deny'],
    [
      'XDP allow some: the others are for the next family',
      { host: { ...wire, ...open }, policies: [untracked(port('Allow', 80)), normal(port('Deny', 80))] },
      to(own, 81),
      'Deny',
    ],
    [
      'XDP allow some: those pass the later families',
      { host: wire, policies: [untracked(port('Allow', 80)), normal(port('Deny', 80))] },
      to(own),
      'Allow',
    ],
    ['XDP deny some: those', { host: { ...wire, ...open }, policies: [untracked(port('Deny', 80))] }, to(own), 'Deny'],
    ['XDP deny some: the others', { host: { ...wire, ...open }, policies: [untracked(port('Deny', 80))] }, to(own, 81), 'Allow'],
    ['pass to nowhere', { host: wire, policies: [normal(pass)] }, to(own), 'Deny'],
    ['pass to nowhere, with a profile that allows', { host: { ...wire, ...open }, policies: [normal(pass)] }, to(own), 'Allow'],
    [
      'unreachable tier',
      { host: wire, policies: [normal(deny), { tier: 'later', ingress: [allow] }], tiers: [tier('later', 2_000_000)] },
      to(own),
      'Deny',
    ],
    ['empty tier has no impact', { host: wire, policies: [normal(allow)], tiers: [tier('first', 1)] }, to(own), 'Allow'],
  ])('%s', (_name, one, asked, expected) => {
    expect(verdict(one, asked)).toBe(expected);
  });
});

function tier(name: string, order: number): TierObject {
  return { apiVersion: group, kind: 'Tier', metadata: { name }, spec: { order, defaultAction: 'Deny' } };
}
