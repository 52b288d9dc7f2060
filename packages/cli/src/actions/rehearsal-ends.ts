/**
 * The ends of a rehearsal: pods, nodes and hosts outside, each as it is in the cluster that is rehearsed and as
 * what stands for it in the lab, with who can try from there.
 */
import type { RehearsalPlan } from '@weir/analyze';
import type { ProbeSource } from '@weir/lab';
import { type Endpoint, type FlowEnd, podName, type WorldNode } from '@weir/model';
import { type Address, type Family, formatAddress } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';

/** An end with its address of a family. */
export type AddressedEnd = FlowEnd & { readonly address: Address };

/** One end in both clusters. */
export interface RehearsedEnd {
  /** As people read it: `shop/web`, `node n1`, `203.0.113.10 outside`. */
  readonly name: string;
  /** In the cluster that is rehearsed: what is expected is computed of it. */
  readonly end: AddressedEnd;
  /** In the lab: what is tried. */
  readonly inLab: AddressedEnd;
  readonly source: ProbeSource;
}

/** A host outside. */
export interface RehearsedHost {
  readonly name: string;
  readonly address: Address;
}

/** Who takes part. */
export interface RehearsedEnds {
  /** The cluster that is rehearsed, read as the engine does. */
  readonly meant: Snapshot;
  /** What is in the lab, read likewise. */
  readonly lab: Snapshot;
  /** Pods as `namespace/name` and nodes by name. */
  readonly ends: ReadonlySet<string>;
  readonly hosts: readonly RehearsedHost[];
}

/** All of a family that are in both clusters. */
export function endsOf({ meant, lab, ends, hosts }: RehearsedEnds, family: Family): RehearsedEnd[] {
  const pods = [...meant.endpoints.values()].filter((endpoint) => ends.has(podName(endpoint)));
  const nodes = meant.nodes.filter((node) => ends.has(node.name));
  return [
    ...pods.flatMap((endpoint) => podEnd(endpoint, lab.endpoints.get(podName(endpoint)), family)),
    ...nodes.flatMap((node) =>
      nodeEnd(
        node,
        lab.nodes.find(({ name }) => name === node.name),
        family,
      ),
    ),
    ...hosts.filter(({ address }) => address.family === family).map(hostEnd),
  ];
}

function podEnd(endpoint: Endpoint, inLab: Endpoint | undefined, family: Family): RehearsedEnd[] {
  const [address, there] = [addressOf(endpoint, family), inLab && addressOf(inLab, family)];
  if (address === undefined || inLab === undefined || there === undefined) return [];
  return [
    {
      name: podName(endpoint),
      end: { kind: 'endpoint', endpoint, address },
      inLab: { kind: 'endpoint', endpoint: inLab, address: there },
      source: { kind: 'pod', uid: inLab.uid },
    },
  ];
}

function nodeEnd(node: WorldNode, inLab: WorldNode | undefined, family: Family): RehearsedEnd[] {
  const [address, there] = [addressOf(node, family), inLab && addressOf(inLab, family)];
  if (address === undefined || inLab === undefined || there === undefined) return [];
  return [
    {
      name: `node ${node.name}`,
      end: { kind: 'node', node, address },
      inLab: { kind: 'node', node: inLab, address: there },
      source: { kind: 'node', name: node.name },
    },
  ];
}

function hostEnd({ name, address }: RehearsedHost): RehearsedEnd {
  const end: AddressedEnd = { kind: 'address', address };
  return { name: `${formatAddress(address)} outside`, end, inLab: end, source: { kind: 'host', name } };
}

function addressOf({ addresses }: { readonly addresses: readonly Address[] }, family: Family): Address | undefined {
  return addresses.find((address) => address.family === family);
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
