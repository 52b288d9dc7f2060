/**
 * Keys of labels as Cilium writes them: with the source that a label comes from, `k8s:app`.
 *
 * Without a source a key is `any:` of them. Pods get their labels from `k8s`, and under it what Cilium itself knows of
 * them; what is no pod has labels of the source `reserved` alone.
 */

/** A key with its source. */
export interface CiliumLabelKey {
  readonly source: string;
  readonly key: string;
}

/** Splits a key as it stands in a selector. */
export function readCiliumLabelKey(text: string): CiliumLabelKey {
  const colon = text.indexOf(':');
  return colon < 0 ? { source: 'any', key: text } : { source: text.slice(0, colon), key: text.slice(colon + 1) };
}

/** The label that holds a pod's namespace. */
export const namespaceLabel = 'io.kubernetes.pod.namespace';
/** What the labels of a pod's namespace begin with. */
export const namespaceLabelsPrefix = 'io.cilium.k8s.namespace.labels.';
/** The label that holds the name of a pod's service account. */
export const serviceAccountLabel = 'io.cilium.k8s.policy.serviceaccount';
/** The label that holds the name of a pod's cluster. */
export const clusterLabel = 'io.cilium.k8s.policy.cluster';
/** The name of the only cluster that there is; Cilium's own default. */
export const clusterName = 'default';

/** Whether a source means labels of pods. */
export function isPodSource(source: string): boolean {
  return source === 'any' || source === 'k8s';
}
