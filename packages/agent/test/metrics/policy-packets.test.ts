/** Packets by policy: bounded in number, and never going back. */
import type { ProgramRule } from '@weir/calc';
import type { Direction, PolicyRef } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { renderExposition } from '../../src/metrics/exposition.ts';
import { PolicyPackets, type ProgramOwners } from '../../src/metrics/policy-packets.ts';
import { readExposition } from '../support/exposition.ts';

const ref = (name: string): PolicyRef => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace: 'x', name });

class Setup {
  nowMs = 0;
  reads = 0;
  rules = new Map<string, bigint>();
  programs = new Map<string, bigint>();
  isolating = new Map<string, readonly string[]>();
  failure: Error | undefined;
  readonly packets: PolicyPackets;

  constructor(limit: number) {
    this.packets = new PolicyPackets({
      limit,
      nowMs: () => this.nowMs,
      counts: async () => {
        this.reads++;
        if (this.failure !== undefined) throw this.failure;
        return {
          allowed: [...this.rules].map(([policy, packets]) => ({ rule: rule(policy), packets, bytes: 0n })),
          denied: [...this.programs].map(([program, packets]) => ({ program, packets, bytes: 0n })),
        };
      },
      owners: () =>
        new Map(
          [...this.isolating].map(([key, names]): [string, ProgramOwners] => [key, { direction: 'ingress', isolatedBy: names.map(ref) }]),
        ),
    });
  }

  async read(): Promise<Record<string, number>> {
    this.nowMs += 10_000;
    const families = readExposition(renderExposition(await this.packets.metrics()));
    return Object.fromEntries([...families.values()].flatMap(({ samples }) => [...samples]).filter(([, value]) => value !== 0));
  }
}

function rule(policy: string): ProgramRule {
  const direction: Direction = 'ingress';
  return { id: `id-${policy}`, action: 'allow', peer: [], origin: { policy: ref(policy), direction, ruleIndex: 0 } };
}

const allowed = (policy: string): string => `weir_policy_allowed_packets_total{policy="${policy}",direction="ingress"}`;
const denied = (policy: string): string => `weir_policy_denied_packets_total{policy="${policy}",direction="ingress"}`;

describe('packets by policy', () => {
  it('count what rules allow, and what is denied for every policy that isolates the pod', async () => {
    const setup = new Setup(10);
    setup.rules.set('a', 5n);
    setup.programs.set('program', 3n);
    setup.isolating.set('program', ['a', 'b']);
    expect(await setup.read()).toEqual({
      [allowed('x/a')]: 5,
      [denied('x/a')]: 3,
      [denied('x/b')]: 3,
      'weir_denied_packets_total{direction="ingress"}': 3,
    });
    setup.programs.set('program', 4n);
    expect(await setup.read()).toMatchObject({ [denied('x/b')]: 4, 'weir_denied_packets_total{direction="ingress"}': 4 });
  });

  it('are added up as one for policies above the limit, whose number is told', async () => {
    const setup = new Setup(2);
    for (const policy of ['a', 'b', 'c', 'd']) setup.rules.set(policy, 1n);
    expect(await setup.read()).toEqual({ [allowed('x/a')]: 1, [allowed('x/b')]: 1, [allowed('other')]: 2, weir_policies_over_limit: 2 });
  });

  it('never go back when a policy goes and another takes its place', async () => {
    const setup = new Setup(1);
    setup.rules = new Map([
      ['a', 10n],
      ['b', 20n],
    ]);
    await setup.read();
    setup.rules = new Map([['b', 25n]]);
    expect(await setup.read()).toMatchObject({ [allowed('x/b')]: 5, [allowed('other')]: 20 });
    // It comes back with what the back end remembers of it.
    setup.rules = new Map([
      ['b', 25n],
      ['a', 11n],
    ]);
    expect(await setup.read()).toMatchObject({ [allowed('x/b')]: 5, [allowed('other')]: 21, weir_policies_over_limit: 1 });
  });

  it('begin again with counters that do', async () => {
    const setup = new Setup(1);
    setup.rules.set('a', 10n);
    await setup.read();
    setup.rules.set('a', 4n);
    expect(await setup.read()).toMatchObject({ [allowed('x/a')]: 14 });
  });

  it('are read from the kernel once in five seconds at most, and stay when it does not answer', async () => {
    const setup = new Setup(1);
    setup.rules.set('a', 1n);
    await setup.read();
    setup.rules.set('a', 2n);
    setup.nowMs += 4_999;
    await setup.packets.metrics();
    expect(setup.reads).toBe(1);
    setup.failure = new Error('busy');
    expect(await setup.read()).toEqual({ [allowed('x/a')]: 1 });
    expect(setup.reads).toBe(2);
  });
});
