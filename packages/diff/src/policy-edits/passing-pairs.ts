/**
 * The peers with which pods may exchange some traffic at all, on either side of a comparison, in sets: of all others nothing
 * changes, whatever changed policies say of this traffic.
 *
 * ```
 *   rules about the traffic that do not deny ─▶ whom an owner's policies may let pass ┐
 *   and who is not isolated                  ─▶ whose policies may let it pass ───────┴▶ both
 * ```
 *
 * That is more than what passes: of order, ports in part and what decides first nothing is asked.
 */
import { appliesToPods, type Direction, type Policy, type PolicyWorld, type Rule } from '@weir/model';
import { BitSet } from '@weir/net';
import type { ComparedSides } from '../joint-ends.ts';
import type { EditedEnd, EditedEnds } from './edited-ends.ts';
import type { EditedTraffic } from './edited-rules.ts';
import type { PodSets } from './pod-sets.ts';
import type { EndsOfRules } from './rule-ends.ts';

/** What is asked for passing pairs. */
export interface AskedTraffic {
  /** That in which owners are asked: of ingress they are the destinations. */
  readonly direction: Direction;
  readonly traffic: EditedTraffic;
  readonly owners: BitSet;
}

/** What all questions of a comparison share. */
export interface PassingSources {
  readonly compared: ComparedSides;
  readonly ends: EditedEnds;
  readonly sets: PodSets;
  readonly endsOf: Readonly<Record<Direction, EndsOfRules>>;
  /** The policies of either side, each once. */
  readonly policies: readonly Policy[];
}

/** Pairs of owners and peers. */
export class PassingPairs {
  readonly #everybody: BitSet;
  readonly #open: BitSet;
  readonly #openPeers: BitSet;
  /** By the place of an owner. */
  readonly #letIn: (BitSet[] | undefined)[] = [];
  readonly #lettingIn: (BitSet[] | undefined)[] = [];

  constructor({ ends, sets, endsOf, policies, compared }: PassingSources, { direction, traffic, owners }: AskedTraffic) {
    this.#everybody = BitSet.full(ends.all.length);
    const others = direction === 'ingress' ? 'egress' : 'ingress';
    this.#open = openPods(compared, sets, direction);
    this.#openPeers = this.#everybody.without(BitSet.full(sets.size).without(openPods(compared, sets, others)));
    for (const policy of policies) {
      if (!isEnforced(policy)) continue;
      const subject = sets.labelled(policy.subject);
      for (const passing of passingRules(policy, direction, traffic)) {
        const possible = endsOf[direction].of(passing.rule).possible ?? this.#everybody;
        const peers = direction === 'ingress' ? possible : only(possible, passing.destinations, sets);
        const of = direction === 'ingress' && passing.destinations !== undefined ? subject.and(passing.destinations) : subject;
        if (of.meets(owners)) for (const owner of of.and(owners).members()) (this.#letIn[owner] ??= []).push(peers);
      }
      for (const passing of passingRules(policy, others, traffic)) {
        const possible = endsOf[others].of(passing.rule).possible ?? this.#everybody;
        const from = direction === 'ingress' ? only(possible, passing.destinations, sets) : possible;
        const peers = direction === 'egress' && passing.destinations !== undefined ? subject.and(passing.destinations) : subject;
        if (owners.meets(from)) for (const owner of owners.and(from).members()) (this.#lettingIn[owner] ??= []).push(peers);
      }
    }
  }

  /** Takes out of some peers those with which the owner exchanges nothing. */
  keep(owner: EditedEnd, peers: BitSet): BitSet {
    let left = peers;
    if (!this.#open.has(owner.place)) left = left.and(union(this.#letIn[owner.place] ?? [], left.size));
    if (left.isEmpty) return left;
    const answering = union(this.#lettingIn[owner.place] ?? [], left.size);
    answering.addAll(this.#openPeers);
    return left.and(answering);
  }
}

function union(sets: readonly BitSet[], size: number): BitSet {
  const all = BitSet.empty(size);
  for (const set of sets) all.addAll(set);
  return all;
}

/** Without pods that are not among those. */
function only(ends: BitSet, pods: BitSet | undefined, sets: PodSets): BitSet {
  return pods === undefined ? ends : ends.without(BitSet.full(sets.size).without(pods));
}

interface AskedRule {
  readonly rule: Rule;
  readonly destinations: BitSet | undefined;
}

/** What is passed on may be let pass by what comes behind. */
function passingRules(policy: Policy, direction: Direction, traffic: EditedTraffic): readonly AskedRule[] {
  let found: AskedRule[] | undefined;
  for (const rule of policy[direction]?.rules ?? []) {
    if (rule.action === 'deny' || rule.action === 'log') continue;
    const concerned = traffic.concerns(rule);
    if (concerned !== false) (found ??= []).push({ rule, destinations: concerned === true ? undefined : concerned });
  }
  return found ?? none;
}

const none: readonly AskedRule[] = [];

function isEnforced(policy: Policy): boolean {
  return !policy.staged && appliesToPods(policy);
}

/** The pods that the end of no tier closes, on one of the sides at least. */
function openPods({ before, after }: ComparedSides, sets: PodSets, direction: Direction): BitSet {
  const isShared = sharedPolicies(before.world, after.world);
  const shared = BitSet.empty(sets.size);
  const closed = [before.world, after.world].map(({ tiers }, side) => {
    const own = BitSet.empty(sets.size);
    for (const { end, policies } of tiers) {
      if (end === 'pass') continue;
      for (const policy of policies) {
        if (policy[direction]?.isolates !== true || !isEnforced(policy)) continue;
        if (!isShared.has(policy)) own.addAll(sets.labelled(policy.subject));
        else if (side === 0) shared.addAll(sets.labelled(policy.subject));
      }
    }
    return own;
  });
  const [was, is] = closed;
  if (was !== undefined && is !== undefined) shared.addAll(was.and(is));
  return BitSet.full(sets.size).without(shared);
}

/** Policies that are the same objects in tiers that end alike. */
function sharedPolicies(before: PolicyWorld, after: PolicyWorld): ReadonlySet<Policy> {
  const found = new Set<Policy>();
  for (const { name, end, policies } of before.tiers) {
    const other = after.tiers.find((tier) => tier.name === name);
    if (other?.end !== end) continue;
    const others = new Set(other.policies);
    for (const policy of policies) if (others.has(policy)) found.add(policy);
  }
  return found;
}
