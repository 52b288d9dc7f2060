/** The object that a request is about, as it is stored. */
import { type JsonObject, listAt, numberAt, objectAt, textAt } from '@weir/kube';
import { notFound } from '../errors/api-error.ts';
import type { EncodedObject } from '../storage/encoded-object.ts';
import { subjectOf } from './rest-context.ts';
import { placeOf } from './stored-version.ts';
import type { WriteScope } from './write-scope.ts';

/** The present state, or 404. */
export function currentObject(scope: Pick<WriteScope, 'transaction' | 'target'>): EncodedObject {
  const { target, transaction } = scope;
  const current = placeOf(transaction, target).object;
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
