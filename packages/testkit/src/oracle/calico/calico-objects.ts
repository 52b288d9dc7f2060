/** Calico's objects and a world that has them, as plain objects: the fields that the oracle and the generator know. */
import type { KubeObject } from '@weir/kube';
import type { AdministratorObject } from '../administrators/administrator-objects.ts';
import type { World, WorldFlow } from '../world.ts';

/** One end of a rule. */
export interface EntitySection {
  readonly selector?: string;
  readonly notSelector?: string;
  readonly namespaceSelector?: string;
  readonly serviceAccounts?: { readonly names?: readonly string[]; readonly selector?: string };
  readonly nets?: readonly string[];
  readonly notNets?: readonly string[];
  readonly ports?: readonly (number | string)[];
  readonly notPorts?: readonly (number | string)[];
}

/** Messages of ICMP. */
export interface IcmpSection {
  readonly type: number;
  readonly code?: number;
}

/** One rule. */
export interface CalicoRuleSection {
  readonly action: 'Allow' | 'Deny' | 'Pass' | 'Log';
  readonly ipVersion?: 4 | 6;
  readonly protocol?: string | number;
  readonly notProtocol?: string | number;
  readonly icmp?: IcmpSection;
  readonly notICMP?: IcmpSection;
  readonly source?: EntitySection;
  readonly destination?: EntitySection;
}

/** A policy of a namespace or of the cluster, staged or not. */
export interface CalicoPolicyObject extends KubeObject {
  readonly kind: 'NetworkPolicy' | 'GlobalNetworkPolicy' | 'StagedNetworkPolicy' | 'StagedGlobalNetworkPolicy';
  readonly spec: {
    readonly tier?: string;
    readonly order?: number;
    readonly selector?: string;
    readonly namespaceSelector?: string;
    readonly serviceAccountSelector?: string;
    readonly types?: readonly ('Ingress' | 'Egress')[];
    readonly ingress?: readonly CalicoRuleSection[];
    readonly egress?: readonly CalicoRuleSection[];
    readonly doNotTrack?: boolean;
    readonly preDNAT?: boolean;
    readonly applyOnForward?: boolean;
  };
}

/** A HostEndpoint. */
export interface HostEndpointObject extends KubeObject {
  readonly kind: 'HostEndpoint';
  readonly spec: {
    readonly node: string;
    readonly interfaceName?: string;
    readonly expectedIPs?: readonly string[];
    readonly profiles?: readonly string[];
    readonly ports?: readonly { readonly name: string; readonly protocol: string; readonly port: number }[];
  };
}

/** A Tier. */
export interface TierObject extends KubeObject {
  readonly kind: 'Tier';
  readonly spec: { readonly order?: number; readonly defaultAction?: 'Deny' | 'Pass' };
}

/** A NetworkSet or a GlobalNetworkSet. */
export interface NetworkSetObject extends KubeObject {
  readonly kind: 'NetworkSet' | 'GlobalNetworkSet';
  readonly spec: { readonly nets: readonly string[] };
}

/** A cluster with Calico: its policies beside those of Kubernetes and of administrators. */
export interface CalicoWorld extends World {
  readonly policyObjects: readonly (CalicoPolicyObject | AdministratorObject)[];
  readonly tiers: readonly TierObject[];
  readonly networkSets: readonly NetworkSetObject[];
  readonly serviceAccounts: readonly KubeObject[];
  readonly hostEndpoints?: readonly HostEndpointObject[];
  /** Default: Accept, as Calico's manifests set it. */
  readonly endpointToHostAction?: 'Accept' | 'Drop' | 'Return';
  /** What the nodes' own rules do with what nobody decided on its way into a process. Default: Accept. */
  readonly kernelInput?: 'Accept' | 'Drop';
}

/** A flow with the port that it comes from, or with the message that it is. */
export interface CalicoFlow extends WorldFlow {
  readonly sourcePort?: number;
  readonly icmp?: Required<IcmpSection>;
}
