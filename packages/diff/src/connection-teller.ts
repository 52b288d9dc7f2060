/** Changed blocks of a comparison, told by the names of ends and in the words of traffic. */
import { describeTraffic, type TrafficClass, trafficOf } from '@weir/connectivity';
import { directionToJson } from '@weir/model';
import type { ChangedBlock } from './changed-blocks.ts';
import type { ConnectionComparison } from './changed-connections.ts';
import type { ChangedConnectionJson, ChangedTrafficJson, ConnectionChange } from './diff-json.ts';
import { EndNames, type NamedEnds } from './end-names.ts';

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
  readonly #traffic: WeakMap<readonly TrafficClass[], Map<string, ChangedTrafficJson>> = new WeakMap();
  #several: ReadonlySet<string> | undefined;

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
    const told = (classes: readonly TrafficClass[]): ChangedTrafficJson => this.#told(classes, all);
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
      causes: causes.map(({ traffic, cause: { direction, was: decided, is: decides, text } }) => ({
        direction,
        before: directionToJson(decided),
        after: directionToJson(decides),
        text,
        traffic: told(traffic),
      })),
      pairs: this.#pairs(from, to, isOwnNode),
    };
  }

  /** What is the same of several blocks is told once. */
  #told(classes: readonly TrafficClass[], all: readonly TrafficClass[]): ChangedTrafficJson {
    const known = this.#traffic.get(all) ?? new Map<string, ChangedTrafficJson>();
    this.#traffic.set(all, known);
    const chosen = new Set(classes);
    const key = all.map((one) => (chosen.has(one) ? '1' : '0')).join('');
    let told = known.get(key);
    if (told === undefined) known.set(key, (told = { text: describeTraffic(classes, all), protocols: trafficOf(classes, all) }));
    return told;
  }

  /** Of pods and their own nodes, the nodes are told without a name. */
  #ends(places: readonly number[], isOwnNode: boolean): NamedEnds {
    const named = this.#names.of(places);
    const isNodes = places.every((at) => this.#comparison.classes[at]?.kind === 'nodes');
    return isOwnNode && isNodes ? { ...named, ends: [{ kind: 'own node', name: 'own node' }], text: "each pod's own node" } : named;
  }

  /** A party has no pair with itself unless there are several of it; what is outside of the cluster is one end. */
  #pairs(from: NamedEnds, to: NamedEnds, isOwnNode: boolean): number {
    const [sources, destinations] = [from, to].map(({ pods, nodes, hasOutside }) => pods.length + nodes.length + (hasOutside ? 1 : 0));
    if (sources === undefined || destinations === undefined) return 0;
    if (isOwnNode) return Math.max(sources, destinations);
    const alone = shared(from.pods, to.pods).filter((name) => !this.#isSeveral(name)).length + shared(from.nodes, to.nodes).length;
    return sources * destinations - alone;
  }

  #isSeveral(party: string): boolean {
    this.#several ??= new Set(
      this.#comparison.classes.flatMap(({ kind, ends }) =>
        kind === 'pods' ? ends.flatMap(({ name, isSeveral }) => (isSeveral ? [name] : [])) : [],
      ),
    );
    return this.#several.has(party);
  }
}

/** The names that are in both. */
function shared(some: readonly string[], others: readonly string[]): readonly string[] {
  const [few, many] = some.length < others.length ? [some, others] : [others, some];
  if (few.length === 0) return few;
  const among = new Set(few);
  return many.filter((name) => among.has(name));
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
