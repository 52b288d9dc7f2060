/** The scheduler's copy of claims, volumes and classes. */
import { persistentVolumeClaimsPath, persistentVolumesPath, storageClassesPath } from '@weir/client';
import type { PersistentVolume, PersistentVolumeClaim, StorageClass } from '@weir/kube';
import type { SharedInformers } from '../controllers/shared-informers.ts';
import type { StorageView } from './pod-volumes.ts';

/** Follows all of them; every change is news for pods that wait. */
export function followStorage(informers: SharedInformers, onChange: () => void): StorageView {
  const handlers = { upsert: onChange, remove: onChange };
  const claims = informers.follow<PersistentVolumeClaim>(persistentVolumeClaimsPath(), handlers);
  const volumes = informers.follow<PersistentVolume>(persistentVolumesPath, handlers);
  const classes = informers.follow<StorageClass>(storageClassesPath, handlers);
  return {
    claim: (namespace, name) => claims.get(namespace, name),
    volume: (name) => volumes.get(undefined, name),
    volumes: () => volumes.list(),
    storageClass: (name) => classes.get(undefined, name),
  };
}
