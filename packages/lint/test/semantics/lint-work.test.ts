/** How much is asked to find what decides nothing, counted instead of timed: it grows as the policies do, and not with their square. */
import { RowWalk } from '@weir/connectivity';
import { engineProfiles } from '@weir/model';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { lint } from '../../src/index.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const pods = ['web', 'front'].map((app, i) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name: app, labels: { app } },
  spec: { nodeName: 'one', containers: [{ name: 'main' }] },
  status: { podIP: `10.0.0.${i + 1}` },
}));

/** `spec.egress` of one policy of Cilium for app web, and what denies beside it so that more than one tier decides. */
function policyOf(name: string, blocks: readonly string[]): object {
  const toPorts = [{ ports: [{ port: '443', protocol: 'TCP' }] }];
  return {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { namespace: 'shop', name },
    spec: {
      endpointSelector: { matchLabels: { app: 'web' } },
      egress: [{ toCIDR: blocks, toPorts }],
      egressDeny: [{ toCIDR: ['192.0.2.0/25'] }],
    },
  };
}

/** The steps that are asked while two policies with so many blocks each are linted, and what is found. */
function linted(count: number): { readonly asked: number; readonly found: number } {
  const blocks = Array.from({ length: count }, (_, i) => `20.${i >> 8}.${i & 255}.0/24`);
  const asked = vi.spyOn(RowWalk.prototype, 'rule');
  const objects = [...pods, policyOf('one', blocks), policyOf('other', blocks)] as never;
  const { findings } = lint(
    { objects, isComplete: true },
    { profile: engineProfiles.cilium, onlyRules: ['redundant-rule', 'one-sided-allowance', 'redundant-policy'] },
  );
  const calls = asked.mock.calls.length;
  asked.mockRestore();
  return { asked: calls, found: findings.length };
}

describe('a policy with many blocks', () => {
  it('asks of each block only the rules that say something of it', () => {
    const [some, more] = [linted(200), linted(800)];
    expect(some.found).toBeGreaterThan(0);
    expect(more.found).toBe(some.found);
    expect(more.asked / 800).toBeLessThan(1.2 * (some.asked / 200));
    expect(more.asked / 800).toBeLessThan(60);
  });
});
