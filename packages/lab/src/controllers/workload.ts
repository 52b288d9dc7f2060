/** apps/v1 Deployment and ReplicaSet as the controllers read them, and what both have in common. */
import type { Condition, KubeObject, LabelSelector, OwnerReference, Pod, PodSpec, StringMap } from '@weir/kube';
import { shortHash } from '@weir/net';

/** core/v1 PodTemplateSpec. */
export interface PodTemplate {
  readonly metadata?: { readonly labels?: StringMap; readonly annotations?: StringMap };
  readonly spec?: PodSpec;
}

/** apps/v1 ReplicaSet: the fields that the controllers read and write. */
export interface ReplicaSet extends KubeObject {
  readonly spec?: { readonly replicas?: number; readonly selector?: LabelSelector; readonly template?: PodTemplate };
  readonly status?: { readonly replicas?: number; readonly readyReplicas?: number; readonly availableReplicas?: number };
}

/** apps/v1 Deployment: the fields that the controllers read and write. */
export interface Deployment extends KubeObject {
  readonly spec?: {
    readonly replicas?: number;
    readonly selector?: LabelSelector;
    readonly template?: PodTemplate;
    readonly strategy?: { readonly type?: string };
  };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** The label that keeps the pods of different templates of one Deployment apart. */
export const podTemplateHashLabel = 'pod-template-hash';

/** The controlling owner of an object, if any. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** The reference that makes `owner` the controller of another object. */
export function controlledBy(owner: KubeObject, kind: 'Deployment' | 'ReplicaSet'): OwnerReference {
  const { name = '', uid = '' } = owner.metadata;
  return { apiVersion: 'apps/v1', kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** A name part that depends on the template's content only, of letters that form no words. */
export function templateHash(template: PodTemplate): string {
  return safeSuffix(JSON.stringify(sorted(template)), 10);
}

/** `length` characters, at most 11, that depend on `text` only; from the alphabet of the reference's generated names. */
export function safeSuffix(text: string, length: number): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return Array.from(shortHash(text))
    .slice(-length)
    .map((character) => alphabet[Number.parseInt(character, 36) % alphabet.length] ?? 'b')
    .join('');
}

/** Whether the pod's condition Ready is True. */
export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Whether the pod has not ended and is not being deleted. */
export function isPodActive(pod: Pod): boolean {
  const phase = pod.status?.phase;
  return phase !== 'Succeeded' && phase !== 'Failed' && pod.metadata.deletionTimestamp === undefined;
}

/** The same value with all keys in order, so that equal templates have equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
