/**
 * The independent evaluator of clusters that have policies of every API: of Kubernetes, of administrators, of Calico and
 * of Cilium.
 *
 * Calico says where NetworkPolicies and those of administrators stand among its tiers; Cilium's count among the
 * NetworkPolicies, with those of administrators before and behind both. Nobody says where Calico's and Cilium's stand to
 * each other: a pod that both select gets nothing through in a direction of which both speak. What reaches every pod
 * whatever policies say (itself, its own node) still does.
 */

import type { AdministratorObject } from '../administrators/administrator-objects.ts';
import { AdministratorOracle } from '../administrators/administrator-oracle.ts';
import { CalicoIdentities } from '../calico/calico-identities.ts';
import type { CalicoFlow, CalicoWorld } from '../calico/calico-objects.ts';
import { CalicoOracle } from '../calico/calico-oracle.ts';
import { CalicoTiers, type Direction } from '../calico/calico-tiers.ts';
import type { CiliumFlow, CiliumWorld } from '../cilium/cilium-objects.ts';
import { CiliumOracle } from '../cilium/cilium-oracle.ts';
import { addressKey, Inhabitants } from '../inhabitants.ts';
import type { OracleVerdict } from '../world.ts';

/** A cluster with policies of every API; administrators have ClusterNetworkPolicies alone. */
export type MixedWorld = CalicoWorld & CiliumWorld;

/** A flow with all that rules of any API ask of it. */
export type MixedFlow = CalicoFlow & CiliumFlow;

/** Judges flows in one world, as Weir's own engine reads it. */
export class MixedOracle {
  readonly #inhabitants: Inhabitants;
  readonly #calico: CalicoOracle;
  readonly #calicoAlone: CalicoTiers;
  readonly #cilium: CiliumOracle;
  readonly #besideCilium: AdministratorOracle;

  constructor(world: MixedWorld) {
    const administrators = world.policyObjects.filter((object): object is AdministratorObject => object.kind === 'ClusterNetworkPolicy');
    const ofCalico = world.policyObjects.filter((object) => object.kind !== 'ClusterNetworkPolicy');
    this.#inhabitants = new Inhabitants(world);
    this.#calico = new CalicoOracle(world);
    this.#calicoAlone = new CalicoTiers({ ...world, networkPolicies: [], policyObjects: ofCalico }, new CalicoIdentities(world));
    this.#cilium = new CiliumOracle(world, 'kubernetes');
    this.#besideCilium = new AdministratorOracle({ ...world, policyObjects: administrators }, this.#cilium);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: MixedFlow): OracleVerdict {
    const egressAllowed = this.#allows(flow, 'egress');
    const ingressAllowed = this.#allows(flow, 'ingress');
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  /** Whether a pod is closed for the flow since policies of both select it. */
  isUnordered(flow: MixedFlow, direction: Direction): boolean {
    const [source, destination] = [this.#inhabitants.at(flow.source), this.#inhabitants.at(flow.destination)];
    const { pod } = direction === 'egress' ? source : destination;
    if (pod === undefined || !this.#cilium.speaks(direction === 'egress' ? flow.source : flow.destination, direction)) return false;
    return this.#calicoAlone.ask({ pod }, direction, { flow, source, destination }).isGoverned;
  }

  #allows(flow: MixedFlow, direction: Direction): boolean {
    const [source, destination] = [this.#inhabitants.at(flow.source), this.#inhabitants.at(flow.destination)];
    const isSelf = source.pod !== undefined && source.pod === destination.pod;
    const fromOwnNode = direction === 'ingress' && destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    if (isSelf || fromOwnNode) return true;
    if (this.isUnordered(flow, direction)) return false;
    const isOfCilium = this.#cilium.speaks(direction === 'egress' ? flow.source : flow.destination, direction);
    return (isOfCilium ? this.#besideCilium : this.#calico).verdict(flow)[`${direction}Allowed`];
  }
}
