/**
 * Removes what is left behind: objects all of whose owners are gone (`pkg/controller/garbagecollector`).
 *
 * - Background: the owner goes at once, what it owns follows.
 * - Foreground: the owner waits (finalizer `foregroundDeletion`) for those that block its deletion.
 * - Orphan: the owner waits (finalizer `orphan`) until what it owned names it no more, and goes alone.
 *
 * A copy may be behind: only when the API server says that an owner is gone, what it owned goes. Retried
 * until it is done, also for owners that vanished while nobody looked.
 */
import { isConflict, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import type { KubeObject, OwnerReference } from '@weir/kube';
import type { Controller, ControllerContext } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { type ServedResource, servedResources } from '../served-resources.ts';
import type { SharedHandlers } from '../shared-informers.ts';
import { type GraphEntry, graphEntry, OwnerGraph } from './owner-graph.ts';

const foregroundFinalizer = 'foregroundDeletion';
const orphanFinalizer = 'orphan';

/** The copies of owners and owned lag behind each other by less than this. */
const graceMs = 2_000;

/** How often new resources are looked for. */
const discoveryMs = 2_000;

/** Kinds that come in masses, own nothing and are owned by nobody. */
const ignored: ReadonlySet<string> = new Set(['events']);

interface Collector {
  readonly client: KubeClient;
  readonly graph: OwnerGraph;
  /** By `apiVersion kind`. */
  readonly resources: ReadonlyMap<string, ServedResource>;
}

/** Starts the controller. */
export function startGarbageController(context: ControllerContext): Controller {
  const { client, informers, log } = context;
  const graph = new OwnerGraph();
  const resources = new Map<string, ServedResource>();
  const collector: Collector = { client, graph, resources };
  const queue = new KeyedQueue({
    work: (uid) => settle(collector, uid),
    onError: (uid, error) => log.warn({ uid, error: String(error) }, 'something whose owners are gone may still be there'),
  });
  const followed = new Map<string, { readonly path: ResourcePath; readonly handlers: SharedHandlers<KubeObject> }>();
  const follow = (name: string, { group, version, resource: plural }: ServedResource): void => {
    const path: ResourcePath = { group, version, resource: plural };
    const handlers: SharedHandlers<KubeObject> = {
      upsert: (object) => {
        const entry = graphEntry(path, object);
        const before = graph.get(entry.uid);
        graph.put(entry);
        notice(graph, queue, entry, before);
      },
      remove: ({ metadata }) => {
        const entry = graph.get(metadata.uid ?? '');
        graph.delete(metadata.uid ?? '');
        for (const dependent of graph.dependentsOf(metadata.uid ?? '')) queue.add(dependent.uid);
        for (const { uid } of entry?.owners ?? []) if (graph.get(uid)?.isGoing === true) queue.add(uid);
      },
    };
    followed.set(name, { path, handlers });
    informers.follow<KubeObject>(path, handlers);
  };
  const discover = async (): Promise<void> => {
    const served = await servedResources(client);
    const names = new Set(served.map(nameOf));
    // Kinds of definitions that are gone; their objects went before them.
    for (const [name, { path, handlers }] of followed) {
      if (names.has(name)) continue;
      followed.delete(name);
      resources.delete(name);
      informers.unfollow(path, handlers);
    }
    for (const resource of served) {
      const name = nameOf(resource);
      if (resources.has(name) || !['list', 'watch', 'delete'].every((verb) => resource.verbs.includes(verb))) continue;
      resources.set(name, resource);
      if (!ignored.has(resource.resource)) follow(name, resource);
    }
  };
  const look = (): void => {
    discover().catch((error: unknown) => log.debug({ error: String(error) }, 'discovery failed'));
  };
  look();
  const timer = setInterval(look, discoveryMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await queue.stop();
    },
  };
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
}

/** `apiVersion kind`, as owner references have them. */
function nameOf({ group, version, kind }: ServedResource): string {
  return `${group === '' ? '' : `${group}/`}${version} ${kind}`;
}

/** What a new or changed object means for itself and for what it owns. */
function notice(graph: OwnerGraph, queue: KeyedQueue, entry: GraphEntry, before: GraphEntry | undefined): void {
  const waits = entry.isGoing && entry.finalizers.some((each) => each === foregroundFinalizer || each === orphanFinalizer);
  if (waits) queue.add(entry.uid);
  if (entry.owners.length === 0 || entry.isGoing) return;
  const isKnown = before?.owners.length === entry.owners.length;
  for (const { uid } of entry.owners) {
    const owner = graph.get(uid);
    if (owner === undefined && !isKnown) queue.addLater(entry.uid, graceMs);
    else if (owner?.isGoing === true && owner.finalizers.includes(foregroundFinalizer)) queue.add(uid);
  }
}

async function settle(collector: Collector, uid: string): Promise<void> {
  const entry = collector.graph.get(uid);
  if (entry === undefined) return;
  if (entry.isGoing) {
    if (entry.finalizers.includes(orphanFinalizer)) await setFree(collector, entry);
    else if (entry.finalizers.includes(foregroundFinalizer)) await removeDependents(collector, entry);
    return;
  }
  if (entry.owners.length > 0) await removeWithoutOwners(collector, entry);
}

async function setFree({ client, graph }: Collector, owner: GraphEntry): Promise<void> {
  for (const dependent of graph.dependentsOf(owner.uid)) {
    await patchOwners(
      client,
      dependent,
      dependent.owners.filter(({ uid }) => uid !== owner.uid),
    );
  }
  await dropFinalizer(client, owner, orphanFinalizer);
}

async function removeDependents({ client, graph }: Collector, owner: GraphEntry): Promise<void> {
  const dependents = graph.dependentsOf(owner.uid);
  const isBlocking = ({ owners }: GraphEntry): boolean =>
    owners.some(({ uid, blockOwnerDeletion }) => uid === owner.uid && blockOwnerDeletion === true);
  for (const dependent of dependents) {
    if (!dependent.isGoing)
      await remove(client, dependent, isBlocking(dependent) && graph.dependentsOf(dependent.uid).length > 0 ? 'Foreground' : 'Background');
  }
  // Their removal brings the owner back into the queue.
  if (!dependents.some(isBlocking)) await dropFinalizer(client, owner, foregroundFinalizer);
}

async function removeWithoutOwners(collector: Collector, entry: GraphEntry): Promise<void> {
  const { client, graph } = collector;
  const states = await Promise.all(entry.owners.map((owner) => ownerState(collector, entry, owner)));
  if (states.includes('unknown')) return;
  const staying = entry.owners.filter((_, i) => states[i] === 'there');
  if (staying.length === entry.owners.length) return;
  if (staying.length > 0) {
    await patchOwners(client, entry, staying);
    return;
  }
  const waits = states.includes('waiting') && graph.dependentsOf(entry.uid).length > 0;
  await remove(client, entry, waits ? 'Foreground' : 'Background');
}

/** Whether an owner is there, waits for what it owns to be gone, or is gone; unknown where its kind is not served. */
async function ownerState(
  { client, graph, resources }: Collector,
  entry: GraphEntry,
  owner: OwnerReference,
): Promise<'there' | 'waiting' | 'gone' | 'unknown'> {
  const known = graph.get(owner.uid);
  if (known !== undefined) return known.isGoing && known.finalizers.includes(foregroundFinalizer) ? 'waiting' : 'there';
  // Owners may be named in any version of their kind.
  const ownerGroup = groupOf(owner.apiVersion);
  const resource = [...resources.values()].find((each) => each.kind === owner.kind && each.group === ownerGroup);
  if (resource === undefined) return 'unknown';
  const { group, version, resource: plural, namespaced } = resource;
  const { namespace } = entry.path;
  const path = { group, version, resource: plural, ...(namespaced && namespace !== undefined ? { namespace } : {}) };
  try {
    const present = await client.get(path, owner.name);
    return present.metadata.uid === owner.uid ? 'there' : 'gone';
  } catch (error) {
    if (isNotFound(error)) return 'gone';
    throw error;
  }
}

async function remove(client: KubeClient, { path, name, uid }: GraphEntry, propagationPolicy: 'Background' | 'Foreground'): Promise<void> {
  try {
    await client.delete(path, name, { preconditions: { uid }, propagationPolicy });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

async function patchOwners(client: KubeClient, { path, name, uid }: GraphEntry, ownerReferences: readonly OwnerReference[]): Promise<void> {
  try {
    await client.patch(path, name, { metadata: { uid, ownerReferences } }, { type: 'merge' });
  } catch (error) {
    if (!isNotFound(error) && !isConflict(error)) throw error;
  }
}

/** On the state that is there now: others may have changed the finalizers meanwhile. */
async function dropFinalizer(client: KubeClient, { path, name, uid }: GraphEntry, finalizer: string): Promise<void> {
  try {
    const { metadata } = await client.get(path, name);
    if (metadata.uid !== uid) return;
    const finalizers = (metadata.finalizers ?? []).filter((each) => each !== finalizer);
    await client.patch(path, name, { metadata: { uid, resourceVersion: metadata.resourceVersion, finalizers } }, { type: 'merge' });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
