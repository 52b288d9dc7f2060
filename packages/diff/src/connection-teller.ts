/** Changed blocks of a comparison, told by the names of ends and in the words of traffic. */
import { describeTraffic, type TrafficClass, trafficOf } from '@weir/connectivity';
import { defined } from '@weir/net';
import type { ChangedBlock } from './changed-blocks.ts';
import type { ConnectionComparison } from './changed-connections.ts';
import type { ChangedConnectionJson, ChangedTrafficJson, ConnectionChange } from './diff-json.ts';
import { EndNames } from './end-names.ts';

/** Connections of a comparison by whether their ends are on both sides, or one of them is on the new or the old side only. */
export interface ToldConnections {
  readonly both: readonly ChangedConnectionJson[];
  readonly added: readonly ChangedConnectionJson[];
  readonly removed: readonly ChangedConnectionJson[];
}

/** Tells the blocks of one comparison. */
export class ConnectionTeller {
  readonly #comparison: ConnectionComparison;
  readonly #names: EndNames;

  constructor(comparison: ConnectionComparison, isWorkload: (name: string) => boolean) {
    this.#comparison = comparison;
    this.#names = new EndNames(comparison, isWorkload);
  }

  tell(): ToldConnections {
    const told = this.#comparison.blocks.map((block) => ({ block, json: this.#block(block) }));
    const of = (accepts: (block: ChangedBlock) => boolean): ChangedConnectionJson[] =>
      told.flatMap(({ block, json }) => (accepts(block) ? [json] : []));
    return {
      both: of(({ before, after }) => before !== undefined && after !== undefined),
      added: of(({ before }) => before === undefined),
      removed: of(({ after }) => after === undefined),
    };
  }

  #block({
    sources,
    destinations,
    isOwnNode,
    traffic: all,
    before = nothing,
    after = nothing,
    causes,
  }: ChangedBlock): ChangedConnectionJson {
    const { family } = this.#comparison;
    const [from, to] = [this.#ends(sources, isOwnNode), this.#ends(destinations, isOwnNode)];
    const [was, is] = [new Set(before.allowed), new Set(after.allowed)];
    const [mayHaveBeen, mayBe] = [new Set(before.unknown), new Set(after.unknown)];
    const of = (accepts: (one: TrafficClass) => boolean): TrafficClass[] => all.filter(accepts);
    const gained = of((one) => is.has(one) && !was.has(one) && !mayHaveBeen.has(one));
    const lost = of((one) => was.has(one) && !is.has(one) && !mayBe.has(one));
    const mayBeGained = of((one) => (mayBe.has(one) && !was.has(one) && !mayHaveBeen.has(one)) || (is.has(one) && mayHaveBeen.has(one)));
    const mayBeLost = of((one) => (was.has(one) && mayBe.has(one)) || (mayHaveBeen.has(one) && !is.has(one) && !mayBe.has(one)));
    const told = (classes: readonly TrafficClass[]): ChangedTrafficJson => ({
      text: describeTraffic(classes, all),
      protocols: trafficOf(classes, all),
    });
    return {
      change: kindOf({ gained, lost, hadAny: was.size + mayHaveBeen.size > 0, hasAny: is.size + mayBe.size > 0 }),
      families: [family],
      sources: from.ends,
      destinations: to.ends,
      from: from.text,
      to: to.text,
      before: told(before.allowed),
      after: told(after.allowed),
      gained: told(gained),
      lost: told(lost),
      mayBeGained: told(mayBeGained),
      mayBeLost: told(mayBeLost),
      causes: causes.map(({ traffic, cause }) => ({ ...cause, traffic: told(traffic) })),
      pairs: this.#pairs(sources, destinations, isOwnNode),
    };
  }

  /** Of pods and their own nodes, the nodes are told without a name. */
  #ends(places: readonly number[], isOwnNode: boolean): ReturnType<EndNames['of']> {
    const isNodes = places.every((at) => this.#comparison.classes[at]?.kind === 'nodes');
    return isOwnNode && isNodes ? { ends: [{ kind: 'own node', name: 'own node' }], text: "each pod's own node" } : this.#names.of(places);
  }

  /** A party has no pair with itself unless there are several of it; what is outside of the cluster is one end. */
  #pairs(sources: readonly number[], destinations: readonly number[], isOwnNode: boolean): number {
    const [from, to] = [this.#countable(sources), this.#countable(destinations)];
    if (isOwnNode) return Math.max(from.size, to.size);
    const alone = [...from].filter(([name, isSeveral]) => !isSeveral && to.has(name)).length;
    return from.size * to.size - alone;
  }

  #countable(places: readonly number[]): ReadonlyMap<string, boolean> {
    const found = new Map<string, boolean>();
    for (const at of places) {
      const { kind, ends } = defined(this.#comparison.classes[at], 'a class of the comparison exists');
      if (kind === 'outside') found.set(kind, true);
      else for (const { name, isSeveral } of ends) found.set(`${kind} ${name}`, isSeveral);
    }
    return found;
  }
}

const nothing = { allowed: [], unknown: [] } as const;

interface ChangedSets {
  readonly gained: readonly TrafficClass[];
  readonly lost: readonly TrafficClass[];
  readonly hadAny: boolean;
  readonly hasAny: boolean;
}

function kindOf({ gained, lost, hadAny, hasAny }: ChangedSets): ConnectionChange {
  if (gained.length > 0 && lost.length > 0) return 'changed';
  if (gained.length > 0) return hadAny ? 'widened' : 'added';
  if (lost.length > 0) return hasAny ? 'narrowed' : 'removed';
  return 'uncertain';
}
