/**
 * The annotation in which kubectl keeps what it applied from the client (`kubectl apply` without `--server-side`).
 *
 * Only the manager `kubectl` goes on from it: it takes over what it applied so before, and what it applies now is
 * written down there for those who go back.
 */
import { apiVersionOf, deepEqual, isJsonObject, type JsonObject, objectAt, stringMap, textAt } from '@weir/kube';
import type { FieldRecord } from './field-ownership.ts';
import { type FieldPath, type FieldValues, fieldValuesOf } from './field-set.ts';

const lastAppliedAnnotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** All annotations of an object together may not be longer, in characters. */
const annotationsLimit = 256 * 1024;

/** What kubectl applied from the client before and nobody changed since. */
export function fieldsOfClientSideApply(
  record: FieldRecord,
  live: Readonly<JsonObject> | undefined,
  present: FieldValues,
): ReadonlySet<FieldPath> {
  const text = lastAppliedOf(live);
  if (!isKubectl(record) || text === '') return new Set();
  const applied = parseObject(text);
  if (applied === undefined || applied['apiVersion'] !== apiVersionOf(record.definition)) return new Set();
  const values = fieldValuesOf(applied, record.definition.schema);
  return new Set([...values].filter(([path, value]) => deepEqual(present.get(path), value)).map(([path]) => path));
}

/** Where there is such an annotation, it says what is applied now; one that would be too long is emptied. Changes `object`. */
export function renewLastApplied(record: FieldRecord, object: JsonObject, applied: Readonly<JsonObject>): void {
  if (!isKubectl(record) || lastAppliedOf(object) === '') return;
  const metadata = objectAt(applied, 'metadata') ?? {};
  const { [lastAppliedAnnotation]: _before, ...annotations } = stringMap(metadata, 'annotations');
  const isAnnotated = Object.keys(annotations).length > 0 || metadata['annotations'] !== undefined;
  const text = `${JSON.stringify(sorted({ ...applied, metadata: { ...metadata, ...(isAnnotated ? { annotations } : {}) } }))}\n`;
  const live = objectAt(object, 'metadata') ?? {};
  const others = Object.entries(stringMap(live, 'annotations')).filter(([key]) => key !== lastAppliedAnnotation);
  const length = others.reduce((sum, [key, value]) => sum + key.length + value.length, lastAppliedAnnotation.length + text.length);
  object['metadata'] = {
    ...live,
    annotations: { ...Object.fromEntries(others), [lastAppliedAnnotation]: length > annotationsLimit ? '' : text },
  };
}

function isKubectl(record: FieldRecord): boolean {
  return record.manager === 'kubectl' && record.subresource === '';
}

function lastAppliedOf(object: Readonly<JsonObject> | undefined): string {
  return textAt(objectAt(objectAt(object, 'metadata'), 'annotations'), lastAppliedAnnotation);
}

/** The annotation is text of clients: what is no JSON object counts as absent. */
function parseObject(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The same value with the keys of all objects in order, as Go writes maps. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]));
}
