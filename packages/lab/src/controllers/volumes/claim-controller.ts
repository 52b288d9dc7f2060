/** Binds claims to volumes: those that are there, or those that a provisioner makes for them. */
import { isDeepStrictEqual } from 'node:util';
import { isConflict, isNotFound, persistentVolumeClaimsPath, persistentVolumesPath, podsPath, storageClassesPath } from '@weir/client';
import type { PersistentVolume, PersistentVolumeClaim, Pod, StorageClass } from '@weir/kube';
import { betaStorageProvisioner, bindCompleted, boundByController, storageProvisioner } from '../../storage/claim-marks.ts';
import { claimNamesOf } from '../../storage/pod-claims.ts';
import { type Controller, type ControllerContext, objectKey, splitObjectKey } from '../controller.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import type { ObjectStore } from '../shared-informers.ts';
import { planClaim } from './claim-plan.ts';

/** Starts the controller. */
export function startClaimController(context: ControllerContext): Controller {
  const { informers, log } = context;
  const pending = new Set<string>();
  const retryPending = (): void => {
    for (const key of pending) queue.add(key);
  };
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath(), {
    upsert: (claim) => {
      const key = objectKey(claim);
      if (claim.status?.phase === 'Bound') pending.delete(key);
      else pending.add(key);
      queue.add(key);
    },
    remove: (claim) => pending.delete(objectKey(claim)),
  });
  const volumes = informers.follow<PersistentVolume>(persistentVolumesPath, {
    upsert: (volume) => {
      retryPending();
      addOwner(volume);
    },
    remove: (volume) => addOwner(volume),
  });
  const classes = informers.follow<StorageClass>(storageClassesPath, { upsert: retryPending, remove: () => undefined });
  const pods = informers.follow<Pod>(podsPath());
  const addOwner = ({ spec }: PersistentVolume): void => {
    if (spec?.claimRef !== undefined) queue.add(`${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`);
  };
  const binder = new Binder(context, { claims, volumes, classes, pods });
  const queue = new KeyedQueue({
    work: (key) => binder.settle(key),
    // One after the other: two claims must not choose the same volume.
    concurrency: 1,
    onError: (claim, error) => log.warn({ claim, error: String(error) }, 'a claim is not settled yet'),
  });
  return { stop: () => queue.stop() };
}

interface Stores {
  readonly claims: ObjectStore<PersistentVolumeClaim>;
  readonly volumes: ObjectStore<PersistentVolume>;
  readonly classes: ObjectStore<StorageClass>;
  readonly pods: ObjectStore<Pod>;
}

class Binder {
  readonly #context: ControllerContext;
  readonly #stores: Stores;

  constructor(context: ControllerContext, stores: Stores) {
    this.#context = context;
    this.#stores = stores;
  }

  async settle(key: string): Promise<void> {
    const { namespace, name } = splitObjectKey(key);
    const claim = this.#stores.claims.get(namespace, name);
    if (claim === undefined) return;
    try {
      await this.#step(claim);
    } catch (error) {
      // Gone meanwhile; what has changed otherwise is tried again.
      if (!isNotFound(error)) throw error;
    }
  }

  async #step(claim: PersistentVolumeClaim): Promise<void> {
    const { volumes, classes } = this.#stores;
    const plan = planClaim(claim, { volumes: volumes.list(), classes: classes.list(), waitingPod: this.#waitingPod(claim) });
    switch (plan.kind) {
      case 'classify':
        await this.#patch(claim, { spec: { storageClassName: plan.className } });
        return;
      case 'bind':
        await this.#bind(claim, plan.volume);
        return;
      case 'provision':
        await this.#provision(claim, plan.provisioner);
        return;
      case 'wait':
        if (plan.phase === 'Lost' && (await this.#isThere(claim.spec?.volumeName))) return;
        if (plan.event !== undefined) this.#context.events.record(claim, plan.event);
        await this.#setStatus(claim, { phase: plan.phase });
    }
  }

  /** A volume may be there without this process having heard of it: then the news of it bring the claim back. */
  async #isThere(volume = ''): Promise<boolean> {
    if (this.#stores.volumes.get(undefined, volume) !== undefined) return false;
    try {
      await this.#context.client.get(persistentVolumesPath, volume);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  }

  #waitingPod(claim: PersistentVolumeClaim): string | undefined {
    if (claim.status?.phase === 'Bound') return undefined;
    const { namespace, name = '' } = claim.metadata;
    const pod = this.#stores.pods
      .list()
      .find((each) => each.metadata.namespace === namespace && (each.spec?.nodeName ?? '') === '' && claimNamesOf(each).includes(name));
    return pod?.metadata.name;
  }

  /** Volume first, claim last: whoever reads a bound claim finds its volume bound. */
  async #bind(claim: PersistentVolumeClaim, volume: PersistentVolume): Promise<void> {
    const { name: claimName = '', namespace = '', uid = '' } = claim.metadata;
    const { name: volumeName = '', resourceVersion, annotations } = volume.metadata;
    const reference = volume.spec?.claimRef;
    if (reference?.uid !== uid) {
      const claimRef = { kind: 'PersistentVolumeClaim', apiVersion: 'v1', namespace, name: claimName, uid };
      const chosen = reference === undefined ? { [boundByController]: 'yes' } : {};
      const metadata = { resourceVersion, annotations: { ...annotations, ...chosen } };
      await this.#context.client.patch(persistentVolumesPath, volumeName, { metadata, spec: { claimRef } }, { type: 'merge' });
    }
    const marks = claim.metadata.annotations ?? {};
    if (claim.spec?.volumeName !== volumeName || marks[bindCompleted] === undefined) {
      const chosen = (claim.spec?.volumeName ?? '') === '' ? { [boundByController]: 'yes' } : {};
      const metadata = { annotations: { [bindCompleted]: 'yes', ...chosen } };
      await this.#patch(claim, { metadata, spec: { volumeName } });
    }
    await this.#setStatus(claim, {
      phase: 'Bound',
      accessModes: volume.spec?.accessModes ?? [],
      capacity: { storage: volume.spec?.capacity?.storage ?? '0' },
    });
  }

  async #provision(claim: PersistentVolumeClaim, provisioner: string): Promise<void> {
    const message = `Waiting for a volume to be created either by the external provisioner '${provisioner}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.`;
    if (claim.metadata.annotations?.[storageProvisioner] === provisioner) return;
    this.#context.events.record(claim, { type: 'Normal', reason: 'ExternalProvisioning', message });
    const annotations = { [storageProvisioner]: provisioner, [betaStorageProvisioner]: provisioner };
    await this.#patch(claim, { metadata: { annotations } });
  }

  /** Changes the claim that the decision was about, and no later one of its name. */
  async #patch(claim: PersistentVolumeClaim, patch: { readonly metadata?: object; readonly spec?: object }): Promise<void> {
    const { namespace, name = '', uid } = claim.metadata;
    const body = { ...patch, metadata: { ...patch.metadata, uid } };
    await this.#context.client.patch(persistentVolumeClaimsPath(namespace), name, body, { type: 'merge' });
  }

  async #setStatus(claim: PersistentVolumeClaim, status: NonNullable<PersistentVolumeClaim['status']>): Promise<void> {
    const known: Readonly<Record<string, unknown>> = { ...claim.status };
    if (Object.entries(status).every(([key, value]) => isDeepStrictEqual(known[key], value))) return;
    const { namespace, name = '', uid } = claim.metadata;
    try {
      const options = { type: 'merge', subresource: 'status' } as const;
      await this.#context.client.patch(persistentVolumeClaimsPath(namespace), name, { metadata: { uid }, status }, options);
    } catch (error) {
      if (!isConflict(error)) throw error;
    }
  }
}
