/**
 * Earlier templates of StatefulSets and DaemonSets, as ControllerRevisions: what `kubectl rollout history`
 * shows and `undo` brings back (`pkg/controller/history`).
 */
import { controllerRevisionsPath, isAlreadyExists, isNotFound } from '@weir/client';
import type { KubeObject } from '@weir/kube';
import type { ControllerContext } from '../controller.ts';
import { NamespaceIndex } from '../namespace-index.ts';
import { controlledBy, controllerOf, type OwnerKind, type PodTemplate, templateHash } from './workload.ts';

/** The label of pods that says which revision made them, and of revisions that says their hash. */
export const revisionHashLabel = 'controller-revision-hash';

/** apps/v1 ControllerRevision. */
export interface ControllerRevision extends KubeObject {
  /** A strategic merge patch of the owner; its directive replaces the template as a whole. */
  readonly data?: { readonly spec?: { readonly template?: PodTemplate & { readonly $patch?: string } } };
  readonly revision: number;
}

/** An object whose templates are kept. */
export interface Revised extends KubeObject {
  readonly spec?: { readonly template?: PodTemplate; readonly revisionHistoryLimit?: number };
}

/** The revisions of all owners of one kind. */
export class RevisionHistory<T extends Revised> {
  readonly #context: ControllerContext;
  readonly #kind: OwnerKind;
  readonly #revisions = new NamespaceIndex<ControllerRevision>();

  constructor(context: ControllerContext, kind: OwnerKind, onChange: (ownerKey: string) => void) {
    this.#context = context;
    this.#kind = kind;
    const touch = (revision: ControllerRevision): void => {
      const owner = controllerOf(revision);
      if (owner?.kind === kind.kind) onChange(`${revision.metadata.namespace ?? ''}/${owner.name}`);
    };
    context.informers.follow<ControllerRevision>(controllerRevisionsPath(), {
      upsert: (revision) => {
        this.#revisions.put(revision);
        touch(revision);
      },
      remove: (revision) => {
        this.#revisions.delete(revision);
        touch(revision);
      },
    });
  }

  /** The owner's revisions, from the first to the last. */
  of(owner: T): readonly ControllerRevision[] {
    const own = [...this.#revisions.inNamespace(owner.metadata.namespace ?? '')].filter(
      (revision) => controllerOf(revision)?.uid === owner.metadata.uid,
    );
    return own.toSorted((a, b) => a.revision - b.revision);
  }

  /** The revision of the owner's present template, made, or made the last one, where it is not. */
  async present(owner: T): Promise<ControllerRevision> {
    const { namespace = '', name: ownerName = '', annotations } = owner.metadata;
    const hash = templateHash(owner.spec?.template ?? {});
    const all = this.of(owner);
    const last = all.at(-1);
    const known = all.find((revision) => revision.metadata.labels?.[revisionHashLabel] === hash);
    if (known !== undefined && known === last) return known;
    const next = (last?.revision ?? 0) + 1;
    const path = controllerRevisionsPath(namespace);
    if (known !== undefined) {
      return this.#context.client.patch<ControllerRevision>(path, known.metadata.name ?? '', { revision: next }, { type: 'merge' });
    }
    const revision: ControllerRevision = {
      apiVersion: 'apps/v1',
      kind: 'ControllerRevision',
      metadata: {
        name: `${ownerName}-${hash}`,
        namespace,
        labels: { ...owner.spec?.template?.metadata?.labels, [revisionHashLabel]: hash },
        // `kubernetes.io/change-cause` among them: what the history tells.
        ...(annotations === undefined ? {} : { annotations }),
        ownerReferences: [controlledBy(owner, this.#kind)],
      },
      data: { spec: { template: { ...owner.spec?.template, $patch: 'replace' } } },
      revision: next,
    };
    try {
      return await this.#context.client.create<ControllerRevision>(path, revision);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
      // It was made a moment ago and the informer has not shown it yet.
      return this.#context.client.get<ControllerRevision>(path, revision.metadata.name ?? '');
    }
  }

  /** Removes the oldest revisions beyond the limit that no pod and no status names. */
  async trim(owner: T, isLive: (revision: ControllerRevision) => boolean): Promise<void> {
    const idle = this.of(owner).filter((revision) => !isLive(revision));
    const surplus = idle.length - (owner.spec?.revisionHistoryLimit ?? 10);
    for (const { metadata } of idle.slice(0, Math.max(0, surplus))) {
      try {
        await this.#context.client.delete(controllerRevisionsPath(metadata.namespace), metadata.name ?? '');
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }
}

/** The template of a revision, without the directive that patches need. */
export function templateOf(revision: ControllerRevision): PodTemplate {
  const { $patch: _patch, ...template } = revision.data?.spec?.template ?? {};
  return template;
}
