import { type AssertionResult, readAssertions, runAssertions } from '@weir/assertions';
import type { Snapshot } from '@weir/snapshot';
import { endsOf, generateWorld, NetworkPolicyOracle, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { snapshotOfWorld } from './world-snapshot.ts';

const seeds = Array.from({ length: 4 }, (_, i) => 4100 + i);

type PodEnd = WorldFlow['source'] & { kind: 'pod' };

const nameOf = ({ namespace, name }: PodEnd): string => `${namespace}/${name}`;

function run(snapshot: Snapshot, tests: readonly object[]): readonly AssertionResult[] {
  const { files, diagnostics } = readAssertions(JSON.stringify({ tests }), 'a.json');
  expect(diagnostics).toEqual([]);
  return files.flatMap((file) => runAssertions(snapshot, file));
}

describe('assertions and the independent oracle agree', () => {
  it.each(seeds)('on who may connect in world %i, and on nobody else', (seed) => {
    const world = generateWorld(seed);
    const snapshot = snapshotOfWorld(world);
    const oracle = new NetworkPolicyOracle(world);
    const pods = endsOf(world, 4).filter((end): end is PodEnd => end.kind === 'pod');
    const addresses = endsOf(world, 4).filter((end) => end.kind === 'address');
    const allows = (source: WorldFlow['source'], destination: WorldFlow['source'], port: number): boolean =>
      oracle.verdict({ source, destination, protocol: 'TCP', port }).allowed;
    for (const destination of pods.slice(0, 6)) {
      for (const port of [80, 443]) {
        const others = pods.filter((pod) => nameOf(pod) !== nameOf(destination));
        const allowed = others.filter((source) => allows(source, destination, port)).map(nameOf);
        const denied = others.filter((source) => !allows(source, destination, port)).map(nameOf);
        const outside = addresses.map((end) => ({ end, isAllowed: allows(end, destination, port) }));
        const about = { to: nameOf(destination), port, family: 4 };
        const tests = [
          ...(allowed.length === 0 ? [] : [{ ...about, from: allowed, expect: 'allow' }]),
          ...(denied.length === 0 ? [] : [{ ...about, from: denied, expect: 'deny' }]),
        ];
        expect(
          run(snapshot, tests).map(({ outcome }) => outcome),
          `${nameOf(destination)} ${port}`,
        ).toEqual(tests.map(() => 'passed'));
        for (const { end, isAllowed } of outside) {
          if (end.kind !== 'address') continue;
          const [result] = run(snapshot, [{ ...about, from: end.address, expect: isAllowed ? 'allow' : 'deny' }]);
          expect(result?.outcome, `${end.address} → ${nameOf(destination)} ${port}: ${JSON.stringify(result?.failures)}`).toBe('passed');
        }
        const [only] = run(snapshot, [{ ...about, onlyFrom: allowed }]);
        // Of pods exactly those that the oracle lets through are no offenders.
        const offenders = (only?.failures ?? []).filter(({ source }) => pods.some((pod) => source.startsWith(nameOf(pod))));
        expect(offenders, `only from ${allowed.join()}`).toEqual([]);
        const [first, ...rest] = allowed;
        if (first === undefined) continue;
        const [less] = run(snapshot, [{ ...about, onlyFrom: rest }]);
        expect(less?.failures.map(({ source, got }) => `${source} ${got}`)).toContain(`${first} allow`);
      }
    }
  });
});
