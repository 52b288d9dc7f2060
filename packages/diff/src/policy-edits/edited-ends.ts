/** The ends of a difference in which policies alone are others: all pods, nodes, and the outside as some rules divide it. */
import { type EndConditions, groupBits } from '@weir/connectivity';
import { type AddressGroupName, type Direction, type Policy, type PolicyWorld, type Rule, type SelectingTier } from '@weir/model';
import { type AddressRange, BitSet, formatAddress } from '@weir/net';
import type { BothSides } from '../both-sides.ts';
import { type ComparedSides, nodeEnds, podAddressesOf } from '../joint-ends.ts';
import { outsideParts } from '../outside-parts.ts';
import type { EditedEnd } from './edited-end.ts';
import type { RuleEdit } from './edited-rules.ts';
import { type PodSets, podSetsOf } from './pod-sets.ts';

/** The policies that select a pod. */
export type SelectingSides = Required<BothSides<readonly SelectingTier[]>>;

/** All ends, pods first. */
export interface EditedEnds {
  readonly all: readonly EditedEnd[];
  readonly pods: readonly EditedEnd[];
  /** The pods that a changed policy selects, on one of the sides at least, by their places. */
  readonly owners: BitSet;
}

/** Finds them; the outside is divided by the rules of the policies that select owners, unless it is none of their peers. */
export function editedEnds(
  compared: ComparedSides,
  pods: readonly EditedEnd[],
  { edits, changed }: { readonly edits: Readonly<Record<Direction, readonly RuleEdit[]>>; readonly changed: readonly Policy[] },
): EditedEnds {
  const sets = podSetsOf(pods);
  const all = [...edits.ingress, ...edits.egress];
  const owners = BitSet.empty(pods.length);
  for (const edit of all) owners.addAll(edit.owners);
  const addresses = podAddressesOf(compared);
  const isAboutOutside =
    all.some(({ isWhole }) => isWhole) || asksOutside(edits.ingress, 'source') || asksOutside(edits.egress, 'destination');
  const others = [
    ...nodeEnds(compared, addresses).map((joint) => ({ kind: 'nodes' as const, joint, ranges: [] })),
    ...(isAboutOutside ? outsideOf(compared, policiesOf(compared, changed, { pods, owners, sets }), addresses) : []),
  ];
  return { all: [...pods, ...others.map((end, at): EditedEnd => ({ ...end, place: pods.length + at }))], pods, owners };
}

/** Whether rules that are others may be about addresses outside: those for labels are not. */
function asksOutside(edits: readonly RuleEdit[], peer: 'source' | 'destination'): boolean {
  return edits.some(({ rules }) => rules.some(({ match }) => match[peer].selector === undefined));
}

/** The outside, divided by the blocks and groups of some policies. */
function outsideOf(
  { before, after, family }: ComparedSides,
  policies: ReadonlySet<Policy>,
  addresses: ReadonlySet<string>,
): Omit<EditedEnd, 'place'>[] {
  const nodes = before.nodes.flatMap((node) => node.addresses.map(formatAddress));
  const world = worldOfBoth({ before, after });
  const members = membersOf(world, policies);
  const parts = outsideParts({
    family,
    nets: netsOf(policies),
    singles: members.map(({ address }) => address),
    taken: new Set([...addresses, ...nodes]),
    moreOf: groupBits(members),
  });
  return parts.map(({ address, ranges }) => {
    const end = { kind: 'address', address } as const;
    return { kind: 'outside', joint: { name: formatAddress(address), isSeveral: true, before: end, after: end }, ranges };
  });
}

/**
 * The world that peers are asked about in: what both sides have in common, and of groups what either has, since those that
 * rules of both sides ask for are the same.
 */
export function worldOfBoth({ before, after }: Pick<ComparedSides, 'before' | 'after'>): PolicyWorld {
  const [was, is] = [before.world, after.world];
  const either = <T>(young: readonly T[], old: () => readonly T[]): readonly T[] => (young.length > 0 ? young : old());
  return {
    ...is,
    inGroup: (group, address) => either(is.inGroup(group, address), () => was.inGroup(group, address)),
    membersOf: (group) => either(is.membersOf(group), () => was.membersOf(group)),
  };
}

/** What is in the groups that rules of the policies ask their peers about. */
function membersOf(world: PolicyWorld, policies: ReadonlySet<Policy>): EndConditions['members'] {
  const groups = new Set<AddressGroupName>();
  for (const { match } of rulesOf(policies))
    for (const side of [match.source, match.destination]) for (const group of side.groups ?? []) groups.add(group);
  return [...groups].flatMap((group) => world.membersOf(group).map((member) => ({ ...member, group })));
}

/** Every set of addresses that rules of the policies ask their peers about, each once. */
function netsOf(policies: ReadonlySet<Policy>): (readonly AddressRange[])[] {
  const found = new Map<string, readonly AddressRange[]>();
  for (const { match } of rulesOf(policies)) {
    for (const { nets, notNets, nodes } of [match.source, match.destination]) {
      for (const ranges of [nets, notNets, nodes]) if (ranges !== undefined) found.set(textOf(ranges), ranges);
    }
  }
  return [...found.values()];
}

function* rulesOf(policies: ReadonlySet<Policy>): Generator<Rule> {
  for (const { ingress, egress } of policies) for (const direction of [ingress, egress]) yield* direction?.rules ?? [];
}

function textOf(ranges: readonly AddressRange[]): string {
  return ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join();
}

/** The policies that select a pod on both sides; nobody speaks for other ends. */
export function selectingSides({ before, after }: ComparedSides, { owners }: Pick<EditedEnds, 'owners'>, end: EditedEnd): SelectingSides {
  const of = (side: keyof BothSides<unknown>): readonly SelectingTier[] => {
    const one = end.joint[side];
    return one?.kind === 'endpoint' ? { before, after }[side].world.selecting(one.endpoint) : [];
  };
  const was = of('before');
  // What selects the others is the same on both sides, and found out once.
  return { before: was, after: end.kind === 'pods' && owners.has(end.place) ? of('after') : was };
}

/** So few pods are asked sooner than all policies are. */
const fewPods = 64;

/** The policies that select some pods on the old side, and what is changed. */
function policiesOf(
  { before }: ComparedSides,
  changed: readonly Policy[],
  { pods, owners, sets }: { readonly pods: readonly EditedEnd[]; readonly owners: BitSet; readonly sets: PodSets },
): ReadonlySet<Policy> {
  const found = new Set<Policy>(changed);
  const places = owners.members();
  if (places.length <= fewPods) {
    for (const place of places) {
      const end = pods[place]?.joint.before;
      if (end?.kind === 'endpoint')
        for (const { policies } of before.world.selecting(end.endpoint)) for (const policy of policies) found.add(policy);
    }
    return found;
  }
  for (const { policies } of before.world.tiers)
    for (const policy of policies) {
      if (
        !found.has(policy) &&
        sets
          .labelled(policy.subject)
          .places()
          .some((place) => owners.has(place))
      )
        found.add(policy);
    }
  return found;
}
