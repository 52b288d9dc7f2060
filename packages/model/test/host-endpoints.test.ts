/** Host endpoints: which policies are about them, and which are about pods alone. */
import { parseAddress } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  appliesToHosts,
  appliesToPods,
  createPolicyWorld,
  type Endpoint,
  engineProfiles,
  evaluateFlow,
  type Policy,
} from '../src/index.ts';

const ref = { apiVersion: 'projectcalico.org/v3', kind: 'GlobalNetworkPolicy', name: 'closed' };
const closed: Policy = { ref, order: 1, subject: { kind: 'all' }, staged: false, ingress: { isolates: true, rules: [] } };

function address(text: string): NonNullable<ReturnType<typeof parseAddress>> {
  const read = parseAddress(text);
  if (read === undefined) throw new Error(text);
  return read;
}

const pod: Endpoint = {
  uid: 'p',
  namespace: 'n',
  name: 'p',
  addresses: [address('10.0.0.1')],
  labels: { pod: {}, namespace: {}, serviceAccount: {}, reserved: { namespace: 'n', name: 'p' } },
  namedPorts: [],
};

function verdictFor(policy: Policy): string {
  const world = createPolicyWorld({ tiers: [{ name: 'default', order: 1, end: 'deny', policies: [policy] }], endpoints: [pod] });
  const flow = { source: address('192.0.2.1'), destination: address('10.0.0.1'), protocol: 6, destinationPort: 80 };
  const { verdict, trace } = evaluateFlow(world, flow);
  expect(trace).toHaveLength(appliesToPods(policy) ? 1 : 0);
  return verdict;
}

describe('policies of host endpoints', () => {
  it('select no pod, whatever their selector says', () => {
    expect(verdictFor(closed)).toBe('deny');
    expect(verdictFor({ ...closed, appliesTo: ['pods', 'normal'] })).toBe('deny');
    expect(verdictFor({ ...closed, appliesTo: ['preDNAT'] })).toBe('allow');
    expect(verdictFor({ ...closed, appliesTo: ['normal', 'forward'] })).toBe('allow');
  });

  it('are about hosts only where they say so', () => {
    expect(appliesToHosts(closed, 'normal')).toBe(false);
    expect(appliesToHosts({ appliesTo: ['pods', 'normal'] }, 'normal')).toBe(true);
    expect(appliesToHosts({ appliesTo: ['pods', 'normal'] }, 'forward')).toBe(false);
  });
});

describe('settings of hosts', () => {
  it('are those of the engine: failsafe ports of Calico, none with Cilium, and none where there are no host endpoints', () => {
    const ports = engineProfiles.calico.hosts?.failsafes.map(({ direction, protocol, port }) => `${direction} ${protocol}/${port}`);
    expect(ports).toEqual([
      ...['22', '179', '2379', '2380', '5473', '6443', '6666', '6667'].map((port) => `ingress 6/${port}`),
      'ingress 17/68',
      ...['179', '2379', '2380', '5473', '6443', '6666', '6667'].map((port) => `egress 6/${port}`),
      'egress 17/53',
      'egress 17/67',
    ]);
    expect(engineProfiles.calico.hosts?.podToHost).toBe('accept');
    expect(engineProfiles.cilium.hosts).toEqual({ failsafes: [], podToHost: 'policy' });
    expect(engineProfiles.azure.hosts).toBeUndefined();
  });
});
