/**
 * Objects whose fields have the types that their kinds promise, and what is said of the others.
 *
 * Manifests are what people wrote: a label `app: on` is a boolean and a list may be a text. The
 * schemas of the resource registry decide, as they do in the API server. Fields that a schema does
 * not know are left out: for every kind but NetworkPolicy they cannot change a verdict, and
 * NetworkPolicies are checked field by field when they are compiled.
 */
import {
  builtInResources,
  conformToSchema,
  type Diagnostic,
  isJsonObject,
  isNamespacedKind,
  type KubeObject,
  ResourceRegistry,
  type TextPosition,
} from '@weir/kube';
import { defined } from '@weir/net';

/** An object with the places of its fields, as `parseManifest` gives it. */
export interface PlacedObject {
  readonly object: KubeObject;
  positionOf(path: string): TextPosition;
  /** Where it goes when it names no namespace, where its text says so. Default: `default`. */
  readonly releaseNamespace?: string;
}

/** An object that may have places. */
export interface MaybePlacedObject {
  readonly object: KubeObject;
  readonly positionOf?: (path: string) => TextPosition;
}

/** The object alone. */
export function plainObject(entry: KubeObject | PlacedObject): KubeObject {
  return 'positionOf' in entry ? entry.object : entry;
}

/** The code of what is said about an object whose fields have wrong types. */
export type UnreadableObject = 'wrong-type';

/** The objects that can be read, in order, and a diagnostic for each field of a wrong type. */
export function readableObjects(objects: readonly MaybePlacedObject[]): {
  readonly objects: readonly MaybePlacedObject[];
  readonly diagnostics: readonly Diagnostic<UnreadableObject>[];
} {
  const registry = new ResourceRegistry(builtInResources);
  const readable: MaybePlacedObject[] = [];
  const diagnostics: Diagnostic<UnreadableObject>[] = [];
  for (const entry of objects) {
    const { value, problems } = fit(registry, entry.object);
    if (problems.length === 0) readable.push({ ...entry, object: value });
    diagnostics.push(...problems.map((message) => wrongType(entry, message)));
  }
  return { objects: readable, diagnostics };
}

/** The object as its schema has it; a policy keeps its spec for the compiler to check. */
function fit(registry: ResourceRegistry, object: KubeObject): { readonly value: KubeObject; readonly problems: readonly string[] } {
  const { group, version } = groupVersionOf(object);
  const definition = registry.findKind({ group, version, kind: object.kind ?? '' });
  const { spec, ...withoutSpec } = object as KubeObject & { readonly spec?: unknown };
  const isPolicy = object.kind === 'NetworkPolicy';
  const json: unknown = isPolicy ? withoutSpec : object;
  if (definition === undefined || !isJsonObject(json)) return { value: object, problems: [] };
  const { value, wrongTypes } = conformToSchema(definition.schema, json);
  const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {};
  return { value: { ...value, metadata, ...(isPolicy && spec !== undefined ? { spec } : {}) }, problems: wrongTypes };
}

/** `networking.k8s.io/v1` as its two parts; the core group is the empty text. */
export function groupVersionOf({ apiVersion = '' }: KubeObject): { readonly group: string; readonly version: string } {
  const parts = apiVersion.split('/');
  return { group: parts.length > 1 ? (parts[0] ?? '') : '', version: defined(parts.at(-1), 'a split text has a part') };
}

function wrongType({ object, positionOf }: MaybePlacedObject, message: string): Diagnostic<UnreadableObject> {
  const { kind = '', metadata } = object;
  const position = positionOf?.('');
  const namespace = metadata.namespace ?? (isNamespacedKind(groupVersionOf(object).group, kind) ? 'default' : undefined);
  return {
    code: 'wrong-type',
    severity: 'error',
    message,
    action: 'give the field the type that its kind wants; put quotes around labels such as "on" or "1"',
    object: `${kind} ${namespace === undefined ? '' : `${namespace}/`}${metadata.name ?? ''}`,
    ...(position === undefined ? {} : { position }),
  };
}
