/**
 * The verbs get and list.
 *
 * A list is a consistent snapshot at its `resourceVersion`. Pages after the first show the same
 * snapshot: the changes since then are undone from the history of events, and when that no longer
 * reaches back the answer is 410, with a token for the rest as it is now.
 */
import type { ResourceDefinition } from '@weir/kube';
import { badRequest, expired, expiredContinue, notFound, resourceVersionTooLarge } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import type { EncodedObject, StoredObject } from '../storage/encoded-object.ts';
import { keyText, type ListRange } from '../storage/store-keys.ts';
import { viewOf } from '../table/encoded-view.ts';
import { renderList, renderObject } from '../table/render-object.ts';
import { decodeContinue, encodeContinue } from './continue-token.ts';
import { assertEnclosureRights, permittedSelection } from './enclosure-rights.ts';
import { type ListOptions, parseListOptions, parseResourceVersion, selectsSome } from './list-options.ts';
import { readMadeObjects } from './made-objects.ts';
import { parseRepresentation } from './representation.ts';
import { type RestContext, subjectOf } from './rest-context.ts';
import { isFoundByName, placeOf } from './stored-version.ts';

/** GET of one object. */
export function getObject(context: RestContext, target: ResourceTarget, request: ApiRequest): ApiResponse {
  if (target.definition.made !== undefined) return readMadeObjects(context, target, request);
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const asked = parseResourceVersion(request.query.get('resourceVersion') ?? '') ?? 0;
  if (asked > context.store.revision) throw resourceVersionTooLarge(asked, context.store.revision);
  const object = placeOf(context.store, target).object;
  if (object === undefined) throw notFound(subjectOf(target));
  const { user } = request;
  if (target.definition.enclosed !== undefined)
    assertEnclosureRights(context, { target, user, verb: 'get' }, viewOf(target.definition, object));
  return renderObject(object, 200, { definition: target.definition, representation, nowMs: context.now() });
}

/** GET of a collection. */
export function listObjects(context: RestContext, target: ResourceTarget, request: ApiRequest): ApiResponse {
  if (target.definition.made !== undefined) return readMadeObjects(context, target, request);
  const options = parseListOptions(request.query, target.definition);
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const snapshot = withoutDoubles(context, target, snapshotOf(context, target, options));
  const rendering = { definition: target.definition, representation, nowMs: context.now() };
  const isSelected = permittedSelection(context, { target, user: request.user, verb: 'list' }, options);
  const resourceVersion = String(snapshot.revision);
  if (options.limit <= 0) return renderList(selected(snapshot.objects, isSelected), { resourceVersion }, rendering);
  const { objects, last } = takePage(snapshot.objects, isSelected, options.limit);
  if (last === undefined) return renderList(objects, { resourceVersion }, rendering);
  const remaining =
    selectsSome(options) || target.definition.enclosed !== undefined ? undefined : remainingAfter(snapshot, objects.length, last);
  const next = {
    continue: encodeContinue({ revision: snapshot.revision, after: last, remaining }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  };
  return renderList(objects, { resourceVersion, ...next }, rendering);
}

/** The range of a target: one namespace or all of them. */
export function rangeOf(target: ResourceTarget, after?: string): ListRange {
  return {
    resource: target.definition.storageKey,
    ...(target.namespace === '' ? {} : { namespace: target.namespace }),
    ...(after === undefined ? {} : { after }),
  };
}

interface Snapshot {
  readonly revision: number;
  readonly objects: Iterable<StoredObject>;
  /** How many of them come after a key. */
  count(after: string): number;
  /** How many objects it has from here on, when the page before knew. */
  readonly counted: number | undefined;
}

/** Of objects that are stored under two names for one, that which is found by its name. */
function withoutDoubles({ store }: RestContext, { definition }: ResourceTarget, snapshot: Snapshot): Snapshot {
  if (definition.conversion?.storedNames === undefined) return snapshot;
  return { ...snapshot, objects: foundByName(store, definition, snapshot.objects) };
}

function* foundByName(
  store: RestContext['store'],
  definition: ResourceDefinition,
  objects: Iterable<StoredObject>,
): Iterable<StoredObject> {
  for (const stored of objects) if (isFoundByName(store, definition, stored)) yield stored;
}

function snapshotOf(context: RestContext, target: ResourceTarget, options: ListOptions): Snapshot {
  const { store } = context;
  const token = options.continue === '' ? undefined : decodeContinue(options.continue, rangeOf(target), store.revision);
  const asked = options.resourceVersion ?? 0;
  if (token !== undefined && asked !== 0) throw badRequest('specifying resource version is not allowed when using continue');
  if (asked > store.revision) throw resourceVersionTooLarge(asked, store.revision);
  const exact = token?.revision ?? (options.resourceVersionMatch === 'Exact' ? asked : undefined);
  const range = rangeOf(target, token?.after);
  if (exact === undefined || exact === store.revision) {
    const count = (after: string): number => store.count({ ...range, after });
    return { revision: store.revision, counted: token?.remaining, objects: store.list(range), count };
  }
  const past = store.listAt(range, exact);
  if (past === undefined) {
    if (token === undefined) throw expired('The resourceVersion for the provided list is too old.');
    throw expiredContinue(encodeContinue({ ...token, revision: undefined, remaining: undefined }));
  }
  return { revision: exact, counted: token?.remaining, objects: past.objects(), count: (after) => past.count(after) };
}

interface Page {
  readonly objects: readonly EncodedObject[];
  /** The key of the last object when there are more. */
  readonly last: string | undefined;
}

/** Without selectors; the first page counts, the others subtract. */
function remainingAfter(snapshot: Snapshot, length: number, last: string): number {
  return snapshot.counted === undefined ? snapshot.count(last) : snapshot.counted - length;
}

type IsSelected = (object: EncodedObject) => boolean;

function* selected(objects: Iterable<StoredObject>, isSelected: IsSelected): Iterable<EncodedObject> {
  for (const { object } of objects) if (isSelected(object)) yield object;
}

/** Reads as far as the page goes, and looks whether anything comes after it. */
function takePage(stored: Iterable<StoredObject>, isSelected: IsSelected, limit: number): Page {
  const objects: EncodedObject[] = [];
  let last = '';
  for (const { key, object } of stored) {
    if (!isSelected(object)) continue;
    if (objects.length >= limit) return { objects, last };
    objects.push(object);
    last = keyText(key);
  }
  return { objects, last: undefined };
}
