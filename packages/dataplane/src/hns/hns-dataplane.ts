/**
 * The Windows back end: SetPolicies on the network and ACLs on endpoints, through HNS.
 *
 *   sets, classes, addresses ──▶ PeerSets ───────▶ IPSET, NESTEDIPSET ─┐
 *   programs ──▶ hns-program ──▶ LocalEndpoints ─▶ ACLs ───────────────┴─▶ staged-change ──▶ HnsStore ──▶ door
 *
 * HNS filters at the endpoint: Out ACLs of the source, In ACLs of the destination, on each node by
 * itself. Connections that were let through stay. An endpoint without an acknowledged pod is closed.
 */
import type { Delta } from '@weir/calc';
import { type AclPolicy, type HnsDoor, HnsError, type SetPolicy } from '@weir/kernel';
import { noFlows } from '../connections/no-flows.ts';
import type {
  ApplyReport,
  Capabilities,
  Dataplane,
  DeniedCounter,
  DriftReport,
  FlowEvent,
  KernelSizes,
  ReviewReport,
  RuleCounter,
} from '../dataplane.ts';
import { RefusedHosts } from '../hosts/refused-hosts.ts';
import type { AclChange } from './acl-change.ts';
import { closedEndpoint, type EndpointState, endpointAcls } from './acl-documents.ts';
import { HnsStore } from './hns-store.ts';
import { LocalEndpoints } from './local-endpoints.ts';
import { PeerSets } from './peer-sets.ts';
import { RejectedEndpoints } from './rejected-endpoints.ts';
import { isClassSet, valuesOf } from './set-documents.ts';
import { type HnsStep, planSteps, type SetChange } from './staged-change.ts';

/** What {@link HnsDataplane} is told. */
export interface HnsOptions {
  readonly door: HnsDoor;
  /** Enforce negative selectors by listing what they leave, and `except` by splitting blocks, instead of refusing. Default false. */
  readonly expandUnsupported?: boolean;
}

/** The back end for the node behind the door; it changes nothing before its first delta. */
export function createHnsDataplane(options: HnsOptions): HnsDataplane {
  return new HnsDataplane(options);
}

/** What HNS holds otherwise than it shall. */
interface Differences {
  readonly sets: readonly SetChange[];
  readonly endpoints: readonly AclChange[];
}

/** How often is looked whether others have changed what HNS holds, and whether endpoints came. */
const watchMs = 2_000;

/** See the contract, {@link Dataplane}. */
export class HnsDataplane implements Dataplane {
  readonly name = 'hns';
  readonly capabilities: Capabilities = { families: [4, 6], atomicity: 'object' };
  /** HNS has no call that ends a connection. */
  readonly established = 'keep';
  readonly #door: HnsDoor;
  readonly #store: HnsStore;
  readonly #sets = new PeerSets();
  readonly #endpoints: LocalEndpoints;
  readonly #rejected = new RejectedEndpoints(this.#sets);
  readonly #hosts = new RefusedHosts('hns');
  #started = false;
  /** False when a request failed: what HNS holds is read again before the next one. */
  #isCertain = false;
  #turn: Promise<unknown> = Promise.resolve();
  #watchTimer: NodeJS.Timeout | undefined;

  constructor({ door, expandUnsupported = false }: HnsOptions) {
    this.#door = door;
    this.#store = new HnsStore(door);
    this.#endpoints = new LocalEndpoints(this.#sets, { expandUnsupported });
  }

  async apply(delta: Delta): Promise<ApplyReport> {
    return this.#inTurn(async () => {
      const startedAt = performance.now();
      this.#sets.apply(delta);
      const touched = this.#endpoints.apply(delta);
      const wasCertain = this.#started && this.#isCertain;
      this.#started = true;
      let changes: readonly SetChange[];
      if (wasCertain) {
        if (touched.size > 0) await this.#store.readEndpoints();
        const isTouched = (id: string): boolean =>
          this.#store.endpoints.get(id)?.addresses.some((address) => touched.has(address)) === true;
        const retried = this.#rejected.retry(isTouched);
        const { sets, movers } = this.#sets.settle(delta.peerSets.removals);
        changes = [...sets].map(([id, after]) => setChange(this.#store.sets.get(id), after)).filter(isChange);
        const endpoints = this.#aclChanges((id) => isTouched(id) || retried.has(id));
        await this.#perform(planSteps({ sets: changes, endpoints, movers }));
      } else {
        this.#sets.settle(delta.peerSets.removals);
        changes = (await this.#replaceAll()).sets;
      }
      const rejected = this.#rejected.report();
      const quarantined = [...this.#endpoints.refused(), ...rejected.quarantined];
      const refusedHosts = this.#hosts.apply(delta);
      return { ...countChanges(changes), ...rejected, quarantined, refusedHosts, milliseconds: performance.now() - startedAt };
    });
  }

  async resync(): Promise<DriftReport> {
    return this.#inTurn(async () => {
      if (!this.#started) return { drifted: [], repaired: false };
      const known = new Set(this.#store.endpoints.keys());
      const { sets, endpoints } = await this.#replaceAll();
      // An endpoint that came is no drift.
      const changed = endpoints.filter(({ endpoint }) => known.has(endpoint));
      const drifted = [...sets.map(describeSet), ...changed.map(({ endpoint }) => `ACLs of endpoint ${endpoint}`)];
      return { drifted, repaired: drifted.length > 0 };
    });
  }

  watch(onChange: () => void): void {
    clearInterval(this.#watchTimer);
    this.#watchTimer = setInterval(() => {
      void this.#look(onChange);
    }, watchMs);
    this.#watchTimer.unref();
  }

  async endDenied(): Promise<ReviewReport> {
    return { looked: 0, ended: 0, heldBack: 0 };
  }

  /** HNS has no such call; an endpoint's own connections end with it. */
  async endConnections(): Promise<void> {}

  /** HNS counts nothing. */
  async counters(): Promise<readonly RuleCounter[]> {
    return [];
  }

  async denied(): Promise<readonly DeniedCounter[]> {
    return [];
  }

  get sizes(): KernelSizes {
    const endpoints = [...this.#store.endpoints.values()];
    const sets = [...this.#store.sets.values()];
    return {
      rules: endpoints.reduce((sum, { acls }) => sum + acls.length, 0),
      sets: sets.length,
      elements: sets.reduce((sum, set) => sum + valuesOf(set).length, 0),
    };
  }

  /** HNS tells nothing of connections. */
  flows(): AsyncIterable<FlowEvent> {
    return noFlows();
  }

  async remove(): Promise<void> {
    return this.#inTurn(async () => {
      if (!(await this.#store.readIfThere())) return;
      const endpoints = [...this.#store.endpoints.values()].filter(({ acls }) => acls.length > 0);
      for (const { id } of endpoints) await this.#store.perform({ kind: 'acls', endpoint: id, acls: [] });
      const sets = [...this.#store.sets.values()].map((before) => ({ before }));
      await this.#perform(planSteps({ sets, endpoints: [], movers: new Set() }));
      this.#started = false;
    });
  }

  async close(): Promise<void> {
    clearInterval(this.#watchTimer);
    await this.#turn.catch(() => undefined);
    this.#door.close();
  }

  /** Reads what HNS holds and brings it to what it shall hold; says what was different. */
  async #replaceAll(): Promise<Differences> {
    this.#isCertain = false;
    await this.#store.read();
    this.#rejected.keepOnly(new Set(this.#store.endpoints.keys()));
    const differences = this.#differences();
    const { sets, endpoints } = differences;
    // Where there was nothing yet, everything was allowed, and no rule can find an address in a wrong place.
    const movers = new Set(this.#store.sets.size === 0 ? [] : sets.flatMap(changedAddresses));
    await this.#perform(planSteps({ sets, endpoints, movers }));
    return differences;
  }

  /** What HNS holds, as last read, against what it shall hold. */
  #differences(): Differences {
    const wanted = this.#sets.all();
    const ids = new Set([...this.#store.sets.keys(), ...wanted.keys()]);
    const sets = [...ids].map((id) => setChange(this.#store.sets.get(id), wanted.get(id))).filter(isChange);
    return { sets, endpoints: this.#aclChanges(() => true) };
  }

  /** The endpoints, of those that are touched or have no ACLs yet, whose ACLs are not what they shall be. */
  #aclChanges(isTouched: (id: string) => boolean): AclChange[] {
    const changes: AclChange[] = [];
    for (const { id, addresses, acls } of this.#store.endpoints.values()) {
      if (acls.length > 0 && !isTouched(id)) continue;
      const after = endpointAcls(this.#rejected.insteadOf(id, this.#stateOf(addresses)));
      if (!sameAcls(acls, after)) changes.push({ endpoint: id, before: acls, after });
    }
    return changes;
  }

  #stateOf(addresses: readonly string[]): EndpointState {
    return this.#endpoints.stateAt(addresses) ?? closedEndpoint;
  }

  async #perform(steps: readonly HnsStep[]): Promise<void> {
    this.#isCertain = false;
    let isRejected = false;
    for (const step of steps) {
      // What endpoints keep in place of what was rejected refers to sets that these steps would change.
      if (isRejected && step.kind === 'sets') continue;
      try {
        await this.#store.perform(step);
        if (step.kind === 'acls') this.#took(step.endpoint, step.acls);
      } catch (error) {
        // Where HNS was not reached, everything is tried again.
        if (step.kind !== 'acls' || !(error instanceof HnsError) || error.code === undefined) throw error;
        if (!this.#rejected.reject(step.endpoint, this.#wantedOf(step.endpoint), error.message)) throw error;
        isRejected = true;
      }
    }
    if (isRejected) {
      this.#sets.settle([]);
      await this.#replaceAll();
    } else this.#isCertain = true;
  }

  /** Remembers what an endpoint has now, unless it is a step on the way. */
  #took(endpoint: string, acls: readonly AclPolicy[]): void {
    const state = this.#rejected.insteadOf(endpoint, this.#wantedOf(endpoint));
    if (sameAcls(acls, endpointAcls(state))) this.#rejected.took(endpoint, state);
  }

  #wantedOf(endpoint: string): EndpointState {
    return this.#stateOf(this.#store.endpoints.get(endpoint)?.addresses ?? []);
  }

  /** Looks what HNS holds, and closes endpoints that came; tells when anything else is not as it shall be. */
  async #look(onChange: () => void): Promise<void> {
    const drifted = await this.#inTurn(async () => {
      if (!this.#started || !this.#isCertain) return false;
      const known = new Set(this.#store.endpoints.keys());
      await this.#store.read();
      const { sets, endpoints } = this.#differences();
      const come = endpoints.filter(({ endpoint }) => !known.has(endpoint));
      await this.#perform(planSteps({ sets: [], endpoints: come, movers: new Set() }));
      return sets.length > 0 || come.length < endpoints.length;
      // A door that does not answer is found by the next change, or by `resync`.
    }).catch(() => false);
    if (drifted) onChange();
  }

  /** One conversation with HNS after the other. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.catch(() => undefined).then(work);
    this.#turn = turn;
    return turn;
  }
}

function setChange(before: SetPolicy | undefined, after: SetPolicy | undefined): SetChange {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function isChange({ before, after }: SetChange): boolean {
  return before?.Values !== after?.Values || before?.PolicyType !== after?.PolicyType;
}

function describeSet({ before, after }: SetChange): string {
  const what = before === undefined ? 'is missing' : after === undefined ? 'is left over' : 'has other members';
  return `set "${(after ?? before)?.Name ?? ''}" ${what}`;
}

/** Addresses that are in one state of a class and not in the other. */
function changedAddresses(change: SetChange): string[] {
  const set = change.before ?? change.after;
  if (set === undefined || !isClassSet(set)) return [];
  const { gone, come } = memberChanges(change);
  return [...gone, ...come];
}

function memberChanges({ before, after }: SetChange): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const old = new Set(before === undefined ? [] : valuesOf(before));
  const now = new Set(after === undefined ? [] : valuesOf(after));
  return { gone: [...old].filter((value) => !now.has(value)), come: [...now].filter((value) => !old.has(value)) };
}

function countChanges(changes: readonly SetChange[]): Pick<ApplyReport, 'transactions' | 'elementsAdded' | 'elementsRemoved'> {
  const members = changes.map(memberChanges);
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  return {
    transactions: 1,
    elementsAdded: sum(members.map(({ come }) => come.length)),
    elementsRemoved: sum(members.map(({ gone }) => gone.length)),
  };
}

function sameAcls(a: readonly AclPolicy[], b: readonly AclPolicy[]): boolean {
  const texts = (acls: readonly AclPolicy[]): string => acls.map(aclText).sort().join('\n');
  return a.length === b.length && texts(a) === texts(b);
}

function aclText(acl: AclPolicy): string {
  return JSON.stringify(Object.entries(acl).sort(([left], [right]) => (left < right ? -1 : 1)));
}
