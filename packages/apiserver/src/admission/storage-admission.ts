/**
 * Volumes and claims: what the real server's admission sets (`DefaultStorageClass`, `StorageObjectInUseProtection`) and
 * refuses (`PersistentVolumeClaimResize`).
 */
import {
  ensureObject,
  isDefaultStorageClass,
  type JsonObject,
  listAt,
  objectAt,
  readQuantity,
  storageClassResource,
  textAt,
} from '@weir/kube';
import { forbidden } from '../errors/api-error.ts';
import { subjectOf } from '../rest/rest-context.ts';
import type { CreateAdmission } from './admission-request.ts';

/** A claim stays until no pod uses it. */
const claimFinalizer = 'kubernetes.io/pvc-protection';
/** A volume stays as long as it is bound. */
const volumeFinalizer = 'kubernetes.io/pv-protection';

/** Admits a new persistent volume. */
export function admitVolume({ object }: CreateAdmission): JsonObject {
  addFinalizer(object, volumeFinalizer);
  return object;
}

/** Admits a new claim: one that names no class gets the default one. */
export function admitClaim(admission: CreateAdmission): JsonObject {
  const { object } = admission;
  addFinalizer(object, claimFinalizer);
  const spec = ensureObject(object, 'spec');
  const found = spec['storageClassName'] === undefined ? defaultClass(admission) : undefined;
  if (found !== undefined) spec['storageClassName'] = found;
  return object;
}

function addFinalizer(object: JsonObject, finalizer: string): void {
  const metadata = ensureObject(object, 'metadata');
  const present = listAt(metadata, 'finalizers');
  if (!present.includes(finalizer)) metadata['finalizers'] = [...present, finalizer];
}

/** The default class; of several the youngest, then the first by name. */
function defaultClass({ transaction }: CreateAdmission): string | undefined {
  const all = Array.from(transaction.list({ resource: storageClassResource.storageKey }))
    .map(({ object }) => object.json)
    .filter(isDefaultStorageClass)
    .map((object) => objectAt(object, 'metadata'));
  const [first] = all.toSorted((a, b) => {
    const byAge = textAt(b, 'creationTimestamp').localeCompare(textAt(a, 'creationTimestamp'));
    return byAge === 0 ? textAt(a, 'name').localeCompare(textAt(b, 'name')) : byAge;
  });
  return first === undefined ? undefined : textAt(first, 'name');
}

/** Throws 403 when a claim asks for more than before and its volume cannot grow. */
export function assertMayGrow({ object, target, transaction }: CreateAdmission, old: Readonly<JsonObject> | undefined): void {
  if (old === undefined || requestedBytes(object) <= requestedBytes(old)) return;
  const subject = subjectOf(target, textAt(objectAt(object, 'metadata'), 'name'));
  if (textAt(objectAt(old, 'status'), 'phase') !== 'Bound') {
    throw forbidden(subject, 'Only bound persistent volume claims can be expanded');
  }
  const name = textAt(objectAt(object, 'spec'), 'storageClassName');
  const found = name === '' ? undefined : transaction.get({ resource: storageClassResource.storageKey, namespace: '', name });
  if (found?.json['allowVolumeExpansion'] === true) return;
  throw forbidden(
    subject,
    'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
  );
}

function requestedBytes(claim: Readonly<JsonObject>): bigint {
  return readQuantity(objectAt(objectAt(objectAt(claim, 'spec'), 'resources'), 'requests')?.['storage'])?.nanos ?? 0n;
}
