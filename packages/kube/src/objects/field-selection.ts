/**
 * Which fields of an object somebody keeps, so that a decoder need not make the others.
 *
 * A pod is sent as some 4 KB, of which an engine of policies reads a tenth; with 200 000 pods the
 * difference decides what fits into memory.
 */

/** `true` keeps a value whole; a table keeps these fields of an object, or of each object of an array. */
export type FieldSelection = true | { readonly [field: string]: FieldSelection };

/** When an object was made, changed and deleted: delays are measured from there. */
const times = {
  creationTimestamp: true,
  deletionTimestamp: true,
  deletionGracePeriodSeconds: true,
  managedFields: { time: true },
} as const;

/** The fields of a Pod that decide what policies mean for it, and which of two pods an address belongs to. */
export const podPolicyFields: FieldSelection = {
  metadata: { ...times, labels: true },
  spec: {
    nodeName: true,
    hostNetwork: true,
    serviceAccountName: true,
    containers: { name: true, ports: true },
    initContainers: { name: true, ports: true, restartPolicy: true },
  },
  status: { phase: true, podIP: true, podIPs: true },
};

/** The fields of a Namespace that policies can select it by. */
export const namespacePolicyFields: FieldSelection = { metadata: { ...times, labels: true } };

/** The fields of a ServiceAccount that policies can select its pods by. */
export const serviceAccountPolicyFields: FieldSelection = { metadata: { ...times, labels: true } };

/** The fields of a Node that say which addresses are its own, and which policies mean it. */
export const nodePolicyFields: FieldSelection = { metadata: { ...times, labels: true }, status: { addresses: true } };

/** The fields of a NetworkPolicy that say what it means: the whole spec, since what is unknown in it must be seen to be refused. */
export const networkPolicyFields: FieldSelection = { metadata: { ...times, generation: true }, spec: true };

/** The selection with what tells an object from others and one version of it from the next. */
export function withIdentity(selection: FieldSelection): FieldSelection {
  if (selection === true) return true;
  const { metadata = {} } = selection;
  const identity = { name: true, namespace: true, uid: true, resourceVersion: true } as const;
  return { ...selection, apiVersion: true, kind: true, metadata: metadata === true ? true : { ...metadata, ...identity } };
}
