/**
 * The claims of a StatefulSet: one of each template for each number. They outlive their pods, unless the retention policy
 * says that they go with the set, or with a pod that is scaled away (`pkg/controller/statefulset/stateful_set_utils.go`).
 */
import { isDeepStrictEqual } from 'node:util';
import { isAlreadyExists, isNotFound, type KubeClient, persistentVolumeClaimsPath } from '@weir/client';
import type { KubeObject, OwnerReference, PersistentVolumeClaim, Pod } from '@weir/kube';
import type { ObjectStore } from '../shared-informers.ts';
import { controlledBy, type StatefulSet } from './workload.ts';

const statefulSetKind = { apiVersion: 'apps/v1', kind: 'StatefulSet' };
const podKind = { apiVersion: 'v1', kind: 'Pod' };

/** Makes claims, and hands them to those with whom they are to go. */
export class StatefulSetClaims {
  readonly #client: KubeClient;
  readonly #known: ObjectStore<PersistentVolumeClaim>;

  constructor(client: KubeClient, known: ObjectStore<PersistentVolumeClaim>) {
    this.#client = client;
    this.#known = known;
  }

  /** Makes what a pod that is about to be made needs. Rejects while a claim is still on its way out with an earlier pod. */
  async ensure(set: StatefulSet, pod: string): Promise<void> {
    const { namespace = '' } = set.metadata;
    for (const template of set.spec?.volumeClaimTemplates ?? []) {
      const name = claimName(template, pod);
      const known = this.#known.get(namespace, name);
      const isLeaving =
        known?.metadata.deletionTimestamp !== undefined ||
        known?.metadata.ownerReferences?.some(({ kind, name: owner }) => kind === 'Pod' && owner === pod) === true;
      if (isLeaving) throw new Error(`the claim ${namespace}/${name} goes with an earlier pod`);
      if (known === undefined) await this.#create(set, template, name);
    }
  }

  /** Lets the claims of a pod go with the set, with the pod, or with nobody. */
  async own(set: StatefulSet, pod: Pod, isCondemned: boolean): Promise<void> {
    const { namespace = '' } = set.metadata;
    for (const template of set.spec?.volumeClaimTemplates ?? []) {
      const claim = this.#known.get(namespace, claimName(template, pod.metadata.name ?? ''));
      if (claim === undefined) continue;
      const owners = wantedOwners(claim, set, { pod, isCondemned });
      if (isDeepStrictEqual(owners, claim.metadata.ownerReferences ?? [])) continue;
      const { name = '', resourceVersion } = claim.metadata;
      const metadata = { resourceVersion, ownerReferences: owners };
      try {
        await this.#client.patch(persistentVolumeClaimsPath(namespace), name, { metadata }, { type: 'merge' });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    }
  }

  async #create(set: StatefulSet, template: KubeObject, name: string): Promise<void> {
    const { namespace = '' } = set.metadata;
    const { status: _status, ...rest } = template as KubeObject & { status?: unknown };
    const goesWithSet = set.spec?.persistentVolumeClaimRetentionPolicy?.whenDeleted === 'Delete';
    const claim: KubeObject = {
      ...rest,
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        ...template.metadata,
        name,
        namespace,
        labels: { ...template.metadata.labels, ...set.spec?.selector?.matchLabels },
        ...(goesWithSet ? { ownerReferences: [controlledBy(set, statefulSetKind)] } : {}),
      },
    };
    try {
      await this.#client.create(persistentVolumeClaimsPath(namespace), claim);
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}

function claimName(template: KubeObject, pod: string): string {
  return `${template.metadata.name ?? ''}-${pod}`;
}

/** The owners that a claim should have: those that are not our business, and who takes it along. */
function wantedOwners(
  claim: PersistentVolumeClaim,
  set: StatefulSet,
  { pod, isCondemned }: { readonly pod: Pod; readonly isCondemned: boolean },
): readonly OwnerReference[] {
  const { whenDeleted, whenScaled } = set.spec?.persistentVolumeClaimRetentionPolicy ?? {};
  const before = claim.metadata.ownerReferences ?? [];
  const others = before.filter(({ uid }) => uid !== set.metadata.uid && uid !== pod.metadata.uid);
  // Somebody else's claim that only has the name.
  if (others.some(({ controller }) => controller === true)) return before;
  const goesWithPod = isCondemned && whenScaled === 'Delete';
  const owner = goesWithPod ? controlledBy(pod, podKind) : whenDeleted === 'Delete' ? controlledBy(set, statefulSetKind) : undefined;
  if (owner === undefined) return others;
  return before.find(({ uid }) => uid === owner.uid) === undefined || before.length !== others.length + 1 ? [...others, owner] : before;
}
