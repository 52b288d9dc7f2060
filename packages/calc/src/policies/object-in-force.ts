/** One version of an object of a policy API: as it is in force, what is kept of it, and how it is told from others. */
import type { PlacedPolicy, PolicyKind } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { PolicySource } from '../entries.ts';
import type { StandIn } from './policy-reading.ts';

/** What is in force for an object. */
export interface VersionInForce {
  readonly uid: string;
  readonly object: KubeObject;
  /** Present exactly when the object was refused and this stands in for it. */
  readonly standIn?: StandIn;
}

/** The version of an object that is in force. */
export class ObjectInForce implements PolicySource {
  readonly uid: string;
  readonly object: KubeObject;
  readonly standIn: StandIn | undefined;
  readonly #read: (source: ObjectInForce) => readonly PlacedPolicy[];

  constructor({ uid, object, standIn }: VersionInForce, read: (source: ObjectInForce) => readonly PlacedPolicy[]) {
    this.uid = uid;
    this.object = object;
    this.standIn = standIn;
    this.#read = read;
  }

  get generation(): number | undefined {
    return this.standIn === undefined ? this.object.metadata.generation : undefined;
  }

  placed(): readonly PlacedPolicy[] {
    return this.#read(this);
  }
}

/** The uid of an object; one that has none (it comes from a file) is known by its place. */
export function uidOf(kind: PolicyKind, object: KubeObject): string {
  return object.metadata.uid ?? placeOf(kind, object);
}

/** An object of a namespace that names none is in `default`, as kubectl assumes. */
export function placeOf({ namespaced }: PolicyKind, { metadata }: KubeObject): string {
  return `${metadata.namespace ?? (namespaced ? 'default' : '')}/${metadata.name ?? ''}`;
}

/** The object with its kind, which lists of Kubernetes' own kinds do not say. */
export function withKind({ group, versions: [version = ''], kind }: PolicyKind, object: KubeObject): KubeObject {
  return object.kind === undefined ? Object.assign({ apiVersion: `${group}/${version}`, kind }, object) : object;
}

/** The object with its kind and without what compiling does not read. */
export function slim(kind: PolicyKind, object: KubeObject): KubeObject {
  const content = Object.keys(object).filter((member) => member !== 'metadata' && member !== 'status') as (keyof KubeObject)[];
  const metadata = picked(object.metadata, ['name', 'namespace', 'uid', 'generation', 'labels', 'annotations']);
  // Not by a literal that spreads: each such object would have a shape of its own, which takes more room than the object.
  return withKind(kind, Object.assign(picked(object, content), { metadata }));
}

/** These members, as far as they are there. */
function picked<T extends object, K extends keyof T>(from: T, keys: readonly K[]): Pick<T, K> {
  const result: Partial<T> = {};
  for (const key of keys) if (from[key] !== undefined) result[key] = from[key];
  return result as Pick<T, K>;
}

/** Whether a version compiles to what another one did. */
export function saysTheSame(a: KubeObject, b: KubeObject): boolean {
  const { metadata: of, apiVersion: _, kind: __, ...said } = a as KubeObject & { readonly status?: unknown };
  const { metadata, apiVersion: ___, kind: ____, status: _____, ...says } = b as KubeObject & { readonly status?: unknown };
  return sameJson(said, says) && sameJson([of.labels, of.annotations], [metadata.labels, metadata.annotations]);
}

/** Whether two values are the same JSON, members in the same order. */
function sameJson(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}
