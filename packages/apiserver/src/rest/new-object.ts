/** What makes an object a new one: nothing that only the server sets, then a name, a uid and a time of its own. */
import { randomInt, randomUUID } from 'node:crypto';
import { ensureObject, type FieldError, type JsonObject, textAt } from '@weir/kube';
import { type ApiError, alreadyExists, generatedNameTaken, unexplained } from '../errors/api-error.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { fits, keyText, type ObjectKey } from '../storage/store-keys.ts';
import { assertNamespace } from './kept-fields.ts';
import { apiTime, keyOf, subjectOf } from './rest-context.ts';
import type { WriteScope } from './write-scope.ts';

/** Suffix letters of generated names: no vowels, nothing that looks like something else. */
const suffixLetters = 'bcdfghjklmnpqrstvwxz2456789';

/** The name of a new object is another one's. */
export function nameTaken(target: ResourceTarget, metadata: JsonObject | undefined): ApiError {
  const subject = subjectOf(target, textAt(metadata, 'name'));
  return textAt(metadata, 'generateName') === '' ? alreadyExists(subject) : generatedNameTaken(subject);
}

/** What clients do not set. */
const systemFields = ['uid', 'creationTimestamp', 'deletionTimestamp', 'deletionGracePeriodSeconds', 'selfLink', 'generation'];

/** Takes from a client's object what it cannot say; throws where that contradicts the request. */
export function clearSystemFields(object: JsonObject, target: ResourceTarget): void {
  const metadata = ensureObject(object, 'metadata');
  assertHasNoVersion(metadata);
  assertNamespace(metadata, target);
  for (const field of systemFields) delete metadata[field];
}

function assertHasNoVersion(metadata: JsonObject): void {
  if (textAt(metadata, 'resourceVersion') === '') return;
  throw unexplained('resourceVersion should not be set on objects to be created');
}

/** Name, uid and time of a new object: the same in every attempt to write it. */
export function giveIdentity(scope: WriteScope, metadata: JsonObject): void {
  const { admission, context, target } = scope;
  metadata['uid'] = admission?.identity.uid ?? randomUUID();
  metadata['creationTimestamp'] = apiTime(context.now());
  if (target.definition.countsGenerations) metadata['generation'] = 1;
  const prefix = textAt(metadata, 'generateName');
  if (textAt(metadata, 'name') === '' && prefix !== '') metadata['name'] = freeName(scope, prefix);
}

/** Kinds whose names have no limit of their own (roles) have that of the store. */
export function nameLengthErrors(key: ObjectKey): readonly FieldError[] {
  if (fits(keyText(key))) return [];
  return [{ reason: 'FieldValueTooLong', field: 'metadata.name', message: 'may not be more than 1024 bytes' }];
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
