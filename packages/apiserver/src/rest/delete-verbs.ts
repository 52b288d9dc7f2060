/**
 * The verbs delete and deletecollection, and eviction.
 *
 * Pods end gracefully: `deletionTimestamp` is set and the node deletes the object with grace 0 once
 * the containers have stopped. Finalizers keep an object until they are gone; a namespace is kept by
 * `spec.finalizers` while it is emptied.
 */
import {
  builtInSchemas,
  conformToSchema,
  deepEqual,
  ensureObject,
  groupResource,
  isTerminating,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectName,
  type Status,
  textAt,
} from '@weir/kube';
import { defined } from '@weir/net';
import { admittedWrite } from '../admission/admitted-write.ts';
import { badRequest, conflict, forbidden, invalid } from '../errors/api-error.ts';
import type { ApiRequest, ApiResponse } from '../server/api-message.ts';
import type { ResourceTarget } from '../server/resource-target.ts';
import { EncodedObject } from '../storage/encoded-object.ts';
import { viewOf } from '../table/encoded-view.ts';
import { renderList, renderObject } from '../table/render-object.ts';
import { assertDeletionAdmitted } from './admit-object.ts';
import { assertMayWriteThere, permittedSelection } from './enclosure-rights.ts';
import { parseListOptions } from './list-options.ts';
import { currentObject, isDone } from './present-object.ts';
import { decodeObject, warningHeaders } from './read-body.ts';
import { rangeOf } from './read-objects.ts';
import { parseRepresentation } from './representation.ts';
import { apiTime, type RestContext, subjectOf } from './rest-context.ts';
import { placeOf, storedObjects } from './stored-version.ts';
import { dryRunErrors } from './write-options.ts';
import type { WriteScope } from './write-scope.ts';

/** meta/v1 DeleteOptions as far as the server obeys them. */
export interface DeleteOptions {
  readonly gracePeriodSeconds: number | undefined;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly dryRun: boolean;
  /** What happens to objects that this one owns; undefined when the client left it to the server. */
  readonly propagationPolicy: 'Background' | 'Foreground' | 'Orphan' | undefined;
}

/** What a deletion did. `removed` is false while the object waits for its end. */
interface Deletion {
  readonly object: EncodedObject;
  readonly removed: boolean;
}

/** DELETE of an object. */
export async function deleteVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const options = parseDeleteOptions(context, request);
  const { value: deletion, warnings } = await admittedWrite(context, request.audit, (attempt) =>
    deleteObject({ ...attempt, target, dryRun: options.dryRun, user: request.user, verb: 'delete' }, options),
  );
  if (!deletion.removed || target.definition.returnsDeletedObject) {
    const representation = parseRepresentation(request.headers['accept'], request.query);
    const response = renderObject(deletion.object, 200, { definition: target.definition, representation, nowMs: context.now() });
    return { ...response, headers: { ...response.headers, ...warningHeaders(warnings) } };
  }
  return { kind: 'json', status: 200, body: deletedStatus(target, deletion.object), headers: warningHeaders(warnings) };
}

/** DELETE of a collection: every object that the selectors match, one after the other. */
export async function deleteCollectionVerb(context: RestContext, target: ResourceTarget, request: ApiRequest): Promise<ApiResponse> {
  const options = parseDeleteOptions(context, request);
  const listOptions = parseListOptions(request.query, target.definition);
  const representation = parseRepresentation(request.headers['accept'], request.query);
  const deleted: EncodedObject[] = [];
  const isSelected = permittedSelection(context, { target, user: request.user, verb: 'deletecollection' }, listOptions);
  const present = Array.from(context.store.list(rangeOf(target)));
  for (const { key, object } of present) {
    if (!isSelected(object)) continue;
    const one = { ...target, namespace: key.namespace, name: objectName(viewOf(target.definition, object)) };
    const { value: deletion } = await admittedWrite(context, request.audit, (attempt) => {
      // Somebody else may have removed it meanwhile: then there is nothing left to do.
      if (attempt.transaction.get(key) === undefined) return undefined;
      return deleteObject({ ...attempt, target: one, dryRun: options.dryRun, user: request.user, verb: 'deletecollection' }, options);
    });
    if (deletion !== undefined) deleted.push(deletion.object);
  }
  const metadata = { resourceVersion: String(context.store.revision) };
  return renderList(deleted, metadata, { definition: target.definition, representation, nowMs: context.now() });
}

/** Deletes or marks one object. */
export function deleteObject(scope: WriteScope, options: DeleteOptions): Deletion {
  const { context, transaction, target, dryRun } = scope;
  assertMayBeDeleted(context, target);
  const current = currentObject(scope);
  const view = viewOf(target.definition, current);
  assertMayWriteThere(scope, view);
  assertPreconditions(view, options, target);
  const reason = target.definition.reasonToStay?.(view, storedObjects(transaction));
  if (reason !== undefined) throw forbidden(subjectOf(target), reason);
  assertDeletionAdmitted(scope, () => view);
  const object = current.copy();
  const metadata = ensureObject(object, 'metadata');
  if (!isTerminating(object)) target.definition.prepareForDelete?.(object, apiTime(context.now()));
  holdForDependents(metadata, options.propagationPolicy);
  const seconds = target.definition.deletionGraceSeconds?.(object, options.gracePeriodSeconds) ?? 0;
  const waits = seconds > 0 || isHeld(object);
  const { key } = placeOf(transaction, target);
  if (!waits) return { object: dryRun ? current : transaction.remove(key), removed: true };
  const isMarked = markDeleted(object, seconds, context.now());
  if (!isMarked && deepEqual(finalizersOf(object), finalizersOf(current.json))) return { object: current, removed: false };
  const generation = numberAt(metadata, 'generation');
  if (generation !== undefined) metadata['generation'] = generation + 1;
  return { object: dryRun ? EncodedObject.of(object) : transaction.put(key, object), removed: false };
}

/** The finalizers that keep an owner until the garbage collector has dealt with what it owns. */
const foregroundFinalizer = 'foregroundDeletion';
const orphanFinalizer = 'orphan';

/** A policy that is named replaces the one of an earlier deletion. */
function holdForDependents(metadata: JsonObject, policy: DeleteOptions['propagationPolicy']): void {
  if (policy === undefined) return;
  const others = listAt(metadata, 'finalizers').filter((each) => each !== foregroundFinalizer && each !== orphanFinalizer);
  if (policy === 'Foreground') others.push(foregroundFinalizer);
  if (policy === 'Orphan') others.push(orphanFinalizer);
  if (others.length > 0 || metadata['finalizers'] !== undefined) metadata['finalizers'] = others;
}

function finalizersOf(object: Readonly<JsonObject>): readonly unknown[] {
  return listAt(objectAt(object, 'metadata'), 'finalizers');
}

/** Admission `NamespaceLifecycle`: a cluster does not work without these. */
const immortalNamespaces: readonly string[] = ['default', 'kube-system', 'kube-public'];

function assertMayBeDeleted({ reasonToKeep }: RestContext, target: ResourceTarget): void {
  const { name, definition } = target;
  if (groupResource(definition) === 'namespaces' && immortalNamespaces.includes(name)) {
    throw forbidden(subjectOf(target), 'this namespace may not be deleted');
  }
  const reason = reasonToKeep?.({ group: definition.group, resource: definition.plural, name });
  if (reason !== undefined) throw forbidden(subjectOf(target), reason);
}

/** Reads DeleteOptions from the body and the query (the query is used when there is no body). */
export function parseDeleteOptions(context: RestContext, request: ApiRequest): DeleteOptions {
  const body = request.body.length === 0 ? {} : decodeObject(context, request, 'DeleteOptions');
  const { value, wrongTypes } = conformToSchema(defined(builtInSchemas.get('DeleteOptions'), 'DeleteOptions is a built-in type'), body);
  const wrongType = wrongTypes[0];
  if (wrongType !== undefined) throw badRequest(wrongType);
  const queryGrace = request.query.get('gracePeriodSeconds');
  if (queryGrace !== null && !/^-?[0-9]{1,15}$/.test(queryGrace)) {
    throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(queryGrace)}: invalid syntax`);
  }
  const preconditions = objectAt(value, 'preconditions');
  const dryRun = [...listAt(value, 'dryRun').map(String), ...request.query.getAll('dryRun')].filter((item) => item !== '');
  const errors = dryRunErrors(dryRun);
  if (errors.length > 0) throw invalid({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', errors);
  return {
    gracePeriodSeconds: numberAt(value, 'gracePeriodSeconds') ?? (queryGrace === null ? undefined : Number(queryGrace)),
    uid: textAt(preconditions, 'uid'),
    resourceVersion: textAt(preconditions, 'resourceVersion'),
    dryRun: dryRun.length > 0,
    propagationPolicy: propagationPolicyOf(value, request.query),
  };
}

function propagationPolicyOf(options: JsonObject, query: URLSearchParams): DeleteOptions['propagationPolicy'] {
  const policy = textAt(options, 'propagationPolicy') || (query.get('propagationPolicy') ?? '');
  const orphan = options['orphanDependents'] ?? query.get('orphanDependents') ?? undefined;
  const subject = { group: 'meta.k8s.io', kind: 'DeleteOptions' };
  if (policy !== '' && orphan !== undefined) {
    const message = 'orphanDependents and deletionPropagation cannot be both set';
    throw invalid(subject, '', [{ reason: 'FieldValueInvalid', field: 'propagationPolicy', value: policy, message }]);
  }
  if (orphan !== undefined) return orphan === true || orphan === 'true' ? 'Orphan' : 'Background';
  if (policy === '' || policy === 'Background' || policy === 'Foreground' || policy === 'Orphan') return policy === '' ? undefined : policy;
  const message = 'supported values: "Foreground", "Background", "Orphan", "nil"';
  throw invalid(subject, '', [{ reason: 'FieldValueNotSupported', field: 'propagationPolicy', value: policy, message }]);
}

/** Something other than the grace period keeps the object. */
function isHeld(object: JsonObject): boolean {
  const marked = { ...object, metadata: { ...objectAt(object, 'metadata'), deletionTimestamp: 'now', deletionGracePeriodSeconds: 0 } };
  return !isDone(marked);
}

/** Sets the time of deletion; false when that changes nothing (an earlier deletion ends as soon or sooner). */
function markDeleted(object: JsonObject, seconds: number, nowMs: number): boolean {
  const metadata = ensureObject(object, 'metadata');
  if (isTerminating(object)) {
    const before = numberAt(metadata, 'deletionGracePeriodSeconds') ?? 0;
    if (seconds >= before) return false;
  }
  metadata['deletionTimestamp'] = apiTime(nowMs + seconds * 1000);
  metadata['deletionGracePeriodSeconds'] = seconds;
  return true;
}

function assertPreconditions(object: Readonly<JsonObject>, options: DeleteOptions, target: ResourceTarget): void {
  const metadata = objectAt(object, 'metadata');
  const subject = { ...subjectOf(target), plural: target.definition.kind };
  const uid = textAt(metadata, 'uid');
  if (options.uid !== '' && options.uid !== uid) {
    const why = `the UID in the precondition (${options.uid}) does not match the UID in record (${uid}). The object might have been deleted and then recreated`;
    throw conflict(subject, why);
  }
  const version = textAt(metadata, 'resourceVersion');
  if (options.resourceVersion !== '' && options.resourceVersion !== version) {
    const why = `the ResourceVersion in the precondition (${options.resourceVersion}) does not match the ResourceVersion in record (${version}). The object might have been modified`;
    throw conflict(subject, why);
  }
}

function deletedStatus(target: ResourceTarget, object: EncodedObject): Status {
  const { group, plural } = target.definition;
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: {
      name: target.name,
      ...(group === '' ? {} : { group }),
      kind: plural,
      uid: textAt(objectAt(viewOf(target.definition, object), 'metadata'), 'uid'),
    },
    code: 200,
  };
}
