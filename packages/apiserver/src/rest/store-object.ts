/**
 * The common way of every write: prepare, admit, validate, store. Runs inside a store transaction,
 * so nothing changes between the reading of the old state and the storing of the new one. All of it
 * sees the version that the client speaks; only what is stored is in the stored one.
 */
import { ensureObject, type FieldError, type JsonObject, objectAt, textAt, validateObjectMeta, validateObjectMetaUpdate } from '@weir/kube';
import { admitCreate, assertAdmissible, completeCreate, completeUpdate } from '../admission/admission.ts';
import { invalid, requestTooLarge } from '../errors/api-error.ts';
import { recordUpdate } from '../patch/managed-fields.ts';
import { EncodedObject } from '../storage/encoded-object.ts';
import type { ObjectKey } from '../storage/store-keys.ts';
import { viewOf } from '../table/encoded-view.ts';
import { assertAdmitted, mutatedObject } from './admit-object.ts';
import { dropEmptyMetadata } from './empty-metadata.ts';
import { assertMayWriteThere } from './enclosure-rights.ts';
import { countGeneration, isUnchanged, keepFields, type UpdateContext, type UpdatePart } from './kept-fields.ts';
import { narrowPart } from './narrow-write.ts';
import { clearSystemFields, giveIdentity, nameLengthErrors, nameTaken } from './new-object.ts';
import { isDone } from './present-object.ts';
import { placeOf, storedObjects, toStored } from './stored-version.ts';
import { assertNoMoreRights, assertOwnNodeOnly } from './write-rights.ts';
import type { WriteScope } from './write-scope.ts';

/** Creates an object; owns it. The kind is the target's, fitted to its schema. */
export function createObject(scope: WriteScope, object: JsonObject): EncodedObject {
  const { transaction, target } = scope;
  const { definition } = target;
  clearSystemFields(object, target);
  const status = scope.keepsStatus === true ? objectAt(object, 'status') : undefined;
  const admitted = mutatedObject(scope, admitCreate({ ...scope, object: definition.defaults(object) }));
  giveIdentity(scope, ensureObject(admitted, 'metadata'));
  let prepared = definition.defaults(definition.prepareForCreate(admitted));
  if (status !== undefined) Object.assign(ensureObject(prepared, 'status'), status);
  prepared = completeCreate({ ...scope, object: prepared });
  dropEmptyMetadata(prepared);
  assertMayWriteThere(scope, prepared);
  assertNoMoreRights(scope, prepared);
  assertOwnNodeOnly(scope, prepared);
  if (scope.record !== undefined) recordUpdate(prepared, undefined, scope.record);
  const name = textAt(objectAt(prepared, 'metadata'), 'name');
  const { key, object: present } = placeOf(transaction, { ...target, name });
  assertValid(scope, name, [...validateObjectMeta(prepared, definition), ...nameLengthErrors(key), ...definition.validate(prepared)]);
  assertValid(scope, name, definition.validateAmong?.(prepared, storedObjects(transaction)) ?? []);
  assertAdmissible({ ...scope, object: prepared });
  assertAdmitted(scope, () => ({ object: prepared }));
  if (present !== undefined) throw nameTaken(target, objectAt(prepared, 'metadata'));
  return store(scope, key, prepared);
}

/** Replaces an object that is there; owns `next`. Returns the stored object, or its last state when that removed it. */
export function updateObject(scope: WriteScope, current: EncodedObject, next: JsonObject, part: UpdatePart): EncodedObject {
  const { transaction, target, dryRun } = scope;
  const { definition } = target;
  const old = viewOf(definition, current);
  const update: UpdateContext = { target, old, part };
  let object = keepFields(definition.defaults(next), update);
  if (scope.admission !== undefined) {
    const mutated = mutatedObject(scope, object, old);
    object = keepFields(mutated, update);
  }
  countGeneration(object, update);
  object = completeUpdate({ ...scope, object, old });
  dropEmptyMetadata(object);
  assertMayWriteThere(scope, old, object);
  assertNoMoreRights(scope, object, old);
  assertOwnNodeOnly(scope, object, old);
  if (scope.record !== undefined) recordUpdate(object, old, scope.record);
  const isSame = isUnchanged(object, old);
  if (isSame && scope.admission === undefined) return current;
  const narrow = narrowPart(target);
  const errors = [...validateObjectMeta(object, definition), ...validateObjectMetaUpdate(object, old)];
  if (narrow !== undefined) errors.push(...narrow.validate(object, old));
  else if (part !== 'status') errors.push(...definition.validateUpdate(object, old));
  else errors.push(...(definition.validateStatus?.(object, old) ?? []));
  assertValid(scope, target.name, errors);
  if (part !== 'status') assertValid(scope, target.name, definition.validateAmong?.(object, storedObjects(transaction), old) ?? []);
  assertAdmissible({ ...scope, object }, old);
  assertAdmitted(scope, () => ({ object, old }));
  if (isSame) return current;
  const { key } = placeOf(transaction, target);
  if (isDone(object)) {
    // The last thing that held the object is gone: watchers see its end, not one more change.
    return dryRun ? EncodedObject.of(toStored(definition, object, key)) : transaction.remove(key);
  }
  return store(scope, key, object);
}

/** No request may be longer; an object that grows by one after the other may not either. */
const objectBytes = 3 * 1024 * 1024;

/** Throws 413 for an object that is too long, and undoes the write. */
function store({ target, transaction, dryRun }: WriteScope, key: ObjectKey, object: JsonObject): EncodedObject {
  const stored = toStored(target.definition, object, key);
  const encoded = dryRun ? EncodedObject.of(stored) : transaction.put(key, stored);
  if (encoded.bytes.length > objectBytes) throw requestTooLarge(objectBytes);
  return encoded;
}

/** Throws 422 with all the errors, when there are any. */
function assertValid(scope: Pick<WriteScope, 'target'>, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalid(scope.target.definition, name, errors);
}
