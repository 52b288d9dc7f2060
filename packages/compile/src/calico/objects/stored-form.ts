/**
 * The two forms in which Calico's objects are stored: `projectcalico.org/v3`, as users write them, and
 * `crd.projectcalico.org/v1`, in which calicoctl and Calico's API server keep them.
 *
 * In the latter the metadata of the v3 object is JSON in an annotation, names of policies may begin with their tier, and
 * uids are turned around (libcalico-go `backend/k8s/resources`, `backend/k8s/conversion`).
 */
import type { ManagedFieldsEntry, ObjectMeta } from '@weir/kube';
import { defaultCalicoTier } from './calico-policy.ts';
import { isTieredCalicoKind } from './default-calico-object.ts';

/** The group of the stored form. */
export const storedCalicoGroup = 'crd.projectcalico.org/v1';
/** The group in which users write. */
export const calicoGroup = 'projectcalico.org/v3';

/** Where the metadata of the v3 object is kept. */
export const metadataAnnotation = 'projectcalico.org/metadata';

/** As much of an object as both forms have. */
export interface StoredCalicoObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly spec?: { readonly tier?: unknown; readonly selector?: unknown };
}

/** The object as v3 has it; one that is v3 already stays as it is. A stored form with damaged metadata is a problem. */
export function readStoredForm<Stored extends StoredCalicoObject>(
  stored: Stored,
): { readonly object: Stored } | { readonly problem: string } {
  if (stored.apiVersion !== storedCalicoGroup) return { object: stored };
  const annotations = stored.metadata.annotations ?? {};
  const { [metadataAnnotation]: text, ...others } = annotations;
  const uid = uidOf(stored.metadata.uid);
  if (text === undefined) return { object: { ...stored, apiVersion: calicoGroup, metadata: { ...stored.metadata, ...uid } } };
  const kept = readMetadata(text);
  if (kept === undefined) return { problem: `the annotation ${metadataAnnotation} is not the JSON of an object's metadata` };
  // Who wrote which field of the stored form is nothing to users of the other.
  const { managedFields: _managers, ...own } = stored.metadata;
  const metadata: ObjectMeta = {
    ...own,
    ...uid,
    name: kept.name ?? withoutDefaultTier(stored),
    labels: { ...stored.metadata.labels, ...kept.labels },
    annotations: { ...others, ...kept.annotations },
    ...(kept.managedFields === undefined ? {} : { managedFields: kept.managedFields }),
  };
  return { object: { ...stored, apiVersion: calicoGroup, metadata } };
}

/** Calico up to 3.28 wrote no name into the annotation, and the tier before the name of the object. */
function withoutDefaultTier({ kind, metadata: { name = '' }, spec }: StoredCalicoObject): string {
  if (!isTieredCalicoKind(kind)) return name;
  const tier = spec?.tier ?? '';
  const isDefault = tier === '' || tier === defaultCalicoTier;
  const prefix = `${defaultCalicoTier}.`;
  return isDefault && name.startsWith(prefix) ? name.slice(prefix.length) : name;
}

interface KeptMetadata {
  readonly name?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly managedFields?: readonly ManagedFieldsEntry[];
}

function readMetadata(text: string): KeptMetadata | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isKeptMetadata(value) ? value : undefined;
  } catch {
    // No JSON: told by the caller.
    return undefined;
  }
}

function isKeptMetadata(value: unknown): value is KeptMetadata {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { name, labels, annotations, managedFields } = value as Readonly<Record<string, unknown>>;
  return (name === undefined || typeof name === 'string') && isTextMap(labels) && isTextMap(annotations) && isObjectList(managedFields);
}

function isObjectList(value: unknown): boolean {
  if (value === undefined) return true;
  return Array.isArray(value) && value.every((member) => typeof member === 'object' && member !== null);
}

function isTextMap(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return typeof value === 'object' && Object.values(value).every((member) => typeof member === 'string');
}

function uidOf(uid: string | undefined): { readonly uid?: string } {
  const turned = uid === undefined ? undefined : turnedUid(uid);
  return turned === undefined ? {} : { uid: turned };
}

/**
 * The uid of the other form: the bits of each byte in reverse order, but for the two bytes that say which version of
 * UUID it is. Turned twice it is the same. Undefined for what is no UUID.
 */
export function turnedUid(uid: string): string | undefined {
  if (!/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(uid)) return undefined;
  const bytes = (uid.replaceAll('-', '').match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  const hex = bytes.map((byte, place) => (place === 6 || place === 8 ? byte : reversedBits(byte)).toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

function reversedBits(byte: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 8; bit++) reversed |= ((byte >> bit) & 1) << (7 - bit);
  return reversed;
}
