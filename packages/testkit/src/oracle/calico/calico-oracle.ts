/**
 * The independent evaluator of Calico's policies together with Kubernetes' own and those of administrators, written from
 * Calico's documentation and its policy checker's description.
 *
 * "Both ends enforce": the egress of the source pod and the ingress of the destination pod, and every interface of a host
 * endpoint on the way. Behind all tiers everything is allowed to pods, by the profile of the namespace.
 */
import { addressKey, type Inhabitant, Inhabitants } from '../inhabitants.ts';
import type { OracleVerdict } from '../world.ts';
import { CalicoIdentities } from './calico-identities.ts';
import type { CalicoFlow, CalicoWorld } from './calico-objects.ts';
import type { CalicoQuestion } from './calico-rule.ts';
import { CalicoTiers, type Direction } from './calico-tiers.ts';
import { HostPath } from './host-path.ts';

/** Also what the hosts on the way say; `allowed` asks them, too. */
export interface CalicoVerdict extends OracleVerdict {
  readonly hostsAllow: boolean;
}

/** Judges flows in one world. */
export class CalicoOracle {
  readonly #inhabitants: Inhabitants;
  readonly #tiers: CalicoTiers;
  readonly #hosts: HostPath;

  constructor(world: CalicoWorld) {
    this.#inhabitants = new Inhabitants(world);
    this.#tiers = new CalicoTiers(world, new CalicoIdentities(world));
    this.#hosts = new HostPath(world, this.#tiers);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: CalicoFlow): CalicoVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const question = { flow, source, destination };
    const isSelf = source.pod !== undefined && source.pod === destination.pod;
    // "Host to pod on the same node is never policed."
    const fromOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const egressAllowed = isSelf || source.pod === undefined || this.#allows(source.pod, 'egress', question);
    const ingressAllowed = isSelf || fromOwnNode || destination.pod === undefined || this.#allows(destination.pod, 'ingress', question);
    const hostsAllow = isSelf || this.#hosts.allows(question);
    return { allowed: egressAllowed && ingressAllowed && hostsAllow, egressAllowed, ingressAllowed, hostsAllow };
  }

  #allows(pod: Inhabitant, direction: Direction, question: CalicoQuestion): boolean {
    return this.#tiers.ask({ pod }, direction, question).decision !== 'Deny';
  }
}
