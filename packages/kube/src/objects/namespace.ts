/** core/v1 Namespace. */
import type { KubeObject } from './object-meta.ts';
import type { Condition } from './pod.ts';

/** The label that the API server sets on every namespace to its own name. */
export const namespaceNameLabel = 'kubernetes.io/metadata.name';

/** core/v1 Namespace. */
export interface Namespace extends KubeObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: 'Active' | 'Terminating'; readonly conditions?: readonly Condition[] };
}
