/**
 * Drives an engine from state to state and follows its deltas as a data plane would: every referent
 * must be there before what refers to it, nothing may be added twice or removed when absent.
 */
import { compileNetworkPolicy } from '@weir/compile';
import type { Namespace, NetworkPolicy, Node, Pod } from '@weir/kube';
import { formatAddress } from '@weir/net';
import { expect } from 'vitest';
import {
  type Attachment,
  applyDelta,
  type Delta,
  difference,
  Engine,
  type EngineOptions,
  emptyDelta,
  emptyState,
  fromScratch,
  isEmpty,
  type State,
  squash,
  stateOf,
} from '../src/index.ts';

/** A state of the cluster, as this node's agent sees it. */
export interface World {
  readonly pods?: readonly Pod[];
  readonly namespaces?: readonly Namespace[];
  readonly policies?: readonly NetworkPolicy[];
  readonly attachments?: readonly Attachment[];
  /** Told only to an engine that asks for them. */
  readonly nodes?: readonly Node[];
}

/** The order in which one step's events are delivered. */
export type EventOrder = (events: (() => void)[]) => (() => void)[];

const inOrder: EventOrder = (events) => events;

/** An engine, what was told to it, and the sum of what it said. */
export class Follower {
  readonly engine: Engine;
  readonly state: State = emptyState();
  readonly accepted: Map<string, NetworkPolicy> = new Map();
  readonly #options: Pick<EngineOptions, 'ruleHash' | 'localPods' | 'target'>;
  readonly #uids: Map<string, string> = new Map();
  world: World = {};
  total: Delta = emptyDelta;

  constructor({
    inSync = true,
    ...options
  }: { readonly inSync?: boolean } & Pick<EngineOptions, 'ruleHash' | 'localPods' | 'target'> = {}) {
    this.#options = options;
    this.engine = new Engine({ node: 'n1', ...options });
    if (inSync) this.sync();
  }

  sync(): void {
    for (const source of this.engine.sources) this.engine.setInSync(source);
  }

  /** Tells the engine what is different in `next`, without a flush. */
  tell(next: World, order: EventOrder = inOrder): void {
    const events: (() => void)[] = [];
    const { engine, world } = this;
    diff(world.namespaces, next.namespaces, nameOf, {
      upsert: (one) => events.push(() => engine.upsertNamespace(one)),
      remove: ({ metadata }) => events.push(() => engine.deleteNamespace(metadata.name ?? '')),
    });
    diff(world.pods, next.pods, nameOf, {
      upsert: (one) => events.push(() => engine.upsertPod(one)),
      remove: ({ metadata }) => events.push(() => engine.deletePod(metadata.namespace ?? '', metadata.name ?? '')),
    });
    diff(world.policies, next.policies, nameOf, {
      upsert: (one) =>
        events.push(() => {
          engine.upsertNetworkPolicy(one);
          const before = this.#uids.get(nameOf(one));
          if (before !== undefined && before !== uidOf(one)) this.accepted.delete(before);
          this.#uids.set(nameOf(one), uidOf(one));
          if (compileNetworkPolicy(one, this.#options).policy !== undefined) this.accepted.set(uidOf(one), one);
        }),
      remove: (one) =>
        events.push(() => {
          engine.deleteNetworkPolicy(one.metadata.namespace ?? '', one.metadata.name ?? '');
          this.accepted.delete(uidOf(one));
        }),
    });
    if (engine.sources.includes('nodes')) {
      diff(world.nodes, next.nodes, nameOf, {
        upsert: (one) => events.push(() => engine.upsertNode(one)),
        remove: ({ metadata }) => events.push(() => engine.deleteNode(metadata.name ?? '')),
      });
    }
    diff(world.attachments, next.attachments, ({ uid }) => uid, {
      upsert: (one) => events.push(() => engine.attach(one)),
      remove: ({ uid }) => events.push(() => engine.detach(uid)),
    });
    for (const event of order(events)) event();
    this.world = next;
  }

  /** Flushes, applies the delta with all checks, and gives it. */
  flush(): Delta {
    const delta = this.engine.flush();
    applyChecked(this.state, delta);
    this.total = squash(this.total, delta);
    return delta;
  }

  go(next: World, order?: EventOrder): Delta {
    this.tell(next, order);
    const delta = this.flush();
    this.verify();
    return delta;
  }

  /** The sum of deltas, the engine's own account, the squashed deltas and the twin must agree. */
  verify(): void {
    const { pods = [], namespaces = [], policies = [], attachments = [], nodes = [] } = this.world;
    const accepted = [...this.accepted.values()];
    const twin = applyDelta(
      emptyState(),
      fromScratch({ node: 'n1', pods, namespaces, policies, accepted, attachments, nodes, ...this.#options }),
    );
    expect(difference(twin, this.state)).toEqual(emptyDelta);
    expect(difference(stateOf(this.engine), this.state)).toEqual(emptyDelta);
    expect(difference(applyDelta(emptyState(), this.total), this.state)).toEqual(emptyDelta);
    expect(isEmpty(this.engine.flush())).toBe(true);
    expect(
      this.engine
        .acceptedPolicies()
        .map((one) => uidOf(one))
        .sort(),
    ).toEqual([...this.accepted.keys()].sort());
  }

  /** Takes everything away; nothing may be left inside. */
  expectNothingLeft(): void {
    this.go({});
    expect(stateSize(this.state)).toBe(0);
    for (const [what, count] of Object.entries(this.engine.sizes)) expect(`${what} ${count}`).toBe(`${what} 0`);
  }
}

/** How many things a state holds. */
export function stateSize(state: State): number {
  return state.peerSets.size + state.classes.size + state.addresses.size + state.programs.size + state.endpoints.size + state.hosts.size;
}

function applyChecked(state: State, delta: Delta): void {
  for (const set of delta.peerSets.upserts) expect(state.peerSets.has(set.key)).toBe(false);
  for (const one of delta.classes.upserts) expect(state.classes.has(one.key)).toBe(false);
  for (const one of delta.programs.upserts) expect(state.programs.has(one.key)).toBe(false);
  const removals = { peerSets: [], classes: [], addresses: [], programs: [], endpoints: [] } as const;
  const upsertsOnly: Delta = {
    peerSets: { upserts: delta.peerSets.upserts, removals: removals.peerSets },
    classes: { upserts: delta.classes.upserts, removals: [] },
    addresses: { upserts: delta.addresses.upserts, removals: [] },
    programs: { upserts: delta.programs.upserts, removals: [] },
    endpoints: { upserts: delta.endpoints.upserts, removals: [] },
    hosts: { upserts: delta.hosts.upserts, removals: [] },
    ...(delta.hostSettings === undefined ? {} : { hostSettings: delta.hostSettings }),
  };
  applyDelta(state, upsertsOnly);
  expectReferents(state);
  for (const uid of delta.endpoints.removals) expect(state.endpoints.has(uid)).toBe(true);
  for (const key of delta.programs.removals) expect(state.programs.has(key)).toBe(true);
  for (const address of delta.addresses.removals) expect(state.addresses.has(formatAddress(address))).toBe(true);
  for (const key of delta.classes.removals) expect(state.classes.has(key)).toBe(true);
  for (const key of delta.peerSets.removals) expect(state.peerSets.has(key)).toBe(true);
  applyDelta(state, { ...emptyDelta, hosts: { upserts: [], removals: delta.hosts.removals } });
  applyDelta(state, { ...emptyDelta, endpoints: { upserts: [], removals: delta.endpoints.removals } });
  applyDelta(state, { ...emptyDelta, programs: { upserts: [], removals: delta.programs.removals } });
  expectReferents(state);
  applyDelta(state, { ...emptyDelta, addresses: { upserts: [], removals: delta.addresses.removals } });
  applyDelta(state, { ...emptyDelta, classes: { upserts: [], removals: delta.classes.removals } });
  applyDelta(state, { ...emptyDelta, peerSets: { upserts: [], removals: delta.peerSets.removals } });
  expectReferents(state);
}

function expectReferents({ peerSets, classes, addresses, programs, endpoints }: State): void {
  const missing: string[] = [];
  const need = (table: ReadonlyMap<string, unknown>, key: string | undefined): void => {
    if (key !== undefined && !table.has(key)) missing.push(key);
  };
  for (const { memberships } of classes.values()) for (const { set } of memberships) need(peerSets, set);
  for (const one of addresses.values()) need(classes, one.class);
  for (const { tiers } of programs.values())
    for (const { rules } of tiers) for (const { peer } of rules) for (const { set } of peer) need(peerSets, set);
  for (const { ingress, egress } of endpoints.values()) {
    need(programs, ingress);
    need(programs, egress);
  }
  expect(missing).toEqual([]);
}

function diff<T>(
  before: readonly T[] | undefined,
  after: readonly T[] | undefined,
  name: (item: T) => string,
  { upsert, remove }: { readonly upsert: (item: T) => void; readonly remove: (item: T) => void },
): void {
  const old = new Map(before?.map((item) => [name(item), item]));
  const kept = new Set(after?.map((item) => name(item)));
  for (const item of before ?? []) if (!kept.has(name(item))) remove(item);
  for (const item of after ?? []) if (JSON.stringify(old.get(name(item))) !== JSON.stringify(item)) upsert(item);
}

function nameOf({ metadata }: { readonly metadata: { readonly namespace?: string; readonly name?: string } }): string {
  return `${metadata.namespace ?? ''}/${metadata.name ?? ''}`;
}

function uidOf({ metadata }: NetworkPolicy): string {
  return metadata.uid ?? `${metadata.namespace ?? 'default'}/${metadata.name ?? ''}`;
}
