/**
 * Calico's objects on an API server, as calicoctl reads and writes them: in `crd.projectcalico.org/v1` with the metadata of
 * `projectcalico.org/v3` in an annotation, or in the latter where it alone is there or is asked for.
 */
import { randomUUID } from 'node:crypto';
import { isAlreadyExists, isConflict, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import { calicoGroup, defaultCalicoTier, readStoredForm, storedCalicoGroup, writeStoredForm } from '@weir/compile';
import { AlreadyExists, CalicoctlError, DoesNotExist, UpdateConflict } from '../calicoctl-error.ts';
import { kindOf, type Resource, type ResourceKind } from '../resources/resource-kinds.ts';
import { listPages, type ObjectPages } from './kubernetes/kubernetes-kind.ts';
import { kubernetesKinds } from './kubernetes/kubernetes-kinds.ts';
import { newStoredName, prefixesNames, storedNames } from './stored-name.ts';

/** Which object. */
export interface ResourceName {
  readonly kind: ResourceKind;
  readonly name: string;
  /** Empty for kinds of the cluster, and for lists over all namespaces. */
  readonly namespace: string;
}

/** How errors call an object. */
export function nameText({ kind, name, namespace }: ResourceName): string {
  return `${kind.kind}(${kind.namespaced && namespace !== '' ? `${namespace}/${name}` : name})`;
}

/** One cluster. */
export class CalicoStore {
  readonly client: KubeClient;
  /** What the cluster says of itself; empty when it says nothing. */
  readonly information: Readonly<Record<string, unknown>>;
  readonly #isStored: boolean;
  readonly #prefixes: boolean;

  private constructor(client: KubeClient, isStored: boolean, information: Readonly<Record<string, unknown>>) {
    this.client = client;
    this.information = information;
    this.#isStored = isStored;
    const version = information['calicoVersion'];
    this.#prefixes = prefixesNames(typeof version === 'string' ? version : '');
  }

  /** Finds out which group to use, and the version of the cluster. `wanted`: what `CALICO_API_GROUP` says. */
  static async open(client: KubeClient, wanted: string | undefined): Promise<CalicoStore> {
    const isStored =
      wanted === undefined ? !(await hasOnlyOwnGroup(client)) : wanted !== 'projectcalico.org/v3' && wanted !== 'projectcalico.org';
    const path = pathIn(isStored, 'clusterinformations', '');
    const found = await client.get<Resource>(path, 'default').catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
    return new CalicoStore(client, isStored, found?.spec ?? {});
  }

  async get(wanted: ResourceName): Promise<Resource> {
    if (wanted.kind.isOfKubernetes) return this.#made(wanted);
    return this.#read(wanted, (await this.#find(wanted)).object);
  }

  async list({ kind, namespace }: Omit<ResourceName, 'name'>): Promise<ObjectPages<Resource>> {
    if (kind.isOfKubernetes) return { items: await this.#allMade(kind, namespace), resourceVersion: '' };
    const { items, resourceVersion } = await listPages<Resource>(this.client, this.#path(kind, namespace)).catch(emptyIfAbsent);
    return { items: items.map((item) => this.#read({ kind, namespace, name: item.metadata.name ?? '' }, item)), resourceVersion };
  }

  /** Objects of a kind that calicoctl does not manage and keeps in the stored group alone. */
  async listStored(plural: string): Promise<readonly Resource[]> {
    return (await listPages<Resource>(this.client, pathIn(true, plural, '')).catch(emptyIfAbsent)).items;
  }

  /** Stores a new object, valid and with its defaults. */
  async create(wanted: ResourceName, object: Resource): Promise<Resource> {
    // Under the name of another version of calicoctl it would be there twice.
    const present = await this.#find(wanted).catch(undefinedIfAbsent);
    if (present !== undefined) {
      const text = `${wanted.kind.plural}.${this.#group} "${present.stored}" already exists`;
      throw new AlreadyExists(`resource already exists: ${nameText(wanted)} with error: ${text}`);
    }
    const { uid: _uid, resourceVersion: _version, ...metadata } = object.metadata;
    const identity = { uid: randomUUID(), creationTimestamp: `${new Date().toISOString().slice(0, 19)}Z` };
    const stored = this.#stored({ ...object, metadata: { ...metadata, ...identity } }, newStoredName(object, this.#prefixes));
    try {
      return this.#read(wanted, await this.client.create(this.#path(wanted.kind, wanted.namespace), stored));
    } catch (error) {
      if (isAlreadyExists(error)) throw new AlreadyExists(`resource already exists: ${nameText(wanted)} with error: ${error.message}`);
      throw error;
    }
  }

  /** Replaces an object that is there; without a version in it, whatever version it has. */
  async update(wanted: ResourceName, object: Resource): Promise<Resource> {
    if (wanted.kind.isOfKubernetes) return this.#updateMade(wanted, object);
    const { object: present, stored } = await this.#find(wanted);
    const current = this.#read(wanted, present);
    const { labels, annotations, resourceVersion } = object.metadata;
    const { labels: _labels, annotations: _annotations, ...kept } = current.metadata;
    const metadata = {
      ...kept,
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      resourceVersion: resourceVersion ?? kept.resourceVersion ?? '',
    };
    try {
      return this.#read(
        wanted,
        await this.client.update(this.#path(wanted.kind, wanted.namespace), this.#stored({ ...object, metadata }, stored)),
      );
    } catch (error) {
      if (isConflict(error)) throw new UpdateConflict(`update conflict: ${nameText(wanted)}`);
      throw error;
    }
  }

  async delete(wanted: ResourceName): Promise<Resource> {
    const { object, stored } = await this.#find(wanted);
    const { uid } = object.metadata;
    const preconditions = uid === undefined ? {} : { preconditions: { uid } };
    try {
      await this.client.delete(this.#path(wanted.kind, wanted.namespace), stored, preconditions);
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) throw this.#absent(wanted, error);
      throw error;
    }
    return this.#read(wanted, object);
  }

  async #allMade(kind: ResourceKind, namespace: string, name?: string): Promise<readonly Resource[]> {
    return (await kubernetesKinds[kind.kind]?.list(this.client, namespace, name)) ?? [];
  }

  async #made(wanted: ResourceName): Promise<Resource> {
    const { kind, name, namespace } = wanted;
    const found = (await this.#allMade(kind, namespace, name)).find(({ metadata }) => metadata.name === name);
    if (found !== undefined) return found;
    throw new DoesNotExist(`resource does not exist: ${nameText(wanted)} with error: ${kind.plural} "${name}" not found`);
  }

  async #updateMade(wanted: ResourceName, object: Resource): Promise<Resource> {
    const update = kubernetesKinds[wanted.kind.kind]?.update;
    if (update === undefined) throw new CalicoctlError(`operation update is not supported on ${nameText(wanted)}`);
    try {
      return await update(this.client, object);
    } catch (error) {
      if (isConflict(error)) throw new UpdateConflict(`update conflict: ${nameText(wanted)}`);
      if (isNotFound(error)) throw this.#absent(wanted, error);
      throw error;
    }
  }

  get #group(): string {
    return this.#isStored ? 'crd.projectcalico.org' : 'projectcalico.org';
  }

  #path(kind: ResourceKind, namespace: string): ResourcePath {
    return pathIn(this.#isStored, this.#isStored ? kind.stored.plural : kind.plural, kind.namespaced ? namespace : '');
  }

  async #find(wanted: ResourceName): Promise<{ readonly object: Resource; readonly stored: string }> {
    const { kind, name, namespace } = wanted;
    const names = this.#isStored ? storedNames(kind.kind, name, this.#prefixes) : [name];
    let missing: unknown;
    for (const stored of names) {
      try {
        const object = await this.client.get<Resource>(this.#path(kind, namespace), stored);
        if (this.#read(wanted, object).metadata.name === name) return { object, stored };
      } catch (error) {
        if (!isNotFound(error)) throw error;
        missing ??= error;
      }
    }
    throw this.#absent(wanted, missing);
  }

  #absent(wanted: ResourceName, error: unknown): DoesNotExist {
    const text = error instanceof Error ? error.message : `${wanted.kind.plural}.${this.#group} "${wanted.name}" not found`;
    return new DoesNotExist(`resource does not exist: ${nameText(wanted)} with error: ${text}`);
  }

  #read(wanted: ResourceName, object: Resource): Resource {
    const result = readStoredForm(object);
    if ('problem' in result) throw new CalicoctlError(`${nameText(wanted)} cannot be read: ${result.problem}`);
    const { managedFields: _managers, ...metadata } = result.object.metadata;
    return { ...result.object, kind: wanted.kind.kind, metadata: withoutEmpty(metadata) };
  }

  #stored(object: Resource, name: string): Resource {
    if (!this.#isStored) return object;
    const written = writeStoredForm(object);
    const kind = kindOf(object.kind ?? '')?.stored.kind;
    return { ...written, ...(kind === undefined ? {} : { kind }), metadata: { ...written.metadata, name } };
  }
}

function pathIn(isStored: boolean, plural: string, namespace: string): ResourcePath {
  const [group = '', version = ''] = (isStored ? storedCalicoGroup : calicoGroup).split('/');
  return { group, version, resource: plural, ...(namespace === '' ? {} : { namespace }) };
}

async function hasOnlyOwnGroup(client: KubeClient): Promise<boolean> {
  const { groups = [] } = await client.request<{ readonly groups?: readonly { readonly name: string }[] }>('GET', '/apis');
  const names = groups.map(({ name }) => name);
  return names.includes('projectcalico.org') && !names.includes('crd.projectcalico.org');
}

/** A kind that is not installed has no objects. */
function emptyIfAbsent(error: unknown): ObjectPages<Resource> {
  if (isNotFound(error)) return { items: [], resourceVersion: '' };
  throw error;
}

function undefinedIfAbsent(error: unknown): undefined {
  if (error instanceof DoesNotExist) return undefined;
  throw error;
}

function withoutEmpty<T extends object>(metadata: T): T {
  const isEmpty = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  return Object.fromEntries(Object.entries(metadata).filter(([, value]) => !isEmpty(value))) as T;
}

/** The tier of a policy. */
export function tierOf({ spec }: Resource): string {
  const tier = spec?.['tier'];
  return typeof tier === 'string' && tier !== '' ? tier : defaultCalicoTier;
}
