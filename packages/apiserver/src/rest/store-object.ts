/**
 * The common way of every write: prepare, admit, validate, store. Runs inside a store transaction,
 * so nothing changes between the reading of the old state and the storing of the new one.
 */
import { randomInt, randomUUID } from 'node:crypto';
import {
  deepEqual,
  ensureObject,
  type FieldError,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  type ResourceDefinition,
  textAt,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '@weir/kube';
import { admitCreate, assertAdmissible, completeCreate, completeUpdate } from '../admission/admission.ts';
import { assertOwnNode } from '../admission/node-restriction.ts';
import { accessTo, assertAllowed } from '../authorization/authorize-request.ts';
import { assertNoEscalation } from '../authorization/escalation.ts';
import {
  type ApiError,
  alreadyExists,
  badRequest,
  conflict,
  generatedNameTaken,
  invalid,
  notFound,
  requestTooLarge,
  unexplained,
} from '../errors/api-error.ts';
import { recordUpdate } from '../patch/managed-fields.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { EncodedObject } from '../storage/encoded-object.ts';
import { fits, keyText, type ObjectKey } from '../storage/store-keys.ts';
import { copyOf } from '../table/encoded-view.ts';
import { assertAdmitted, mutatedObject } from './admit-object.ts';
import { dropEmptyMetadata } from './empty-metadata.ts';
import { keepAllBut, narrowPart } from './narrow-write.ts';
import { apiTime, keyOf, subjectOf } from './rest-context.ts';
import type { WriteScope } from './write-scope.ts';

/** Suffix letters of generated names: no vowels, nothing that looks like something else. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** Creates an object; owns it. The kind is the target's, fitted to its schema. */
export function createObject(scope: WriteScope, object: JsonObject): EncodedObject {
  const { transaction, target, dryRun } = scope;
  const { definition } = target;
  const metadata = ensureObject(object, 'metadata');
  assertHasNoVersion(metadata);
  assertNamespace(metadata, target);
  for (const field of systemFields) delete metadata[field];
  const status = scope.keepsStatus === true ? objectAt(object, 'status') : undefined;
  const admitted = mutatedObject(scope, admitCreate({ ...scope, object: definition.defaults(object) }));
  giveIdentity(scope, ensureObject(admitted, 'metadata'));
  let prepared = toStored(definition, definition.defaults(definition.prepareForCreate(admitted)));
  if (status !== undefined) Object.assign(ensureObject(prepared, 'status'), status);
  prepared = completeCreate({ ...scope, object: prepared });
  dropEmptyMetadata(prepared);
  assertNoMoreRights(scope, prepared);
  assertOwnNodeOnly(scope, prepared);
  if (scope.record !== undefined) recordUpdate(prepared, undefined, scope.record);
  const name = textAt(objectAt(prepared, 'metadata'), 'name');
  const key = keyOf(definition, target.namespace, name);
  assertValid(scope, name, [...validateObjectMeta(prepared, definition), ...nameLengthErrors(key), ...definition.validate(prepared)]);
  assertAdmissible({ ...scope, object: prepared });
  assertAdmitted(scope, () => ({ object: fromStored(definition, prepared) }));
  if (transaction.get(key) !== undefined) throw nameTaken(target, objectAt(prepared, 'metadata'));
  return storable(dryRun ? EncodedObject.of(prepared) : transaction.put(key, prepared));
}

function nameTaken(target: ResourceTarget, metadata: JsonObject | undefined): ApiError {
  const subject = subjectOf(target, textAt(metadata, 'name'));
  return textAt(metadata, 'generateName') === '' ? alreadyExists(subject) : generatedNameTaken(subject);
}

/** What clients do not set. */
const systemFields = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'generation'];

function assertHasNoVersion(metadata: JsonObject): void {
  if (textAt(metadata, 'resourceVersion') === '') return;
  throw unexplained('resourceVersion should not be set on objects to be created');
}

/** Name, uid and time of a new object: the same in every attempt to write it. */
function giveIdentity(scope: WriteScope, metadata: JsonObject): void {
  const { admission, context, target } = scope;
  metadata['uid'] = admission?.identity.uid ?? randomUUID();
  metadata['creationTimestamp'] = apiTime(context.now());
  if (target.definition.countsGenerations) metadata['generation'] = 1;
  const prefix = textAt(metadata, 'generateName');
  if (textAt(metadata, 'name') === '' && prefix !== '') metadata['name'] = freeName(scope, prefix);
}

/** Kinds whose names have no limit of their own (roles) have that of the store. */
function nameLengthErrors(key: ObjectKey): readonly FieldError[] {
  if (fits(keyText(key))) return [];
  return [{ reason: 'FieldValueTooLong', field: 'metadata.name', message: 'may not be more than 1024 bytes' }];
}

/** Which part of an object a write may change. */
export type UpdatePart = 'main' | 'status' | 'any';

/** Replaces an object that is there; owns `next`. Returns the stored object, or its last state when that removed it. */
export function updateObject(scope: WriteScope, current: EncodedObject, next: JsonObject, part: UpdatePart): EncodedObject {
  const { transaction, target, dryRun } = scope;
  const { definition } = target;
  const old = asRead(definition, current);
  let object = fitted(scope, definition.defaults(next), { old, part });
  if (scope.admission !== undefined) {
    const mutated = mutatedObject(scope, fromStored(definition, object), fromStored(definition, old));
    object = fitted(scope, mutated, { old, part });
  }
  countGeneration(object, old, { definition, part });
  object = completeUpdate({ ...scope, object, old });
  dropEmptyMetadata(object);
  if (!deepEqual(rightsOf(object), rightsOf(old))) assertNoMoreRights(scope, object);
  assertOwnNodeOnly(scope, object, old);
  if (scope.record !== undefined) recordUpdate(object, old, scope.record);
  const isSame = deepEqual(withoutVolatile(object), withoutVolatile(old));
  if (isSame && scope.admission === undefined) return current;
  const narrow = narrowPart(target);
  const errors = [...validateObjectMeta(object, definition), ...validateObjectMetaUpdate(object, old)];
  if (narrow !== undefined) errors.push(...narrow.validate(object, old));
  else if (part !== 'status') errors.push(...definition.validateUpdate(object, old));
  else errors.push(...(definition.validateStatus?.(object, old) ?? []));
  assertValid(scope, target.name, errors);
  assertAdmissible({ ...scope, object }, old);
  assertAdmitted(scope, () => ({ object: fromStored(definition, object), old: fromStored(definition, old) }));
  if (isSame) return current;
  const key = keyOf(definition, target.namespace, target.name);
  if (isDone(object)) {
    // The last thing that held the object is gone: watchers see its end, not one more change.
    return dryRun ? EncodedObject.of(object) : transaction.remove(key);
  }
  return storable(dryRun ? EncodedObject.of(object) : transaction.put(key, object));
}

/** No request may be longer; an object that grows by one after the other may not either. */
const objectBytes = 3 * 1024 * 1024;

/** Throws 413 for an object that is too long, and undoes the write. */
function storable(object: EncodedObject): EncodedObject {
  if (object.bytes.length > objectBytes) throw requestTooLarge(objectBytes);
  return object;
}

interface UpdateContext {
  readonly old: Readonly<JsonObject>;
  readonly part: UpdatePart;
}

/** A defaulted object in the stored version, with what this write may not change as it was. */
function fitted({ target }: WriteScope, object: JsonObject, { old, part }: UpdateContext): JsonObject {
  const stored = toStored(target.definition, object);
  keepSystemFields(stored, old, target);
  assertUnchangedSince(stored, old, target);
  keepOtherPart(stored, old, { definition: target.definition, part });
  const narrow = narrowPart(target);
  if (narrow !== undefined) keepAllBut(stored, old, narrow);
  return stored;
}

function countGeneration(object: JsonObject, old: Readonly<JsonObject>, what: { definition: ResourceDefinition; part: UpdatePart }): void {
  const { definition, part } = what;
  if (!definition.countsGenerations || part !== 'main' || deepEqual(specOf(object, definition), specOf(old, definition))) return;
  const metadata = ensureObject(object, 'metadata');
  metadata['generation'] = (numberAt(metadata, 'generation') ?? 0) + 1;
}

/** A PUT or an apply that creates needs the right to create as well. */
export function assertMayCreate({ context, target, user }: WriteScope): void {
  if (user !== undefined) assertAllowed(context.authorizer, user, accessTo(target, 'create'));
}

/** A node writes itself and no other. */
function assertOwnNodeOnly({ target, user }: WriteScope, object: JsonObject, old?: Readonly<JsonObject>): void {
  const { group, kind } = target.definition;
  if (user !== undefined && group === '' && kind === 'Node') assertOwnNode({ user, object, old });
}

/** Roles and bindings give rights: only those that their author has. */
function assertNoMoreRights({ context, transaction, target, user }: WriteScope, object: JsonObject): void {
  if (user !== undefined) assertNoEscalation({ authorizer: context.authorizer, user, target, transaction, object });
}

function rightsOf(object: Readonly<JsonObject>): unknown {
  return [object['rules'], object['aggregationRule'], object['roleRef'], object['subjects']];
}

/** The present state, or 404. */
export function currentObject(scope: Pick<WriteScope, 'transaction' | 'target'>): EncodedObject {
  const { target, transaction } = scope;
  const current = transaction.get(keyOf(target.definition, target.namespace, target.name));
  if (current === undefined) throw notFound(subjectOf(target));
  return current;
}

/** Whether an object that is being deleted has nothing left to wait for. */
export function isDone(object: Readonly<JsonObject>): boolean {
  const metadata = objectAt(object, 'metadata');
  if (textAt(metadata, 'deletionTimestamp') === '') return false;
  if (listAt(metadata, 'finalizers').length > 0) return false;
  if ((numberAt(metadata, 'deletionGracePeriodSeconds') ?? 0) > 0) return false;
  return object['kind'] !== 'Namespace' || listAt(objectAt(object, 'spec'), 'finalizers').length === 0;
}

/** Throws 422 with all the errors, when there are any. */
function assertValid(scope: Pick<WriteScope, 'target'>, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(scope.target.definition, name, errors);
}

/** What is there, in the stored version, as a reader sees it: a schema may have got defaults since it was stored. */
function asRead(definition: ResourceDefinition, current: EncodedObject): Readonly<JsonObject> {
  return definition.custom === undefined ? current.json : toStored(definition, copyOf(definition, current));
}

/** The object as clients of this version see it; for kinds with one version the object itself. */
function fromStored(definition: ResourceDefinition, object: Readonly<JsonObject>): JsonObject {
  return definition.conversion === undefined ? object : definition.conversion.fromStored(structuredClone(object) as JsonObject);
}

function toStored(definition: ResourceDefinition, object: JsonObject): JsonObject {
  return definition.conversion === undefined ? object : definition.conversion.toStored(object);
}

function freeName(scope: WriteScope, prefix: string): string {
  const identity = scope.admission?.identity;
  const chosen = identity?.name ?? '';
  if (chosen.startsWith(prefix.slice(0, 58)) && chosen !== '') return chosen;
  const name = newName(scope, prefix);
  if (identity !== undefined) identity.name = name;
  return name;
}

function newName(scope: WriteScope, prefix: string): string {
  const { definition, namespace } = scope.target;
  // Upstream cuts the prefix so that the whole stays below 63 characters, and tries eight times.
  for (let attempt = 0; attempt < 8; attempt++) {
    const suffix = Array.from({ length: 5 }, () => suffixLetters[randomInt(suffixLetters.length)]).join('');
    const name = prefix.slice(0, 58) + suffix;
    if (scope.transaction.get(keyOf(definition, namespace, name)) === undefined) return name;
  }
  throw generatedNameTaken(subjectOf(scope.target, prefix));
}

function assertNamespace(metadata: JsonObject, target: ResourceTarget): void {
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
}

/** Everything but what changes with every write: the version and the times of the managers. */
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
