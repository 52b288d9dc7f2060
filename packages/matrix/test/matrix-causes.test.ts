/** What is told to decide a connection decides it: with the named rules alone the oracle lets the pair through, and without one it does not. */
import type { NetworkPolicy } from '@weir/kube';
import { type FlowProtocol, generateWorld, NetworkPolicyOracle, type World } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { type MatrixCause, matrixCauses, reportMatrix } from '../src/index.ts';
import { snapshotOfWorld } from './world-snapshot.ts';

const rulePattern = /rule (ingress|egress)\[(\d+)\](?:\.\w+\[(\d+)\])? of NetworkPolicy (\S+?)\/(\S+)/;

interface NamedRule {
  readonly direction: 'ingress' | 'egress';
  readonly rule: number;
  readonly policy: string;
}

function namedRule(text: string): NamedRule | undefined {
  const [, direction, rule, , namespace, name] = rulePattern.exec(text) ?? [];
  return direction === undefined
    ? undefined
    : { direction: direction as 'ingress' | 'egress', rule: Number(rule), policy: `${namespace}/${name}` };
}

/** The world in which policies isolate whom they isolated, and say nothing but these rules. */
function withOnly(world: World, rules: readonly NamedRule[]): World {
  const networkPolicies = world.networkPolicies.map((policy): NetworkPolicy => {
    const { ingress = [], egress = [], policyTypes = [], ...spec } = policy.spec ?? {};
    const name = `${policy.metadata.namespace ?? 'default'}/${policy.metadata.name ?? ''}`;
    const types = policyTypes.length > 0 ? policyTypes : ['Ingress' as const, ...(egress.length > 0 ? ['Egress' as const] : [])];
    const isKept = (direction: string, i: number): boolean =>
      rules.some((one) => one.policy === name && one.direction === direction && one.rule === i);
    return {
      ...policy,
      spec: {
        ...spec,
        policyTypes: types,
        ingress: ingress.filter((_, i) => isKept('ingress', i)),
        egress: egress.filter((_, i) => isKept('egress', i)),
      },
    };
  });
  return { ...world, networkPolicies };
}

function isAllowed(world: World, { pair, traffic }: MatrixCause): boolean | undefined {
  const [source, destination] = pair.split(' → ').map((text) => {
    const [, namespace, name] = /^(\S+?)\/(\S+)(?: \(\S+\))?$/.exec(text) ?? [];
    const [, address] = /\((\S+)\)$/.exec(text) ?? [];
    // The oracle asks about addresses, which pods that wait have none of.
    return name === undefined || namespace === undefined || address === undefined
      ? undefined
      : ({ kind: 'pod', namespace, name, family: address.includes(':') ? 6 : 4 } as const);
  });
  const [, protocol, port] = /^(TCP|UDP|SCTP) (\d+)$/.exec(traffic) ?? [];
  if (source === undefined || destination === undefined || protocol === undefined) return undefined;
  return new NetworkPolicyOracle(world).verdict({ source, destination, protocol: protocol as FlowProtocol, port: Number(port) }).allowed;
}

describe.each([9_200, 9_201, 9_202, 9_203])('the causes of the connections of world %i', (seed) => {
  const world = generateWorld(seed);
  const snapshot = snapshotOfWorld(world);
  const report = reportMatrix(snapshot);
  const causes = matrixCauses(snapshot, report);

  it('are told for every connection between pods, and the named rules alone let it through', () => {
    const kinds = new Map(report.ends.map(({ name, kind }) => [name, kind]));
    const between = report.connections.filter(({ from, to }) => kinds.get(from) === 'pods' && kinds.get(to) === 'pods');
    expect(between.length).toBeGreaterThan(3);
    let asked = 0;
    for (const connection of between) {
      const told = causes.get(connection) ?? [];
      expect(told.length, `${connection.from} → ${connection.to}: ${connection.traffic}`).toBeGreaterThan(0);
      for (const cause of told) {
        const rules = [namedRule(cause.egress), namedRule(cause.ingress)].flatMap((rule) => rule ?? []);
        const kept = isAllowed(withOnly(world, rules), cause);
        if (kept === undefined) continue;
        expect(kept, JSON.stringify(cause)).toBe(true);
        for (const rule of rules) {
          expect(
            isAllowed(
              withOnly(
                world,
                rules.filter((one) => one !== rule),
              ),
              cause,
            ),
            JSON.stringify(cause),
          ).toBe(false);
          asked++;
        }
      }
    }
    expect(asked).toBeGreaterThan(0);
  });
});
