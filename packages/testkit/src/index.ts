/**
 * Development only: generators, the independent oracle, seeds, scenario and fault tools.
 *
 * The only public door of the package.
 */

export * from './delta-model.ts';
export * from './differential/cilium-evaluator.ts';
export { findHostDifference, wireName } from './differential/compare-hosts.ts';
export * from './differential/compare-nodes.ts';
export * from './differential/compare-worlds.ts';
export * from './differential/compiler-mutants.ts';
export * from './differential/engine-parts.ts';
export * from './differential/mixed-evaluator.ts';
export * from './differential/placed-evaluator.ts';
export * from './differential/render-world.ts';
export * from './differential/shrink-world.ts';
export * from './differential/world-objects.ts';
export * from './exhaustive/small-worlds.ts';
export type { HostInterface, HostPacket } from './host-reading.ts';
export * from './machine/cluster-inventory.ts';
export * from './machine/cluster-processes.ts';
export type * from './oracle/administrators/administrator-objects.ts';
export * from './oracle/administrators/administrator-oracle.ts';
export type * from './oracle/calico/calico-objects.ts';
export * from './oracle/calico/calico-oracle.ts';
export type * from './oracle/cilium/cilium-objects.ts';
export * from './oracle/cilium/cilium-oracle.ts';
export type { OracleEngine } from './oracle/engine-rules.ts';
export * from './oracle/mixed/mixed-oracle.ts';
export * from './oracle/network-policy-oracle.ts';
export type * from './oracle/world.ts';
export * from './packets/datagram-stream.ts';
export * from './packets/packet-counter.ts';
export * from './process/bundle-program.ts';
export * from './process/interruption.ts';
export * from './process/run-program.ts';
export * from './random/calico-events.ts';
export * from './random/changes.ts';
export * from './random/construct-counts.ts';
export * from './random/flows.ts';
export * from './random/generate-administrator-policies.ts';
export * from './random/generate-calico-hosts.ts';
export * from './random/generate-calico-policies.ts';
export { icmpMessages, sourcePorts } from './random/generate-calico-rules.ts';
export * from './random/generate-cilium-policies.ts';
export * from './random/generate-mixed-policies.ts';
export * from './random/generate-world.ts';
export * from './random/object-events.ts';
export * from './random/random.ts';
export * from './random/run-size.ts';
export * from './random/state-expanders.ts';
export * as shopObjects from './shop-objects.ts';
export * from './upstream/netpol-cases.ts';
export * from './upstream/netpol-world.ts';
