/**
 * How many entries the kernel's maps of policies take where eBPF enforces: what does not fit is not enforced as it is written.
 *
 * Cilium has one map for each pod (`bpf-policy-map-max`, Cilium documentation and source of `pkg/maps/policymap`); Weir has one
 * for each node.
 */

/** Cilium's, for each pod: unless it is told otherwise, and at the most. */
export const ciliumPolicyMapEntries: { readonly usual: number; readonly most: number } = { usual: 16_384, most: 65_536 };

/** Weir's, for all pods of a node together. */
export const weirPolicyMapEntries: number = 1 << 20;
