/**
 * The pods of one kind of workload: which each owner has, and making and deleting them.
 *
 * An owner has the pods whose controller it is. One whose labels stop matching is let go, and a pod
 * without a controller that matches is adopted, as in the reference (`controller_ref_manager.go`).
 */
import { isConflict, isInvalid, isNotFound, podsPath } from '@weir/client';
import { type KubeObject, type LabelSelector, matchesLabelSelector, type OwnerReference, type Pod } from '@weir/kube';
import { type ControllerContext, objectKey } from '../controller.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { ExpectedPods } from './expected-pods.ts';
import { controlledBy, controllerOf, isPodActive, type OwnerKind, type PodTemplate } from './workload.ts';

/** An object that owns pods by a selector. */
export interface PodOwner extends KubeObject {
  readonly spec?: { readonly selector?: LabelSelector; readonly template?: PodTemplate };
}

/** What is told of. */
export interface OwnedPodsOptions<T extends PodOwner> {
  readonly kind: OwnerKind;
  /** Something happened to a pod of the owner with this key. */
  readonly onChange: (ownerKey: string) => void;
  /** The owners of a namespace: who might want a pod that nobody has. */
  readonly owners: (namespace: string) => Iterable<T>;
  /** What Events say; absent: the words that most controllers have. */
  readonly words?: PodEventWords<T>;
}

/** The messages of Events about pods of an owner. */
export interface PodEventWords<T extends PodOwner> {
  created(owner: T, pod: string): string;
  /** `why`: the API server's words. */
  notCreated(owner: T, pod: string, why: string): string;
  deleted(owner: T, pod: string): string;
}

const usualWords: PodEventWords<PodOwner> = {
  created: (_, pod) => `Created pod: ${pod}`,
  notCreated: (_, __, why) => `Error creating: ${why}`,
  deleted: (_, pod) => `Deleted pod: ${pod}`,
};

/** Pods made or deleted side by side. */
const batchMax = 16;

/** The pods of all owners of one kind. */
export class OwnedPods<T extends PodOwner> {
  readonly #context: ControllerContext;
  readonly #kind: OwnerKind;
  readonly #pods = new NamespaceIndex<Pod>();
  readonly #expected = new ExpectedPods();
  readonly #words: PodEventWords<T>;

  constructor(context: ControllerContext, { kind, onChange, owners, words = usualWords }: OwnedPodsOptions<T>) {
    this.#context = context;
    this.#kind = kind;
    this.#words = words;
    const touch = (pod: Pod): void => {
      const namespace = pod.metadata.namespace ?? '';
      const owner = controllerOf(pod);
      if (owner !== undefined && this.#isOurs(owner)) onChange(`${namespace}/${owner.name}`);
      if (owner !== undefined) return;
      for (const each of owners(namespace)) if (matches(each, pod)) onChange(objectKey(each));
    };
    context.informers.follow<Pod>(podsPath(), {
      upsert: (pod) => {
        this.#pods.put(pod);
        this.#expected.seen(objectKey(pod));
        touch(pod);
      },
      remove: (pod) => {
        this.#pods.delete(pod);
        touch(pod);
      },
    });
  }

  /** The pods of an owner, after those that it should have or should not have changed hands. */
  async claim(owner: T): Promise<readonly Pod[]> {
    const own: Pod[] = [];
    for (const pod of this.#pods.inNamespace(owner.metadata.namespace ?? '')) {
      const controller = controllerOf(pod);
      if (controller === undefined) {
        if (isPodActive(pod) && matches(owner, pod) && (await this.#adopt(owner, pod))) own.push(pod);
      } else if (controller.uid === owner.metadata.uid) {
        if (matches(owner, pod)) own.push(pod);
        else if (pod.metadata.deletionTimestamp === undefined) await this.#release(owner, pod);
      }
    }
    return own;
  }

  /** The pods whose controller had this name and is not `presentUid` (undefined: there is none of that name). */
  ofFormerOwners(namespace: string, name: string, presentUid: string | undefined): readonly Pod[] {
    return Array.from(this.#pods.inNamespace(namespace)).filter((pod) => {
      const owner = controllerOf(pod);
      return owner !== undefined && this.#isOurs(owner) && owner.name === name && owner.uid !== presentUid;
    });
  }

  /** How many pods of the owner have been made and not been seen yet. */
  expected(owner: T): number {
    return this.#expected.count(owner.metadata.uid ?? '');
  }

  /** Whether the owner's pod of this name has been made and not been seen yet. */
  isExpected(owner: T, name: string): boolean {
    return this.#expected.of(owner.metadata.uid ?? '').has(`${owner.metadata.namespace ?? ''}/${name}`);
  }

  /** Makes a pod of the owner; rejects when it is refused, after an Event. A pod of that name that is there already is no failure of the owner's, but of this call. */
  async create(owner: T, pod: Pod): Promise<void> {
    const { namespace = '' } = owner.metadata;
    const owned: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      ...pod,
      metadata: { ...pod.metadata, namespace, ownerReferences: [controlledBy(owner, this.#kind)] },
    };
    const key = objectKey(owned);
    this.#expected.expect(owner.metadata.uid ?? '', key);
    try {
      await this.#context.client.create(podsPath(namespace), owned);
    } catch (error) {
      this.#expected.seen(key);
      const message = this.#words.notCreated(owner, pod.metadata.name ?? '', error instanceof Error ? error.message : String(error));
      this.#context.events.record(owner, { type: 'Warning', reason: 'FailedCreate', message });
      throw error;
    }
    const message = this.#words.created(owner, pod.metadata.name ?? '');
    this.#context.events.record(owner, { type: 'Normal', reason: 'SuccessfulCreate', message });
  }

  /** Deletes a pod of the owner, if it is still that one. */
  async delete(owner: T, pod: Pod): Promise<void> {
    const { namespace, name = '', uid } = pod.metadata;
    try {
      await this.#context.client.delete(podsPath(namespace), name, uid === undefined ? {} : { preconditions: { uid } });
      this.#context.events.record(owner, { type: 'Normal', reason: 'SuccessfulDelete', message: this.#words.deleted(owner, name) });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  #isOurs(owner: OwnerReference): boolean {
    return owner.kind === this.#kind.kind && owner.apiVersion === this.#kind.apiVersion;
  }

  async #adopt(owner: T, pod: Pod): Promise<boolean> {
    if (owner.metadata.deletionTimestamp !== undefined) return false;
    const references = [...(pod.metadata.ownerReferences ?? []), controlledBy(owner, this.#kind)];
    return this.#patchReferences(pod, references);
  }

  async #release(owner: T, pod: Pod): Promise<void> {
    const kept = (pod.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== owner.metadata.uid);
    await this.#patchReferences(pod, kept);
  }

  /** The version in the patch makes sure that nobody else has just taken the pod. */
  async #patchReferences(pod: Pod, ownerReferences: readonly unknown[]): Promise<boolean> {
    const { namespace, name = '', uid, resourceVersion } = pod.metadata;
    const patch = { metadata: { uid, resourceVersion, ownerReferences } };
    try {
      await this.#context.client.patch(podsPath(namespace), name, patch, { type: 'merge' });
      return true;
    } catch (error) {
      if (isNotFound(error) || isConflict(error) || isInvalid(error)) return false;
      throw error;
    }
  }
}

/** A pod as a template says it, with a name. */
export function podOf(template: PodTemplate | undefined, name: string): Pod {
  const { labels, annotations } = template?.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, ...(labels === undefined ? {} : { labels }), ...(annotations === undefined ? {} : { annotations }) },
    spec: template?.spec ?? { containers: [] },
  };
}

/**
 * Side by side, in batches of 1, 2, 4 and so on, as the reference does it: what is refused (by a quota, by
 * validation) is refused once and not fifty times. Rejects after the batch in which something failed.
 */
export async function inGrowingBatches<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  for (let at = 0, size = 1; at < items.length; at += size, size = Math.min(size * 2, batchMax)) {
    const results = await Promise.allSettled(items.slice(at, at + size).map(work));
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

function matches(owner: PodOwner, pod: Pod): boolean {
  const selector = owner.spec?.selector;
  return selector !== undefined && matchesLabelSelector(selector, pod.metadata.labels ?? {});
}
