/** The ends of a rehearsal: pods and nodes of the lab, and hosts outside of it, each with who can try from there. */
import type { RehearsalPlan } from '@weir/analyze';
import type { ProbeSource } from '@weir/lab';
import { type FlowEnd, podName } from '@weir/model';
import { type Address, type Family, formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';

/** One end, with its address of a family. */
export interface RehearsedEnd {
  /** As people read it: `shop/web`, `node n1`, `203.0.113.10 outside`. */
  readonly name: string;
  readonly end: FlowEnd & { readonly address: Address };
  readonly source: ProbeSource;
}

/** A host outside. */
export interface RehearsedHost {
  readonly name: string;
  readonly address: Address;
}

/** Who takes part. */
export interface RehearsedEnds {
  readonly snapshot: Snapshot;
  /** Pods as `namespace/name` and nodes by name. */
  readonly ends: ReadonlySet<string>;
  readonly hosts: readonly RehearsedHost[];
}

/** All of a family. */
export function endsOf({ snapshot, ends, hosts }: RehearsedEnds, family: Family): RehearsedEnd[] {
  const ofFamily = (addresses: readonly Address[]): Address[] => addresses.filter((address) => address.family === family).slice(0, 1);
  const pods = [...snapshot.endpoints.values()].filter((endpoint) => ends.has(podName(endpoint)));
  const nodes = snapshot.nodes.filter((node) => ends.has(node.name));
  return [
    ...pods.flatMap((endpoint) =>
      ofFamily(endpoint.addresses).map(
        (address): RehearsedEnd => ({
          name: podName(endpoint),
          end: { kind: 'endpoint', endpoint, address },
          source: { kind: 'pod', uid: endpoint.uid },
        }),
      ),
    ),
    ...nodes.flatMap((node) =>
      ofFamily(node.addresses).map(
        (address): RehearsedEnd => ({
          name: `node ${node.name}`,
          end: { kind: 'node', node, address },
          source: { kind: 'node', name: node.name },
        }),
      ),
    ),
    ...hosts.flatMap(({ name, address }) =>
      ofFamily([address]).map(
        (own): RehearsedEnd => ({
          name: `${formatAddress(own)} outside`,
          end: { kind: 'address', address: own },
          source: { kind: 'host', name },
        }),
      ),
    ),
  ];
}

/** Pods of the plan, and nodes, with the addresses that they have in the cluster which is rehearsed. */
export function addressesOf(plan: RehearsalPlan, { endpoints, nodes }: Snapshot): ReadonlyMap<string, readonly Address[]> {
  const pods = plan.pods.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`);
  return new Map([
    ...pods.flatMap((name) => {
      const endpoint = endpoints.get(name);
      return endpoint === undefined ? [] : [[name, endpoint.addresses] as const];
    }),
    ...nodes.map(({ name, addresses }) => [name, addresses] as const),
  ]);
}
