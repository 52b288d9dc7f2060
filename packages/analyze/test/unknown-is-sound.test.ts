/** What is said without some facts holds with them: the oracle, which knows all of them, is never contradicted. */
import { cidrOf, cidrRange, parseAddress, unionOfAddressRanges } from '@weir/net';
import { type LoadSnapshotOptions, loadSnapshot, type Snapshot } from '@weir/snapshot';
import { endsOf, flowsOf, generateWorld, NetworkPolicyOracle, type World, type WorldFlow } from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

const seeds = [9100, 9101, 9102, 9103, 9104, 9105];

/** The pods of the world without their addresses, and with the namespaces that `knows` says. */
function snapshotOf(world: World, options: LoadSnapshotOptions, knows: (namespace: string) => boolean): Snapshot {
  return loadSnapshot(
    [
      ...world.namespaces
        .filter(({ metadata }) => knows(metadata.name ?? ''))
        .map((namespace) => ({ ...namespace, apiVersion: 'v1', kind: 'Namespace' })),
      ...world.pods.map(({ status: _status, ...pod }) => ({ ...pod, apiVersion: 'v1', kind: 'Pod' })),
      ...world.networkPolicies.map((policy) => ({ ...policy, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' })),
    ],
    options,
  );
}

/** Blocks around the addresses that the pods really have. */
function rangesAround(world: World): NonNullable<LoadSnapshotOptions['podRanges']> {
  const addresses = world.pods.flatMap(({ status }) => [status?.podIP, ...(status?.podIPs ?? []).map(({ ip }) => ip)]);
  return unionOfAddressRanges(
    addresses.flatMap((text) => {
      const address = parseAddress(text ?? '');
      return address === undefined ? [] : [cidrRange(cidrOf(address, address.family === 4 ? 28 : 120))];
    }),
  );
}

function answersOf(
  world: World,
  snapshot: Snapshot,
): { readonly contradictions: string[]; readonly decided: number; readonly unknown: number } {
  const oracle = new NetworkPolicyOracle(world);
  const contradictions: string[] = [];
  const counts = { decided: 0, unknown: 0 };
  const ends = new Set(([4, 6] as const).flatMap((family) => endsOf(world, family)).map((end) => JSON.stringify(end)));
  for (const flow of flowsOf(world)) {
    const { source, destination, protocol, port } = flow;
    if (source.kind !== 'pod' || destination.kind !== 'pod' || port === 0 || !ends.has(JSON.stringify(source))) continue;
    const answer = explainFlow(snapshot, {
      source: `${source.namespace}/${source.name}`,
      destination: `${destination.namespace}/${destination.name}`,
      protocol,
      family: source.family ?? 4,
      ...(port === undefined ? {} : { port }),
    });
    if (answer.kind !== 'answered') continue;
    const [verdict] = answer.verdicts;
    if (verdict?.verdict === 'unknown') {
      counts.unknown++;
      if (verdict.missing.length === 0) contradictions.push(`${textOf(flow)}: unknown, and no fact is named`);
    } else {
      counts.decided++;
      const expected = oracle.verdict(flow).allowed ? 'allow' : 'deny';
      if (verdict?.verdict !== expected) contradictions.push(`${textOf(flow)}: ${verdict?.verdict}, and it is ${expected}`);
    }
  }
  return { contradictions, ...counts };
}

function textOf(flow: WorldFlow): string {
  return JSON.stringify(flow);
}

describe('a verdict without some facts', () => {
  it.each(seeds)('is what it is with them, or unknown and names one, in world %i', (seed) => {
    const world = generateWorld(seed);
    const nobodyTold = answersOf(
      world,
      snapshotOf(world, {}, (namespace) => namespace.length % 2 === 0),
    );
    expect(nobodyTold.contradictions).toEqual([]);
    expect(nobodyTold.decided).toBeGreaterThan(0);
    expect(nobodyTold.unknown).toBeGreaterThan(0);
    const ranged = answersOf(
      world,
      snapshotOf(world, { podRanges: rangesAround(world) }, () => true),
    );
    expect(ranged.contradictions).toEqual([]);
    expect(ranged.unknown).toBeLessThanOrEqual(nobodyTold.unknown);
  });
});
