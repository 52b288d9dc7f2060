/**
 * Host endpoints of this node as subjects: the policies that select each of them, and its programs.
 *
 * A node has a handful of them at most, and few policies are about hosts: each endpoint is asked of each such policy when
 * one of the two comes or changes.
 */
import type { HostEndpoint } from '@weir/model';
import { selectorMatches } from '@weir/model';
import type { Changes, DirectedPrograms, HostLocalEndpoint } from '../delta/delta.ts';
import { sameHost } from '../delta/state.ts';
import type { HostSelection, PolicyEntry, PolicyGroup } from '../entries.ts';
import type { Policies } from '../policies/policies.ts';
import type { PolicyGroups } from '../policies/policy-groups.ts';
import type { Programs } from '../programs/programs.ts';
import type { HostEndpoints, PlacedHost } from './host-endpoints.ts';

/** One host endpoint that has interfaces. */
interface HostSubject {
  placed: PlacedHost;
  group: PolicyGroup | undefined;
  selection: HostSelection | undefined;
}

/** What decides about host endpoints. */
export interface HostSubjectSources {
  readonly endpoints: HostEndpoints;
  readonly policies: Policies;
  readonly programs: Programs;
}

/** All host endpoints of this node that have interfaces. */
export class HostSubjects {
  readonly #sources: HostSubjectSources;
  /** By uid. */
  readonly #subjects: Map<string, HostSubject> = new Map();
  readonly #emitted: Map<string, HostLocalEndpoint> = new Map();
  readonly #dirty: Set<HostSubject> = new Set();
  #changes = 0;

  constructor(sources: HostSubjectSources) {
    this.#sources = sources;
  }

  /** How many there are, or are emitted. */
  get size(): number {
    return new Set([...this.#subjects.keys(), ...this.#emitted.keys()]).size;
  }

  /** Grows whenever host endpoints, their interfaces or their policies change. */
  get changes(): number {
    return this.#changes;
  }

  /** Whether the host endpoint has interfaces. */
  has(uid: string): boolean {
    return this.#subjects.has(uid);
  }

  /** The policies that select each of those that have interfaces. */
  *selecting(): Iterable<PolicyGroup> {
    for (const { group } of this.#subjects.values()) if (group !== undefined) yield group;
  }

  /** Follows the changes of endpoints and policies: first of what a flush does to groups. */
  regroup(groups: PolicyGroups): void {
    const placed = this.#sources.endpoints.takePlaced();
    if (placed !== undefined) this.#takePlaced(placed, groups);
    const { all, added, removed } = this.#sources.policies.ofHosts;
    for (const subject of this.#subjects.values()) {
      const { group, placed: of } = subject;
      if (group === undefined) {
        this.#assign(subject, groups.of(new Set([...all].filter((entry) => selects(entry, of.host)))), groups);
        continue;
      }
      const change = {
        added: [...added].filter((entry) => selects(entry, of.host)),
        removed: [...removed].filter((entry) => groups.has(group, entry)),
      };
      if (change.added.length + change.removed.length > 0) this.#assign(subject, groups.after(group, change), groups);
    }
    added.clear();
    removed.clear();
  }

  /** The ids of rules of these groups have changed. */
  renamed(groups: ReadonlySet<PolicyGroup>): void {
    for (const subject of this.#subjects.values()) if (subject.group !== undefined && groups.has(subject.group)) this.#dirty.add(subject);
  }

  /** Makes programs anew where policies changed. */
  select(): void {
    const { programs } = this.#sources;
    for (const subject of this.#dirty) {
      const { group, selection, placed } = subject;
      if (group === undefined) continue;
      subject.selection = programs.acquireHost({ group, host: placed.host, before: selection });
      if (selection !== undefined) programs.releaseHost(selection);
    }
    this.#changes += this.#dirty.size;
    this.#dirty.clear();
  }

  /** What changed since the last call. */
  settle(): Changes<HostLocalEndpoint, string> {
    const now = this.#toEmit();
    const upserts = [...now.values()].filter((host) => {
      const before = this.#emitted.get(host.uid);
      return before === undefined || !sameHost(before, host);
    });
    const removals = [...this.#emitted.keys()].filter((uid) => !now.has(uid));
    for (const uid of removals) this.#emitted.delete(uid);
    for (const host of upserts) this.#emitted.set(host.uid, host);
    return { upserts, removals };
  }

  /** What has been emitted and not removed since. */
  get emitted(): Iterable<HostLocalEndpoint> {
    return this.#emitted.values();
  }

  /** One without programs says something only where it takes an interface from the one for all. */
  #toEmit(): Map<string, HostLocalEndpoint> {
    const hosts = [...this.#subjects].map(([uid, { placed, selection }]): HostLocalEndpoint => {
      const { host, interfaces } = placed;
      return { uid, name: host.name, interfaces, programs: keysOf(selection ?? {}) };
    });
    const speaks = ({ programs }: HostLocalEndpoint): boolean => Object.keys(programs).length > 0;
    const isRivalled = hosts.some((host) => host.interfaces === 'all' && speaks(host));
    return new Map(hosts.filter((host) => speaks(host) || isRivalled).map((host) => [host.uid, host]));
  }

  #takePlaced(placed: readonly PlacedHost[], groups: PolicyGroups): void {
    const now = new Map(placed.map((one) => [one.host.uid, one]));
    for (const [uid, subject] of this.#subjects) {
      const next = now.get(uid);
      // One that says something else is another one: what it is selected by is looked up from nothing.
      if (next?.host === subject.placed.host) subject.placed = next;
      else this.#remove(uid, subject, groups);
    }
    for (const [uid, one] of now)
      if (!this.#subjects.has(uid)) this.#subjects.set(uid, { placed: one, group: undefined, selection: undefined });
    this.#changes++;
  }

  #remove(uid: string, subject: HostSubject, groups: PolicyGroups): void {
    this.#subjects.delete(uid);
    this.#dirty.delete(subject);
    if (subject.group !== undefined) groups.letGo(subject.group);
    if (subject.selection !== undefined) this.#sources.programs.releaseHost(subject.selection);
  }

  #assign(subject: HostSubject, group: PolicyGroup, groups: PolicyGroups): void {
    groups.hold(group);
    if (subject.group !== undefined) groups.letGo(subject.group);
    subject.group = group;
    this.#dirty.add(subject);
  }
}

function selects({ subject }: PolicyEntry, host: HostEndpoint): boolean {
  return selectorMatches(subject.selector, host);
}

function keysOf(selection: HostSelection): HostLocalEndpoint['programs'] {
  const families = Object.entries(selection).map(([family, { ingress, egress }]): [string, DirectedPrograms] => [
    family,
    {
      ...(ingress === undefined ? {} : { ingress: ingress.program.key }),
      ...(egress === undefined ? {} : { egress: egress.program.key }),
    },
  ]);
  return Object.fromEntries(families);
}
