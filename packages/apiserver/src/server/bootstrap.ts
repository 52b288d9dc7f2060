/** What a store begins with: the four namespaces of the system, and what the cluster is made with. */
import { deepEqual, type JsonObject, type KubeObject, listAt, objectAt, type ResourceRegistry, textAt } from '@weir/kube';
import { assert, defined } from '@weir/net';
import { defaultRoles } from '../authorization/default-roles.ts';
import { keyOf, namespacesResource, type RestContext } from '../rest/rest-context.ts';
import { createObject } from '../rest/store-object.ts';
import type { StoreTransaction } from '../storage/object-store.ts';
import type { ResourceTarget } from './resource-target.ts';

/** On default roles that are not to be mended. */
const autoupdateAnnotation = 'rbac.authorization.kubernetes.io/autoupdate';

const systemNamespaces = ['default', 'kube-node-lease', 'kube-system'];

/** Made when everything else is there: a start without it was interrupted, or is the first. */
const lastNamespace = 'kube-public';

/** Initial objects of one transaction: lmdb holds what a transaction changes in memory, and never gives that back. */
const batchSize = 250;

/** What there is to be. */
export interface FirstObjects {
  /** Roles and bindings beside the default ones. */
  readonly roles: readonly KubeObject[];
  readonly initialObjects: () => Iterable<KubeObject>;
}

/**
 * Makes what is missing of the system's namespaces, roles and, in a store that has never held all of them, the initial
 * objects; an interrupted start goes on where it was. Runs before the first request.
 */
export async function ensureFirstObjects(context: RestContext, { roles, initialObjects }: FirstObjects): Promise<void> {
  const { store } = context;
  const isNew = store.get({ resource: namespacesResource, namespace: '', name: lastNamespace }) === undefined;
  await store.write((transaction) => {
    for (const name of systemNamespaces) createMissing(context, transaction, systemNamespace(name));
    // Roles are constants of the process, and what is created is given its identity in place.
    for (const object of structuredClone([...defaultRoles(), ...roles])) ensureRole(context, transaction, { ...object });
  });
  if (isNew) {
    for (const batch of batches(initialObjects())) {
      await store.write((transaction) => {
        for (const object of batch) createMissing(context, transaction, { ...object });
      });
    }
  }
  await store.write((transaction) => createMissing(context, transaction, systemNamespace(lastNamespace)));
  store.forgetHistory();
}

function systemNamespace(name: string): JsonObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
}

function* batches(objects: Iterable<KubeObject>): Iterable<readonly KubeObject[]> {
  let batch: KubeObject[] = [];
  for (const object of objects) {
    if (batch.push(object) < batchSize) continue;
    yield batch;
    batch = [];
  }
  yield batch;
}

/** A default role has what it is to have at least; what people added stays. */
function ensureRole(context: RestContext, transaction: StoreTransaction, object: JsonObject): void {
  const target = collectionOf(context.registry, object);
  const key = keyOf(target.definition, target.namespace, textAt(objectAt(object, 'metadata'), 'name'));
  const present = transaction.get(key);
  if (present === undefined) {
    createObject({ context, transaction, target, dryRun: false }, object);
    return;
  }
  if (textAt(objectAt(objectAt(present.json, 'metadata'), 'annotations'), autoupdateAnnotation) === 'false') return;
  const next = present.copy();
  for (const field of ['rules', 'subjects']) {
    // Aggregated rules are the controller's.
    if (object[field] === undefined || object['aggregationRule'] !== undefined) continue;
    const missing = listAt(object, field).filter((item) => !listAt(next, field).some((each) => deepEqual(each, item)));
    if (missing.length > 0) next[field] = [...listAt(next, field), ...missing];
  }
  if (!deepEqual(next, present.json)) transaction.put(key, next);
}

/** Creates an object with the status that it carries; one that is there stays as it is. */
function createMissing(context: RestContext, transaction: StoreTransaction, object: JsonObject): void {
  const target = collectionOf(context.registry, object);
  const name = textAt(objectAt(object, 'metadata'), 'name');
  if (transaction.get(keyOf(target.definition, target.namespace, name)) !== undefined) return;
  createObject({ context, transaction, target, dryRun: false, keepsStatus: true }, object);
}

function collectionOf(registry: ResourceRegistry, object: JsonObject): ResourceTarget {
  const [version = '', group = ''] = textAt(object, 'apiVersion').split('/').reverse();
  const kind = textAt(object, 'kind');
  const definition = defined(registry.findKind({ group, version, kind }), `${kind} in ${textAt(object, 'apiVersion')} is served`);
  const namespace = textAt(objectAt(object, 'metadata'), 'namespace');
  assert(definition.namespaced === (namespace !== ''), `${kind} objects ${definition.namespaced ? 'have a' : 'have no'} namespace`);
  return { definition, namespace, name: '', subresource: '' };
}
