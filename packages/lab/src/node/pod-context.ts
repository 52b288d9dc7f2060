/** What all pods of a node share. */
import type { KubeClient } from '@weir/client';
import type { Pod, Service } from '@weir/kube';
import type { BuiltInImage } from '../images/built-in-images.ts';
import type { SandboxHome } from '../sandbox/sandbox.ts';
import type { NodeGate } from './node-gate.ts';
import type { NodeOptions } from './node-options.ts';
import type { PodAddresses } from './pod-addresses.ts';
import type { PodApi } from './pod-api.ts';
import type { PodEndpoints } from './pod-endpoints.ts';
import type { KeyedObjects } from './volumes/keyed-objects.ts';

/** The node as one of its pods sees it. */
export interface PodContext {
  readonly options: NodeOptions;
  readonly gate: NodeGate;
  readonly api: PodApi;
  readonly client: KubeClient;
  /** ConfigMaps and Secrets that pods refer to. */
  readonly objects: KeyedObjects;
  /** All services, for the variables about them. */
  readonly services: () => Promise<readonly Service[]>;
  readonly addresses: PodAddresses;
  readonly home: SandboxHome;
  /** The pods' endpoints, on a Windows node. */
  readonly endpoints: PodEndpoints | undefined;
  /** The built-in images that the node has for a pod. */
  readonly images: (pod: Pod) => readonly BuiltInImage[];
}
