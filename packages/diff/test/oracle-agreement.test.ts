import { engineProfiles, podName } from '@weir/model';
import { formatAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import {
  endsOf,
  generateChanges,
  generateWorld,
  NetworkPolicyOracle,
  type OracleEngine,
  objectsOf,
  runSize,
  traffics,
  type World,
  type WorldFlow,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';
import { compareConnections } from '../src/changed-connections.ts';
import { type FlowFate, fatesOf, nodeOf, trafficName } from './joint-flows.ts';

const { firstSeed, count } = runSize(6);
const seeds = Array.from({ length: count }, (_, i) => 31_000 + firstSeed + i);

type End = WorldFlow['source'];

function nameOf(end: End): string {
  return end.kind === 'pod' ? `${end.namespace}/${end.name}` : end.address;
}

interface PresentEnd {
  readonly end: End;
  readonly was: boolean;
  readonly is: boolean;
}

/** The ends of either world, and on which sides each is; addresses that are pods' on one side only are left out. */
function jointEnds(before: World, after: World, family: 4 | 6): PresentEnd[] {
  const [old, young] = [endsOf(before, family), endsOf(after, family)];
  const [was, is] = [new Set(old.map(nameOf)), new Set(young.map(nameOf))];
  const pods = [before, after].flatMap((world) => world.pods.filter(({ spec }) => spec?.hostNetwork !== true));
  const podAddresses = new Set(pods.flatMap(({ status }) => (status?.podIPs ?? []).map(({ ip }) => ip)));
  const all = new Map([...old, ...young].map((end) => [nameOf(end), end]));
  return [...all]
    .map(([name, end]): PresentEnd => ({ end, was: was.has(name), is: is.has(name) }))
    .filter(({ end, was: isOld, is: isNew }) => end.kind === 'pod' || (!podAddresses.has(nameOf(end)) && isOld && isNew));
}

function expectedFates(before: World, after: World, [from, to]: readonly [OracleEngine, OracleEngine]): Map<string, FlowFate> {
  const [was, is] = [new NetworkPolicyOracle(before, from), new NetworkPolicyOracle(after, to)];
  const found = new Map<string, FlowFate>();
  for (const family of [4, 6] as const) {
    const ends = jointEnds(before, after, family);
    for (const source of ends) {
      for (const destination of ends) {
        if (source === destination || (source.end.kind === 'address' && destination.end.kind === 'address')) continue;
        for (const traffic of traffics) {
          const flow = { source: source.end, destination: destination.end, ...traffic };
          const judge = (oracle: NetworkPolicyOracle, isThere: boolean): 'allow' | 'deny' | undefined =>
            isThere ? (oracle.verdict(flow).allowed ? 'allow' : 'deny') : undefined;
          const fate: FlowFate = [judge(was, source.was && destination.was), judge(is, source.is && destination.is)];
          if (fate[0] === fate[1] || (fate.includes(undefined) && !fate.includes('allow'))) continue;
          found.set(`${nameOf(source.end)} ${nameOf(destination.end)} ${trafficName(traffic)}`, fate);
        }
      }
    }
  }
  return found;
}

function differences(
  before: World,
  after: World,
  engines: readonly [OracleEngine, OracleEngine],
): { readonly wrong: string[]; readonly changes: number } {
  const [was, is] = [before, after].map((world, i) =>
    loadSnapshot(objectsOf(world), { profile: engineProfiles[engines[i] ?? 'kubernetes'] }),
  );
  if (was === undefined || is === undefined) throw new TypeError('two worlds make two snapshots');
  const told = new Map<string, FlowFate>();
  const named = new Set<string>();
  for (const family of [4, 6] as const) {
    const ends = jointEnds(before, after, family).map(({ end }) => end);
    for (const end of ends) named.add(nameOf(end));
    const nodes = new Set([was, is].flatMap((snapshot) => snapshot.nodes.flatMap(({ addresses }) => addresses.map(formatAddress))));
    const outside = ends.flatMap((end) => (end.kind === 'address' && !nodes.has(end.address) ? [end.address] : []));
    for (const [flow, fate] of fatesOf(compareConnections({ before: was, after: is, family }), outside)) {
      if (fate.includes('allow') || !fate.includes(undefined)) told.set(flow, fate);
    }
  }
  const waiting = new Set([was, is].flatMap(({ world }) => world.endpoints.filter(({ addresses }) => addresses.length === 0).map(podName)));
  const expected = expectedFates(before, after, engines);
  const wrong: string[] = [];
  for (const name of new Set([...told.keys(), ...expected.keys()])) {
    const [source = '', destination = ''] = name.split(' ');
    // Pods without an address are no ends for the oracle, and a pod that moves has another node of its own.
    if (!named.has(source) || !named.has(destination) || waiting.has(source) || waiting.has(destination)) continue;
    if (
      [source, destination].some(
        (end) =>
          end.includes('/') &&
          nodeOf(before, end) !== undefined &&
          nodeOf(after, end) !== undefined &&
          nodeOf(before, end) !== nodeOf(after, end),
      )
    )
      continue;
    const [mine, theirs] = [told.get(name), expected.get(name)];
    if (mine?.join() !== theirs?.join()) wrong.push(`${name}: told ${mine?.join(' → ')}, is ${theirs?.join(' → ')}`);
  }
  return { wrong, changes: expected.size };
}

describe('the connections that are told as changed', () => {
  it.each(seeds)('are those that the oracle judges otherwise, along the history of world %i', (seed) => {
    const history = generateChanges(seed, generateWorld(seed), 12);
    let changes = 0;
    for (const [from, to] of [
      [0, 1],
      [1, 3],
      [3, 7],
      [0, 12],
    ] as const) {
      const [before, after] = [history[from], history[to]];
      if (before === undefined || after === undefined) continue;
      const found = differences(before.world, after.world, ['kubernetes', 'kubernetes']);
      expect(found.wrong.slice(0, 10), `${from} → ${to}`).toEqual([]);
      changes += found.changes;
    }
    expect(changes).toBeGreaterThan(0);
  });

  it.each(seeds.slice(0, 3))('are those that one policy makes, for each policy of world %i', (seed) => {
    const world = generateWorld(seed);
    let changes = 0;
    for (const policy of world.networkPolicies) {
      const without = { ...world, networkPolicies: world.networkPolicies.filter((one) => one !== policy) };
      for (const [before, after] of [
        [world, without],
        [without, world],
      ] as const) {
        const found = differences(before, after, ['kubernetes', 'kubernetes']);
        expect(found.wrong.slice(0, 10), policy.metadata.name).toEqual([]);
        changes += found.changes;
      }
    }
    expect(changes).toBeGreaterThan(0);
  });

  it.each(seeds.slice(0, 2))('are those between two engines, in world %i and after changes', (seed) => {
    const history = generateChanges(seed, generateWorld(seed), 4);
    const [before, after] = [history[0], history.at(-1)];
    if (before === undefined || after === undefined) throw new TypeError('a history has states');
    expect(differences(before.world, after.world, ['calico', 'cilium']).wrong.slice(0, 10)).toEqual([]);
    expect(differences(before.world, before.world, ['azure', 'cilium']).wrong.slice(0, 10)).toEqual([]);
  });

  it.each(seeds.slice(0, 3))('are none between a world and itself, whatever the order of its objects (world %i)', (seed) => {
    const world = generateWorld(seed);
    const [was, is] = [loadSnapshot(objectsOf(world)), loadSnapshot(objectsOf(world).toReversed())];
    for (const family of [4, 6] as const) expect(compareConnections({ before: was, after: is, family }).blocks).toEqual([]);
  });
});
