/**
 * What a policy of the cluster's administrators says, whichever of the API's kinds it is: the form that the kinds are read
 * into, and what a kind brings along to be read.
 */
import type { KubeObject } from '@weir/kube';
import type { Direction, PolicyRef } from '@weir/model';
import { defined, type PortRange } from '@weir/net';
import type { PolicyKind } from '../policy-api.ts';
import type { AdministratorPeer, PodSelection } from './cluster-network-policy.ts';

/** Traffic to ports of a protocol, by the name that the policy has for it, or to a port of the pod by its name, whatever its protocol. */
export type AdministratorPorts =
  | { readonly protocol: string; readonly range: PortRange; readonly name?: undefined }
  | { readonly name: string; readonly protocol?: undefined; readonly range?: undefined };

/** One rule; without `ports` it is about all traffic. */
export interface AdministratorRule {
  readonly action: 'allow' | 'deny' | 'pass';
  readonly peers: readonly AdministratorPeer[];
  readonly ports?: readonly AdministratorPorts[];
}

/** Before the policies of namespaces, or behind them. */
export type AdministratorTier = 'Admin' | 'Baseline';

/** A policy; `order` counts within its tier. */
export interface AdministratorPolicy {
  readonly tier: AdministratorTier;
  readonly order: number;
  readonly subject: PodSelection;
  readonly ingress: readonly AdministratorRule[];
  readonly egress: readonly AdministratorRule[];
}

/** One kind of the API. */
export interface AdministratorPolicyKind {
  readonly policyKind: PolicyKind;
  /** Its CustomResourceDefinition: objects are held to the schema. */
  readonly definition: KubeObject;
  /** The tier of its policies, unless their own field says which. */
  readonly tier: AdministratorTier | 'by field';
  /** The action of rules that let traffic through. */
  readonly allowing: 'Accept' | 'Allow';
  /** The field that has the ports of a rule. */
  readonly portsField: 'protocols' | 'ports';
  /** Reads an object that the schema let through. */
  read(object: KubeObject): AdministratorPolicy;
}

/** Which object it is, for the model. */
export function administratorPolicyRef(object: KubeObject, kind: AdministratorPolicyKind): PolicyRef {
  const { name = '', uid } = object.metadata;
  const { policyKind } = kind;
  return { apiVersion: `${policyKind.group}/${versionOf(kind)}`, kind: policyKind.kind, name, ...(uid === undefined ? {} : { uid }) };
}

/** The one version of the API that has the kind. */
export function versionOf({ policyKind }: AdministratorPolicyKind): string {
  return defined(policyKind.versions[0], `${policyKind.kind} has a version`);
}

/** The path of a rule's peers. */
export function peersPath(direction: Direction, ruleIndex: number): string {
  return `spec.${direction}[${ruleIndex}].${direction === 'ingress' ? 'from' : 'to'}`;
}
