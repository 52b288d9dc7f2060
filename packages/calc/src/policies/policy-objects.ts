/**
 * The objects of all policy APIs, and the last accepted version of each.
 *
 * A version that is refused is not in force: the version that was last accepted under the same uid stays, and without
 * one the object's stand-in is in force, which is closed. An object is compiled anew when something that it refers to
 * changes.
 */
import {
  type CompiledObject,
  compileForAgent,
  type HostSettingsLayer,
  isOfKind,
  isRefused,
  type PlacedPolicy,
  type PolicyCompiler,
  type PolicyKind,
  policyKindName,
} from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { HostEndpoint, PolicyRef } from '@weir/model';
import { TightMap } from '@weir/net';
import type { PolicyEntry, PolicySource } from '../entries.ts';
import type { Hosts } from '../hosts/hosts.ts';
import type { Work } from '../work.ts';
import { type CountedObject, KnownNames } from './known-names.ts';
import { ObjectInForce, placeOf, saysTheSame, slim, uidOf, withKind } from './object-in-force.ts';
import type { Policies } from './policies.ts';
import type { PolicyMentions } from './policy-mentions.ts';
import { type PolicyReading, type RefusedInForce, type StandIn, standInFor, standInPolicies } from './policy-reading.ts';
import { type AskedQuestions, ReferredStore } from './referred-objects.ts';
import type { UnorderedDiagnostic } from './unordered-objects.ts';

/** Why a version of a policy was refused, and what is in force instead. */
export interface RefusedPolicy {
  readonly kind: PolicyKind;
  readonly object: KubeObject;
  readonly diagnostics: readonly (CompiledObject['diagnostics'][number] | UnorderedDiagnostic)[];
  readonly inForce: RefusedInForce;
}

/** A policy in force of which fields are not known here; each has its warning, which says what that means. */
export type PartlyKnownPolicy = Omit<RefusedPolicy, 'inForce'>;

/** A kind whose objects are read: as policies, or as what those refer to. */
export interface ReadKind {
  readonly kind: PolicyKind;
  readonly isPolicy: boolean;
}

/** What objects of all kinds are read with. */
export interface PolicyObjectsOptions {
  readonly compilers: readonly PolicyCompiler[];
  readonly policies: Policies;
  readonly reading: PolicyReading;
  readonly hosts: Pick<Hosts, 'endpoints' | 'settings'>;
  readonly work: Work;
}

/** One kind and its objects by namespace and name. */
interface KindObjects {
  readonly kind: PolicyKind;
  readonly compiler: PolicyCompiler;
  readonly records: Map<string, PolicyRecord>;
  readonly refused: Map<string, RefusedPolicy>;
  /** Where people may know several stored objects by one name, of which one counts: those that do not have no record. */
  readonly names: KnownNames | undefined;
  readonly partlyKnown: Map<string, PartlyKnownPolicy>;
  /** The last accepted version by uid; one without a record was restored and is not yet listed. */
  readonly accepted: Map<string, KubeObject>;
  readonly read: (source: ObjectInForce) => readonly PlacedPolicy[];
}

/** What is in force for a version of an object. */
interface DecidedVersion extends Pick<CompiledObject, 'policies' | 'hosts' | 'hostSettings'> {
  readonly source: ObjectInForce;
  readonly refused?: RefusedPolicy;
  /** What is said of a version that is in force. */
  readonly warnings?: CompiledObject['diagnostics'];
}

interface PolicyRecord {
  readonly uid: string;
  /** The newest version, also one that was refused, without what compiling does not read. */
  readonly newest: KubeObject;
  readonly asked: AskedQuestions;
  entries: readonly PolicyEntry[];
  /** The host endpoints that it is and what it sets for them; both for few kinds only. */
  readonly hosts: readonly HostEndpoint[] | undefined;
  readonly hostSettings: HostSettingsLayer | undefined;
  readonly source: PolicySource;
}

/** Asks nothing: the common case, in which no set is made. */
const nothingAsked: AskedQuestions = new Set();

/** All objects. */
export class PolicyObjects {
  readonly #kinds: ReadonlyMap<string, KindObjects>;
  readonly #referred: ReferredStore<PolicyRecord>;
  readonly #policies: Policies;
  readonly #reading: PolicyReading;
  readonly #hosts: PolicyObjectsOptions['hosts'];
  readonly #work: Work;
  #changes = 0;

  constructor({ compilers, policies, reading, hosts, work }: PolicyObjectsOptions) {
    const kinds = compilers.flatMap((compiler) => compiler.policyKinds.map((kind) => this.#kindObjects(kind, compiler)));
    this.#kinds = new Map(kinds.map((objects) => [policyKindName(objects.kind), objects]));
    const referred = compilers.flatMap(({ referredKinds }) => referredKinds);
    this.#referred = new ReferredStore(referred);
    this.kinds = new Map<string, ReadKind>([
      ...referred.map((kind): [string, ReadKind] => [policyKindName(kind), { kind, isPolicy: false }]),
      ...kinds.map(({ kind }): [string, ReadKind] => [policyKindName(kind), { kind, isPolicy: true }]),
    ]);
    this.#policies = policies;
    this.#reading = reading;
    this.#hosts = hosts;
    this.#work = work;
  }

  /** All kinds that are read by their names. */
  readonly kinds: ReadonlyMap<string, ReadKind>;

  /** How many objects of kinds of policies exist. */
  get size(): number {
    return [...this.#kinds.values()].reduce((sum, { records }) => sum + records.size, 0);
  }

  /** How many objects exist that those can refer to. */
  get referredSize(): number {
    return this.#referred.size;
  }

  /** Grows whenever a policy comes, changes or goes. */
  get changes(): number {
    return this.#changes;
  }

  /** An object of the kind appeared or changed; those of kinds that are not read are ignored. */
  upsert(kindName: string, object: KubeObject): void {
    this.#referred.upsert(kindName, object);
    const kind = this.#kinds.get(kindName);
    if (kind === undefined) return;
    if (kind.names === undefined) this.#put(kind, object);
    else this.#recount(kind, kind.names.put(object));
  }

  /** An object is gone; the namespace of one that has none is empty or absent. */
  delete(kindName: string, namespace: string | undefined, name: string): void {
    this.#referred.delete(kindName, namespace, name);
    const kind = this.#kinds.get(kindName);
    const place = `${namespace ?? ''}/${name}`;
    if (kind === undefined) return;
    this.#forget(kind, place);
    if (kind.names !== undefined) this.#recount(kind, kind.names.remove(place));
  }

  /** What is referred to has changed: objects that asked for it are compiled anew. */
  settle(): void {
    const stale = this.#referred.take();
    if (stale.size === 0) return;
    for (const kind of this.#kinds.values()) {
      for (const record of kind.records.values()) if (stale.has(record)) this.#take(kind, record.newest, record);
    }
  }

  /** Something outside of policies that plans depend on has changed: policies that it concerns are planned anew. */
  replan(isConcerned: (mentions: PolicyMentions) => boolean): void {
    for (const { records } of this.#kinds.values()) {
      for (const record of records.values()) record.entries = this.#policies.replanned(record.entries, isConcerned);
    }
  }

  /** The last accepted versions: what {@link restore} wants at the next start. */
  accepted(): KubeObject[] {
    return [...this.#kinds.values()].flatMap(({ accepted }) => [...accepted.values()]);
  }

  /** Gives accepted versions of an earlier process; those of listed, accepted objects are newer and stay. */
  restore(objects: readonly KubeObject[]): void {
    for (const object of objects) {
      const kind = this.#kindOf(object);
      if (kind === undefined) continue;
      const uid = uidOf(kind.kind, object);
      if (!kind.accepted.has(uid)) kind.accepted.set(uid, slim(kind.kind, object));
    }
    for (const [name, { refused }] of this.#kinds) {
      for (const { object, inForce } of refused.values()) if (inForce !== 'accepted') this.upsert(name, object);
    }
  }

  /** All objects of the kind have been listed: accepted versions of others belong to objects that are gone. */
  dropUnlisted(kindName: string): void {
    const kind = this.#kinds.get(kindName);
    if (kind === undefined) return;
    const listed = new Set([...kind.records.values()].map(({ uid }) => uid));
    for (const uid of kind.accepted.keys()) if (!listed.has(uid)) kind.accepted.delete(uid);
  }

  /** The objects that are host endpoints, in the version in force, with the uids of these. */
  *hostObjects(): Iterable<{ readonly policy: PolicyRef; readonly source: PolicySource; readonly hosts: readonly string[] }> {
    for (const { records } of this.#kinds.values())
      for (const { hosts, source, newest } of records.values())
        if (hosts !== undefined) yield { policy: refOf(newest), source, hosts: hosts.map(({ uid }) => uid) };
  }

  /** The objects whose newest version was refused, or is not in force for all that it selects: `unordered` says why not. */
  refused(unordered: ReadonlyMap<PolicySource, UnorderedDiagnostic> = new Map()): RefusedPolicy[] {
    return [...this.#kinds.values()].flatMap(({ kind, records, refused }) => {
      if (unordered.size === 0) return [...refused.values()];
      const all = new Map(refused);
      for (const [place, { newest, entries }] of records) {
        const diagnostic = entries.map(({ source }) => unordered.get(source)).find((one) => one !== undefined);
        if (diagnostic === undefined) continue;
        const { diagnostics, ...known } = all.get(place) ?? { kind, object: newest, diagnostics: [], inForce: 'elsewhere' };
        all.set(place, { ...known, diagnostics: [...diagnostics, diagnostic] });
      }
      return [...all.values()];
    });
  }

  /** The objects whose newest version is in force without fields that are not known. */
  partlyKnown(): PartlyKnownPolicy[] {
    return [...this.#kinds.values()].flatMap(({ partlyKnown }) => [...partlyKnown.values()]);
  }

  #kindObjects(kind: PolicyKind, compiler: PolicyCompiler): KindObjects {
    const objects: KindObjects = {
      kind,
      compiler,
      records: new TightMap(),
      refused: new Map(),
      names: kind.writtenAs === undefined ? undefined : new KnownNames(kind),
      partlyKnown: new Map(),
      accepted: new TightMap(),
      read: ({ object, standIn }) => {
        const asked = new Set<string>();
        return standIn === undefined ? this.#compile(objects, object, asked).policies : this.#standIn(objects, { object, standIn, asked });
      },
    };
    return objects;
  }

  /** Other objects may count than before. */
  #recount(kind: KindObjects, changes: readonly CountedObject[]): void {
    for (const { counted, others } of changes) {
      for (const place of others) this.#forget(kind, place);
      if (counted !== undefined) this.#put(kind, counted);
    }
  }

  /** An object counts, in the version that it has now. */
  #put(kind: KindObjects, object: KubeObject): void {
    const old = kind.records.get(placeOf(kind.kind, object));
    const isKnown = old !== undefined && old.uid === uidOf(kind.kind, object) && saysTheSame(old.newest, object);
    if (!isKnown || kind.refused.has(placeOf(kind.kind, object))) this.#take(kind, object, old);
  }

  /** What is stored at the place counts no more. */
  #forget(kind: KindObjects, place: string): void {
    const old = kind.records.get(place);
    if (old === undefined) return;
    kind.records.delete(place);
    kind.refused.delete(place);
    kind.partlyKnown.delete(place);
    this.#changes++;
    kind.accepted.delete(old.uid);
    this.#drop(old);
  }

  /** Takes a version of an object, in the place of another one. */
  #take(kind: KindObjects, given: KubeObject, old: PolicyRecord | undefined): void {
    const object = withKind(kind.kind, given);
    const place = placeOf(kind.kind, object);
    const uid = uidOf(kind.kind, object);
    if (old !== undefined && old.uid !== uid) kind.accepted.delete(old.uid);
    const asked = new Set<string>();
    const { source, policies, hosts, hostSettings, refused, warnings = [] } = this.#decide(kind, object, asked);
    if (old !== undefined) this.#drop(old);
    this.#changes++;
    if (refused === undefined) kind.refused.delete(place);
    else kind.refused.set(place, refused);
    if (warnings.length === 0) kind.partlyKnown.delete(place);
    else kind.partlyKnown.set(place, { kind: kind.kind, object: source.object, diagnostics: warnings });
    const newest = refused === undefined ? source.object : slim(kind.kind, object);
    const entries = this.#policies.enter(source, policies);
    const record: PolicyRecord = { uid, newest, asked: asked.size === 0 ? nothingAsked : asked, entries, hosts, hostSettings, source };
    kind.records.set(place, record);
    this.#referred.remember(record, record.asked);
    if (hosts !== undefined) this.#hosts.endpoints.enter(hosts);
    if (hostSettings !== undefined) this.#hosts.settings.enter(hostSettings);
  }

  /** What an object says is no longer in force. */
  #drop(record: PolicyRecord): void {
    const { entries, asked, hosts, hostSettings } = record;
    this.#policies.drop(entries);
    this.#referred.forget(record, asked);
    if (hosts !== undefined) this.#hosts.endpoints.drop(hosts);
    if (hostSettings !== undefined) this.#hosts.settings.drop(hostSettings);
  }

  /** What is in force for a version of an object. */
  #decide(kind: KindObjects, object: KubeObject, asked: Set<string>): DecidedVersion {
    const uid = uidOf(kind.kind, object);
    const compiled = this.#compile(kind, object, asked);
    if (!isRefused(compiled)) {
      const slimmed = slim(kind.kind, object);
      kind.accepted.set(uid, slimmed);
      const source = new ObjectInForce({ uid, object: slimmed }, kind.read);
      return { source, ...saidBy(compiled), warnings: compiled.diagnostics };
    }
    const refused = { kind: kind.kind, object, diagnostics: compiled.diagnostics };
    const accepted = kind.accepted.get(uid);
    // A uid belongs to one object for ever; a server that gives it to two does not lend one the rules of the other.
    if (accepted !== undefined && placeOf(kind.kind, accepted) === placeOf(kind.kind, object)) {
      const earlier = this.#compile(kind, accepted, asked);
      if (!isRefused(earlier)) {
        const source = new ObjectInForce({ uid, object: accepted }, kind.read);
        return { source, ...saidBy(earlier), refused: { ...refused, inForce: 'accepted' } };
      }
    }
    const standIn = standInFor(this.#reading.target, compiled.diagnostics);
    const policies = this.#standIn(kind, { object, standIn, asked });
    const hosts = kind.compiler.closedHosts?.(object) ?? [];
    return {
      source: new ObjectInForce({ uid, object, standIn }, kind.read),
      policies,
      ...(hosts.length === 0 ? {} : { hosts }),
      refused: { ...refused, inForce: standIn },
    };
  }

  #compile({ compiler }: KindObjects, object: KubeObject, asked: Set<string>): CompiledObject {
    this.#work.policiesCompiled++;
    return compileForAgent({ compiler, object, referred: this.#referred.answers(asked) }, { target: this.#reading.target });
  }

  #standIn(
    { compiler }: KindObjects,
    { object, standIn, asked }: { readonly object: KubeObject; readonly standIn: StandIn; readonly asked: Set<string> },
  ): readonly PlacedPolicy[] {
    return standInPolicies({ compiler, object, referred: this.#referred.answers(asked) }, standIn);
  }

  /** Earlier releases kept NetworkPolicies without their kind. */
  #kindOf(object: KubeObject): KindObjects | undefined {
    const named = object.kind === undefined ? { ...object, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy' } : object;
    return [...this.#kinds.values()].find(({ kind }) => isOfKind(named, kind));
  }
}

function refOf({ apiVersion = '', kind = '', metadata: { name = '', uid } }: KubeObject): PolicyRef {
  return { apiVersion, kind, name, ...(uid === undefined ? {} : { uid }) };
}

function saidBy({ policies, hosts, hostSettings }: CompiledObject): Pick<CompiledObject, 'policies' | 'hosts' | 'hostSettings'> {
  return { policies, ...(hosts === undefined ? {} : { hosts }), ...(hostSettings === undefined ? {} : { hostSettings }) };
}
