/** What a change of an object leaves as it was: what the server sets, and what the request is not about. */
import { deepEqual, ensureObject, type JsonObject, numberAt, objectAt, objectsAt, type ResourceDefinition, textAt } from '@weir/kube';
import { badRequest, conflict, invalid } from '../errors/api-error.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { keepAllBut, narrowPart } from './narrow-write.ts';
import { subjectOf } from './rest-context.ts';

/** Which part of an object a write may change. */
export type UpdatePart = 'main' | 'status' | 'any';

/** What a write changes. */
export interface UpdateContext {
  readonly target: ResourceTarget;
  readonly old: Readonly<JsonObject>;
  readonly part: UpdatePart;
}

/** A defaulted object with what this write may not change as it was; owns its argument. */
export function keepFields(object: JsonObject, { target, old, part }: UpdateContext): JsonObject {
  keepSystemFields(object, old, target);
  assertUnchangedSince(object, old, target);
  keepOtherPart(object, old, { definition: target.definition, part });
  const narrow = narrowPart(target);
  if (narrow !== undefined) keepAllBut(object, old, narrow);
  return object;
}

/** Another generation, when the wish of the object changes. */
export function countGeneration(object: JsonObject, { target: { definition }, old, part }: UpdateContext): void {
  if (!definition.countsGenerations || part !== 'main' || deepEqual(specOf(object, definition), specOf(old, definition))) return;
  const metadata = ensureObject(object, 'metadata');
  metadata['generation'] = (numberAt(metadata, 'generation') ?? 0) + 1;
}

/** An object is in the namespace of the request, or says none. */
export function assertNamespace(metadata: JsonObject, target: ResourceTarget): void {
  const namespace = textAt(metadata, 'namespace');
  if (!target.definition.namespaced) return;
  if (namespace !== '' && namespace !== target.namespace) {
    throw badRequest('the namespace of the provided object does not match the namespace sent on the request');
  }
  metadata['namespace'] = target.namespace;
}

/** What only the server sets stays as it was, unless the client contradicts it on purpose. */
function keepSystemFields(object: JsonObject, old: Readonly<JsonObject>, target: ResourceTarget): void {
  const metadata = ensureObject(object, 'metadata');
  const before = objectAt(old, 'metadata') ?? {};
  assertNamespace(metadata, target);
  const name = textAt(metadata, 'name');
  if (name !== '' && name !== target.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${target.name})`);
  }
  metadata['name'] = target.name;
  const uid = textAt(metadata, 'uid');
  if (uid !== '' && uid !== before['uid']) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${textAt(before, 'uid')}`;
    throw conflict(subjectOf(target), why);
  }
  for (const field of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'selfLink',
    'generateName',
  ]) {
    if (before[field] === undefined) delete metadata[field];
    else metadata[field] = before[field];
  }
}

/** A write that names a resource version is for that version only. */
function assertUnchangedSince(object: JsonObject, old: Readonly<JsonObject>, target: ResourceTarget): void {
  const metadata = ensureObject(object, 'metadata');
  const version = textAt(metadata, 'resourceVersion');
  const present = textAt(objectAt(old, 'metadata'), 'resourceVersion');
  if (target.definition.updateNeedsVersion && (version === '' || version === '0')) {
    const message = 'must be specified for an update';
    throw invalid(target.definition, target.name, [{ reason: 'FieldValueInvalid', field: 'metadata.resourceVersion', value: 0, message }]);
  }
  if (version !== '' && version !== '0' && version !== present) {
    throw conflict(subjectOf(target), 'the object has been modified; please apply your changes to the latest version and try again');
  }
  metadata['resourceVersion'] = present;
}

/** Writes to the object leave the status alone, writes to the status leave everything else alone. */
function keepOtherPart(object: JsonObject, old: Readonly<JsonObject>, what: { definition: ResourceDefinition; part: UpdatePart }): void {
  if (!what.definition.statusSubresource || what.part === 'any') return;
  if (what.part === 'main') {
    if (old['status'] === undefined) delete object['status'];
    else object['status'] = old['status'];
    return;
  }
  for (const key of new Set([...Object.keys(object), ...Object.keys(old)])) {
    if (key === 'status' || key === 'metadata') continue;
    if (old[key] === undefined) delete object[key];
    else object[key] = old[key];
  }
  if (what.definition.statusKeepsMetadata) keepMetadata(object, old);
}

/** All but what tells of the write itself. */
function keepMetadata(object: JsonObject, old: Readonly<JsonObject>): void {
  const { resourceVersion, managedFields } = objectAt(object, 'metadata') ?? {};
  const own = Object.entries({ resourceVersion, managedFields }).filter(([, value]) => value !== undefined);
  const { managedFields: _managers, ...kept } = objectAt(old, 'metadata') ?? {};
  object['metadata'] = { ...kept, ...Object.fromEntries(own) };
}

/** Whether a write changes anything but the version and the times of the managers. */
export function isUnchanged(object: Readonly<JsonObject>, old: Readonly<JsonObject>): boolean {
  return deepEqual(withoutVolatile(object), withoutVolatile(old));
}

function withoutVolatile(object: Readonly<JsonObject>): JsonObject {
  const { resourceVersion: _version, managedFields: _fields, ...metadata } = objectAt(object, 'metadata') ?? {};
  const managers = objectsAt(objectAt(object, 'metadata'), 'managedFields').map(({ time: _time, ...entry }) => entry);
  return { ...object, metadata, managers };
}

/** What generations count: everything but metadata and a status that is a subresource. */
function specOf(object: Readonly<JsonObject>, definition: ResourceDefinition): JsonObject {
  const { metadata: _metadata, status, ...rest } = object;
  return definition.statusSubresource ? rest : { ...rest, status };
}
