/**
 * Follows the CustomResourceDefinitions of the store: gives them their names, puts what they define into the
 * registry and takes it out again, and empties those that are being deleted.
 *
 * ```
 * definition written ─▶ names accepted? ─▶ registry ─▶ status written (Established)
 *            deleted ─▶ nothing new is made ─▶ objects deleted ─▶ finalizer gone ─▶ out of the registry
 * ```
 * A kind is in the registry before anybody can read that it is established. Runs on the store's events, one
 * definition after the other.
 */
import {
  customResourceCleanup,
  customResourceDefinitionResource,
  customResources,
  deepEqual,
  ensureObject,
  isTerminating,
  type JsonObject,
  listAt,
  objectAt,
  type ResourceDefinition,
  setCondition,
  storageVersionOf,
  storedResource,
  stringsAt,
  textAt,
} from '@weir/kube';
import { deleteObject } from '../rest/delete-verbs.ts';
import { apiTime, type RestContext } from '../rest/rest-context.ts';
import type { StoreEvent } from '../storage/event-history.ts';
import { hasCondition, settleNames } from './accepted-names.ts';
import { settleApproval } from './api-approval.ts';

const definitionsKey = customResourceDefinitionResource.storageKey;

/** What a definition has put into the registry. */
interface Served {
  readonly entries: readonly ResourceDefinition[];
  /** What the entries were made of. */
  readonly from: JsonObject;
}

/**
 * Kinds that are served besides the versions of a definition, as long as it is: the same stored objects in another form,
 * each with the definition's storage key, a conversion, and `custom`.
 */
export type OtherForms = (definition: Readonly<JsonObject>) => readonly ResourceDefinition[];

/** What differs between servers. */
export interface CustomResourceOptions {
  readonly onFault: (error: unknown) => void;
  /** Default: none. */
  readonly otherForms?: OtherForms | undefined;
}

/** One per server. */
export class CustomResourceServer {
  readonly #context: RestContext;
  readonly #onFault: (error: unknown) => void;
  readonly #otherForms: OtherForms;
  /** By name. */
  readonly #definitions = new Map<string, Readonly<JsonObject>>();
  readonly #served = new Map<string, Served>();
  /** Names that are to be looked at. */
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Immediate | undefined;
  #unsubscribe: () => void = () => undefined;

  constructor(context: RestContext, options: CustomResourceOptions) {
    this.#context = context;
    this.#onFault = options.onFault;
    this.#otherForms = options.otherForms ?? (() => []);
  }

  /** Serves what the store defines already, at once, and follows it from now on. */
  start(): void {
    for (const { key, object } of this.#context.store.list({ resource: definitionsKey })) this.#definitions.set(key.name, object.json);
    for (const [name, definition] of this.#definitions) {
      try {
        this.#serve(name, definition);
        this.#look(name);
      } catch (error) {
        // One that cannot be served must not keep all others from being served.
        this.#onFault(error);
      }
    }
    this.#unsubscribe = this.#context.store.subscribe((event) => this.#take(event));
  }

  /** Stops following. */
  stop(): void {
    this.#unsubscribe();
    clearImmediate(this.#timer);
  }

  #take(event: StoreEvent): void {
    const { resource, name } = event.key;
    if (resource === definitionsKey) {
      if (event.kind === 'DELETED') {
        this.#definitions.delete(name);
        this.#withdraw(name);
        this.#lookAtGroup(name);
      } else {
        const before = namesOf(this.#definitions.get(name) ?? {});
        this.#definitions.set(name, event.object.json);
        this.#look(name);
        if (!deepEqual(before, namesOf(event.object.json))) this.#lookAtGroup(name);
      }
    } else if (event.kind === 'DELETED' && isTerminating(this.#definitions.get(resource) ?? {})) this.#look(resource);
  }

  /** Names that a definition had are free for the others of its group. */
  #lookAtGroup(name: string): void {
    for (const other of this.#definitions.keys()) if (other !== name && groupOf(other) === groupOf(name)) this.#look(other);
  }

  /** Not inside the store's own announcement: others have not heard of the change yet. */
  #look(name: string): void {
    this.#waiting.add(name);
    this.#timer ??= setImmediate(() => {
      this.#timer = undefined;
      const names = [...this.#waiting];
      this.#waiting.clear();
      for (const each of names) this.#settle(each).catch(this.#onFault);
    });
  }

  async #settle(name: string): Promise<void> {
    const definition = this.#definitions.get(name);
    if (definition === undefined) return;
    const others = [...this.#definitions].filter(([other]) => other !== name).map(([, each]) => each);
    const wanted = settled(definition, others, apiTime(this.#context.now()));
    this.#serve(name, wanted);
    if (isTerminating(wanted)) await this.#empty(name, wanted);
    else if (!deepEqual(wanted['status'], definition['status'])) await this.#write(name, definition, wanted);
  }

  /** Writes what has been settled, unless the definition has changed meanwhile: its event brings it back. */
  async #write(name: string, from: Readonly<JsonObject>, wanted: JsonObject): Promise<void> {
    await this.#context.store.write((transaction) => {
      const key = { resource: definitionsKey, namespace: '', name };
      const current = transaction.get(key);
      if (current === undefined || versionOf(current.json) !== versionOf(from)) return;
      const metadata = objectAt(wanted, 'metadata');
      const isGone = isTerminating(wanted) && listAt(metadata, 'finalizers').length === 0;
      if (isGone) transaction.remove(key);
      else transaction.put(key, structuredClone(wanted));
    });
  }

  /** Puts the served versions into the registry, instead of those of before when they differ. */
  #serve(name: string, definition: Readonly<JsonObject>): void {
    if (!hasCondition(definition, 'Established')) return;
    const from = {
      spec: definition['spec'],
      names: namesOf(definition),
      uid: objectAt(definition, 'metadata')?.['uid'],
    };
    if (deepEqual(this.#served.get(name)?.from, from)) return;
    this.#withdraw(name);
    const { registry } = this.#context;
    // What is built in is not defined anew.
    const entries = [...customResources(definition), ...this.#otherForms(definition)].filter(
      (entry) => registry.find(entry.group, entry.version, entry.plural) === undefined && registry.findKind(entry) === undefined,
    );
    for (const entry of entries) registry.add(entry);
    this.#served.set(name, { entries, from });
  }

  #withdraw(name: string): void {
    for (const entry of this.#served.get(name)?.entries ?? []) this.#context.registry.remove(entry);
    this.#served.delete(name);
  }

  /** The kind whose objects belong to this definition alone: neither a built-in one nor one that it never got. */
  #ownResource(name: string, definition: JsonObject): ResourceDefinition | undefined {
    const entry = hasCondition(definition, 'Established') ? storedResource(definition) : undefined;
    const isBuiltIn = this.#context.registry.all().some((each) => each.custom === undefined && each.storageKey === name);
    return isBuiltIn || entry?.storageKey !== name ? undefined : entry;
  }

  /** Deletes the objects of a definition that goes; once the last is gone, so is the finalizer that held it. */
  async #empty(name: string, definition: JsonObject): Promise<void> {
    const metadata = objectAt(definition, 'metadata');
    if (!listAt(metadata, 'finalizers').includes(customResourceCleanup)) return;
    const { store } = this.#context;
    const range = { resource: name };
    const entry = this.#ownResource(name, definition);
    if (entry !== undefined) {
      for (const { key } of Array.from(store.list(range))) {
        await store.write((transaction) => {
          const present = transaction.get(key);
          if (present === undefined || isTerminating(present.json)) return;
          const target = { definition: entry, namespace: key.namespace, name: key.name, subresource: '' };
          deleteObject({ context: this.#context, transaction, target, dryRun: false }, deletion);
        });
      }
    }
    const before = this.#definitions.get(name);
    if (before === undefined) return;
    const isEmpty = entry === undefined || store.count(range) === 0;
    const next = structuredClone(definition);
    setCondition(next, { type: 'Terminating', lastTransitionTime: apiTime(this.#context.now()), ...progress(entry, isEmpty) });
    if (isEmpty) {
      const finalizers = listAt(metadata, 'finalizers').filter((each) => each !== customResourceCleanup);
      ensureObject(next, 'metadata')['finalizers'] = finalizers;
    }
    if (!deepEqual(next, before)) await this.#write(name, before, next);
  }
}

const deletion = { gracePeriodSeconds: undefined, uid: '', resourceVersion: '', dryRun: false, propagationPolicy: undefined };

function progress(entry: ResourceDefinition | undefined, isEmpty: boolean): JsonObject {
  if (!isEmpty) return { status: 'True', reason: 'InstanceDeletionInProgress', message: 'CustomResource deletion is in progress' };
  if (entry === undefined) return { status: 'False', reason: 'NeverEstablished', message: 'resource was never established' };
  return { status: 'False', reason: 'InstanceDeletionCompleted', message: 'removed all instances' };
}

/** The definition with its status as it is to be. */
function settled(definition: Readonly<JsonObject>, others: readonly Readonly<JsonObject>[], time: string): JsonObject {
  const next = structuredClone(definition) as JsonObject;
  if (isTerminating(next)) return next;
  settleNames(next, others, time);
  settleApproval(next, time);
  const status = ensureObject(next, 'status');
  const storage = storageVersionOf(next);
  const stored = stringsAt(status, 'storedVersions');
  if (!stored.includes(storage)) status['storedVersions'] = [...stored, storage];
  return next;
}

function namesOf(definition: Readonly<JsonObject>): unknown {
  return objectAt(definition, 'status')?.['acceptedNames'];
}

function groupOf(name: string): string {
  return name.slice(name.indexOf('.') + 1);
}

function versionOf(object: Readonly<JsonObject>): string {
  return textAt(objectAt(object, 'metadata'), 'resourceVersion');
}
