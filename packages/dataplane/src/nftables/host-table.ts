/**
 * Host endpoints and what is in force for them: as elements of maps of interfaces, with the failsafe ports.
 *
 * Each family of an endpoint is a holder of programs by itself, so that what is said of pods' programs that
 * cannot be enforced holds here: the family keeps the one that it had, or is closed.
 */
import type { Delta, HostLocalEndpoint } from '@weir/calc';
import type { HostFamily, HostSettings, PodToHost } from '@weir/model';
import type { RefusedHost } from '../dataplane.ts';
import {
  type EnforceablePrograms,
  numberInForce,
  type OnEndpointChange,
  type ProgramHolder,
  ProgrammedEndpoints,
} from '../endpoints/programmed-endpoints.ts';
import type { PlacedElement } from './element.ts';
import { addDifference, type ElementChanges } from './element-changes.ts';
import { failsafeElements } from './failsafe-elements.ts';
import { everyInterface, interfaceElement, namedElements } from './host-interfaces.ts';
import { type HostMap, hostMaps } from './host-sets.ts';
import type { ProgramEntry } from './program-table.ts';

/** What the chains of host endpoints depend on. */
export interface HostShape {
  /** Maps in which some interface has a program. */
  readonly maps: ReadonlySet<HostMap>;
  readonly podToHost: PodToHost;
}

/** A host endpoint in one family. */
interface HostHolder extends ProgramHolder {
  readonly family: HostFamily;
  readonly interfaces: HostLocalEndpoint['interfaces'];
}

/** What the table needs to know. */
export interface HostTableParts {
  readonly closedProgram: number;
  readonly onChange: OnEndpointChange<ProgramEntry>;
}

const families: readonly HostFamily[] = ['untracked', 'preDNAT', 'normal', 'forward'];

/** Follows deltas; {@link settle} makes the elements. */
export class HostTable {
  readonly endpoints: ProgrammedEndpoints<ProgramEntry, HostHolder>;
  readonly #parts: HostTableParts;
  readonly #hosts = new Map<string, HostLocalEndpoint>();
  #settings: HostSettings | undefined;
  #maps: ReadonlySet<HostMap> = new Set();
  #elements: readonly PlacedElement[] = [];

  constructor(parts: HostTableParts) {
    this.#parts = parts;
    this.endpoints = new ProgrammedEndpoints(parts.onChange);
  }

  apply({ hosts, hostSettings }: Delta, programs: EnforceablePrograms<ProgramEntry>): void {
    this.#settings = hostSettings ?? this.#settings;
    for (const host of hosts.upserts) this.#hosts.set(host.uid, host);
    for (const uid of hosts.removals) this.#hosts.delete(uid);
    const upserts = hosts.upserts.flatMap(holdersOf);
    const kept = new Set(upserts.map(({ uid }) => uid));
    const named = [...hosts.upserts.map(({ uid }) => uid), ...hosts.removals];
    const removals = named.flatMap((uid) => families.map((family) => holderUid(uid, family))).filter((uid) => !kept.has(uid));
    this.endpoints.apply({ upserts, removals }, programs);
  }

  /** Adds what has changed of the elements since the last call. */
  settle(changes: ElementChanges): void {
    if (this.#hosts.size === 0 && this.#elements.length === 0) return;
    const isSettled = this.#hosts.size > 0 && this.#settings !== undefined;
    const programs = isSettled ? this.#programElements() : [];
    const named = [...this.#hosts.values()].flatMap(({ interfaces }) => (interfaces === 'all' ? [] : interfaces));
    const elements = isSettled ? [...failsafeElements(this.#settings?.failsafes ?? []), ...namedElements(named), ...programs] : [];
    addDifference(changes, this.#elements, elements);
    this.#elements = elements;
    this.#maps = new Set(programs.map(({ set }) => set as HostMap));
  }

  elements(): Iterable<PlacedElement> {
    return this.#elements;
  }

  get shape(): HostShape {
    return { maps: this.#maps, podToHost: this.#settings?.podToHost ?? 'return' };
  }

  /** All of them while it is not known which ports stay open. */
  refused(): RefusedHost[] {
    if (this.#settings !== undefined) return [];
    const reason = 'it is not known yet which ports stay open whatever policies say (failsafes)';
    return [...this.#hosts.values()].map(({ uid, name }) => ({ uid, name, reason }));
  }

  #programElements(): PlacedElement[] {
    return [...this.endpoints.all()].flatMap(({ endpoint: { family, interfaces }, ...inForce }) =>
      [...hostMaps].flatMap(([map, place]) => {
        const forAll = interfaces === 'all';
        const own = inForce[place.direction];
        const program = numberInForce(own, this.#parts.closedProgram);
        const byOwnEnd = typeof own === 'object' && own.asksOwnEnd;
        if (place.family !== family || place.forAll !== forAll || place.byOwnEnd !== byOwnEnd || program === undefined) return [];
        return (forAll ? [everyInterface] : interfaces).map((name) => interfaceElement(map, name, program));
      }),
    );
  }
}

function holdersOf({ uid, interfaces, programs }: HostLocalEndpoint): HostHolder[] {
  return families.flatMap((family) => {
    const own = programs[family];
    if (own?.ingress === undefined && own?.egress === undefined) return [];
    return [{ uid: holderUid(uid, family), addresses: [], family, interfaces, ...own }];
  });
}

/** Unlike that of any pod. */
function holderUid(uid: string, family: HostFamily): string {
  return `host ${family} ${uid}`;
}
