/** Every walk through the policies of a snapshot's pods, in each family that something in it has. */
import {
  type AlikeWalk,
  classifyEnds,
  type EndClass,
  type EndClasses,
  ownNodePairs,
  Reach,
  RowWalk,
  rulesOf,
  trafficClasses,
} from '@weir/connectivity';
import { type Direction, type Policy, systemOfEndpoint } from '@weir/model';
import { BitSet, type Family } from '@weir/net';
import { copiesOf, type Snapshot } from '@weir/snapshot';
import { DecisionWalk, type WalkedWorld } from './decision-walk.ts';
import { endsOf, type WalkEnds } from './walk-steps.ts';

/** The walks, in no particular order. */
export function clusterWalks(snapshot: Snapshot): readonly DecisionWalk[] {
  return familiesOf(snapshot).flatMap((family) => walksOf(snapshot, family));
}

/** What pods have addresses of; pods that have none yet may get those of IPv4, and those that rules name. */
function familiesOf({ world }: Snapshot): readonly Family[] {
  const used = new Set(world.endpoints.flatMap(({ addresses }) => addresses.map(({ family }) => family)));
  if (world.endpoints.some(({ addresses }) => addresses.length === 0)) {
    used.add(4);
    const sides = rulesOf(world).flatMap(({ match }) => [match.source, match.destination]);
    if (sides.some(({ nets = [] }) => nets.some(({ first }) => first.family === 6))) used.add(6);
  }
  return [...used].sort((a, b) => a - b);
}

function walksOf(snapshot: Snapshot, family: Family): DecisionWalk[] {
  const { world } = snapshot;
  const ends = classifyEnds({ snapshot, worlds: [world], family, include: () => true, withUnaddressed: true });
  const traffic = trafficClasses([world], world.endpoints, family);
  const reach = new Reach(world, { ends, traffic });
  const single = BitSet.where(ends.classes.length, (at) => ends.pods.has(at) && countOf(snapshot, ends.classes[at]) === 1);
  const rowWalk = new RowWalk(BitSet.full(ends.classes.length));
  const hasDenials = rulesOf(world).some(({ action }) => action === 'deny');
  const over = { ends, reach, single, rowWalk, hasDenials, isolatingOf: isolatingLookup(reach) };
  return (['ingress', 'egress'] as const).flatMap((direction) => {
    const kinds = new Map<number, WalkEnds & { readonly peers: BitSet }>();
    return reach.walks(direction).map((walk) => {
      let kind = kinds.get(walk.first);
      if (kind === undefined)
        kinds.set(walk.first, (kind = { ...endsOf(walk.tiers, direction), peers: decidedPeers(snapshot, { ends, single }, walk) }));
      return new DecisionWalk(walk, over, kind);
    });
  });
}

/** Classes under the same policies are isolated by the same. */
function isolatingLookup(reach: Reach): WalkedWorld['isolatingOf'] {
  const found = { ingress: new Map<number, readonly Policy[]>(), egress: new Map<number, readonly Policy[]>() };
  return (owner, direction) => {
    const kind = reach.kindOf(owner);
    let policies = found[direction].get(kind);
    if (policies === undefined) found[direction].set(kind, (policies = reach.isolating(owner, direction)));
    return policies;
  };
}

/** All but a pod itself, and nodes that the pods run on where policies have no say about those. */
function decidedPeers(
  snapshot: Snapshot,
  { ends, single }: { readonly ends: EndClasses; readonly single: BitSet },
  walk: AlikeWalk,
): BitSet {
  const { direction, members } = walk;
  const owners = members.members();
  const [only, ...others] = owners;
  const isOnlyItself = only !== undefined && others.length === 0 && single.has(only);
  const peers = BitSet.full(ends.classes.length);
  if (isOnlyItself) peers.delete(only);
  for (const at of ends.nodes.members()) {
    const node = ends.classes[at];
    if (node === undefined) continue;
    if (!owners.some((owner) => isDecided(snapshot, { owner: ends.classes[owner], node, direction }))) peers.delete(at);
  }
  return peers;
}

/** Whether a pod of the class has a flow with one of the nodes of which its policies decide. */
function isDecided(
  { world }: Snapshot,
  { owner, node, direction }: { readonly owner: EndClass | undefined; readonly node: EndClass; readonly direction: Direction },
): boolean {
  const [first] = owner?.ends ?? [];
  if (owner === undefined || first?.kind !== 'endpoint') return false;
  const isFree = direction === 'ingress' || world.profile.podReachesOwnNode.includes(systemOfEndpoint(first.endpoint));
  return !isFree || ownNodePairs(owner, node) < owner.ends.length * node.ends.length;
}

function countOf(snapshot: Snapshot, of: EndClass | undefined): number {
  return (of?.ends ?? []).reduce((sum, end) => sum + (end.kind === 'endpoint' ? copiesOf(snapshot, end.endpoint) : 1), 0);
}
