/** What can be done with one resource, with what calicoctl asks for besides: tiers, names that are not its own, conflicts. */
import { setTimeout as sleep } from 'node:timers/promises';
import { builtInCalicoTiers, defaultCalicoObject, isTieredCalicoKind } from '@weir/compile';
import type { JsonObject } from '@weir/kube';
import { AlreadyExists, CalicoctlError, UpdateConflict } from '../calicoctl-error.ts';
import { kindOf, type Resource, type ResourceKind, type WriteOperation } from '../resources/resource-kinds.ts';
import { assertValidResource } from '../resources/validate-resource.ts';
import { type CalicoStore, nameText, type ResourceName, tierOf } from './calico-store.ts';

/** What is done. */
export type ResourceAction = (store: CalicoStore, wanted: ResourceName, resource: Resource) => Promise<Resource>;

const conflictAttempts = 5;
const conflictPauseMs = 1_000;

/** Makes a new one. */
export const createResource: ResourceAction = async (store, wanted, resource) => {
  const object = writable(wanted, resource, 'create');
  await assertTier(store, object);
  return store.create(wanted, object);
};

/** Replaces one that is there. */
export const replaceResource: ResourceAction = async (store, wanted, resource) => {
  const object = writable(wanted, resource, 'update');
  await assertTier(store, object);
  return store.update(wanted, object);
};

/** Makes it, or replaces it; what changes meanwhile is replaced as well, unless the resource names a version. */
export const applyResource: ResourceAction = async (store, wanted, resource) => {
  const object = writable(wanted, resource, 'apply');
  await assertTier(store, object);
  for (let attempt = 1; ; attempt++) {
    try {
      return await createOrUpdate(store, wanted, object);
    } catch (error) {
      const isFinal = object.metadata.resourceVersion !== undefined || attempt >= conflictAttempts;
      if (!(error instanceof UpdateConflict) || isFinal) throw error;
    }
    await sleep(conflictPauseMs);
  }
};

async function createOrUpdate(store: CalicoStore, wanted: ResourceName, object: Resource): Promise<Resource> {
  if (wanted.kind.refused.includes('create')) return store.update(wanted, object);
  try {
    return await store.create(wanted, object);
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
    return store.update(wanted, object);
  }
}

/** Deletes it. */
export const deleteResource: ResourceAction = async (store, wanted) => {
  assertWritable(wanted, 'delete');
  if (wanted.kind.kind === 'Tier') await assertTierMayGo(store, wanted.name);
  return store.delete(wanted);
};

/** One, or where no name is given all of them as a list. */
export async function getOrList(store: CalicoStore, wanted: ResourceName): Promise<JsonObject> {
  const { kind, name, namespace } = wanted;
  if (name !== '') {
    if (kind.namespaced && namespace === '') throw new CalicoctlError('cannot use --all-namespace flag for getting a single resource');
    return store.get(wanted) as Promise<Resource & JsonObject>;
  }
  const { items, resourceVersion } = await store.list(wanted);
  return { kind: `${kind.kind}List`, apiVersion: 'projectcalico.org/v3', metadata: { resourceVersion }, items: inOrder(kind, items) };
}

/** Changes it by a merge patch: lists are replaced as wholes. */
export async function patchResource(store: CalicoStore, wanted: ResourceName, patch: unknown): Promise<Resource> {
  assertWritable(wanted, 'update');
  const patched = merged(await store.get(wanted), patch) as Resource;
  return replaceResource(store, wanted, patched);
}

function merged(value: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const result: Record<string, unknown> = isRecord(value) ? { ...value } : {};
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete result[key];
    else result[key] = merged(result[key], change);
  }
  return result;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function inOrder({ kind }: ResourceKind, items: readonly Resource[]): readonly Resource[] {
  const orderOf = ({ spec }: Resource): number => (typeof spec?.['order'] === 'number' ? spec['order'] : Number.POSITIVE_INFINITY);
  return kind === 'Tier' ? items.toSorted((a, b) => orderOf(a) - orderOf(b)) : items;
}

/** The resource with its namespace and its defaults, valid. */
function writable(wanted: ResourceName, resource: Resource, operation: WriteOperation): Resource {
  assertWritable(wanted, operation);
  const { namespace: _namespace, ...metadata } = resource.metadata;
  const placed = { ...resource, metadata: { ...metadata, ...(wanted.kind.namespaced ? { namespace: wanted.namespace } : {}) } };
  assertValidResource(placed);
  return defaultCalicoObject(placed) as unknown as Resource;
}

function assertWritable(wanted: ResourceName, operation: WriteOperation): void {
  const { kind, name } = wanted;
  if (kind.refused === 'all' || kind.refused.includes(operation)) {
    throw new CalicoctlError(`operation ${operation} is not supported on ${nameText(wanted)}`);
  }
  if (kind.kind === 'NetworkPolicy' && name.startsWith('knp.default.')) {
    throw new CalicoctlError('kubernetes network policies must be managed through the kubernetes API');
  }
}

async function assertTier(store: CalicoStore, object: Resource): Promise<void> {
  const tiers = kindOf('Tier');
  if (tiers === undefined || !isTieredCalicoKind(object.kind)) return;
  await store.get({ kind: tiers, name: tierOf(object), namespace: '' });
}

async function assertTierMayGo(store: CalicoStore, name: string): Promise<void> {
  const refuse = (reason: string): never => {
    throw new CalicoctlError(`operation delete is not supported on ${name}: ${reason}`);
  };
  if (Object.hasOwn(builtInCalicoTiers, name)) refuse(`Cannot delete ${name} tier`);
  for (const kind of ['NetworkPolicy', 'GlobalNetworkPolicy', 'StagedNetworkPolicy', 'StagedGlobalNetworkPolicy'].flatMap(
    (each) => kindOf(each) ?? [],
  )) {
    const { items } = await store.list({ kind, namespace: '' });
    if (items.some((policy) => tierOf(policy) === name)) refuse('Cannot delete a non-empty tier');
  }
}
