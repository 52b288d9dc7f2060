/**
 * The independent evaluator of Cilium's policies together with Kubernetes' own, written from Cilium's documentation
 * ("Policy Enforcement Modes", "Layer 3 Policies", "Layer 4 Policies", "Deny Policies", "Using Kubernetes Constructs In
 * Policy"). It knows nothing of tiers.
 *
 * "Deny policies take precedence over allow policies, regardless of whether they are a Cilium Network Policy, a Clusterwide
 * Cilium Network Policy or even a Kubernetes Network Policy." Without a policy for a direction everything is allowed in it;
 * a policy with a section for the direction puts the endpoint into default deny, unless enableDefaultDeny says no.
 */
import { addressKey, type Inhabitant, Inhabitants, type ResolvedEnd } from '../inhabitants.ts';
import { numbersAt, numbersOfCluster } from '../named-numbers.ts';
import { NetworkPolicyOracle } from '../network-policy-oracle.ts';
import type { NumbersOfName } from '../rule-matching.ts';
import type { OracleVerdict } from '../world.ts';
import { type Identity, identityOf, labelsOfPod, selects } from './cilium-identity.ts';
import type { CiliumFlow, CiliumWorld, PolicySection, RuleSection } from './cilium-objects.ts';
import { namesPeers, someTrafficIs } from './cilium-rule.ts';

interface Selecting {
  readonly namespace: string | undefined;
  readonly section: PolicySection;
}

/** Judges flows in one world. */
export class CiliumOracle {
  readonly #world: CiliumWorld;
  readonly #inhabitants: Inhabitants;
  readonly #kubernetes: NetworkPolicyOracle;
  readonly #numbersOfCluster: NumbersOfName;
  readonly #policiesOfPod: Map<Inhabitant, readonly Selecting[]> = new Map();
  /** Who others are, as the policies of a pod see them. */
  readonly #identities: Map<Inhabitant, Map<ResolvedEnd, Identity>> = new Map();

  constructor(world: CiliumWorld) {
    this.#world = world;
    this.#inhabitants = new Inhabitants(world);
    this.#kubernetes = new NetworkPolicyOracle(world, 'cilium');
    this.#numbersOfCluster = numbersOfCluster(this.#inhabitants);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: CiliumFlow): OracleVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const self = source.pod !== undefined && source.pod === destination.pod;
    const opinion = this.#kubernetes.opinion(flow);
    const egressAllowed =
      self || source.pod === undefined || this.#permits(source.pod, 'egress', { flow, other: destination, kubernetes: opinion.egress });
    // "The local host is always allowed to communicate with all local endpoints."
    const isOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const ingressAllowed =
      self ||
      isOwnNode ||
      destination.pod === undefined ||
      this.#permits(destination.pod, 'ingress', { flow, other: source, kubernetes: opinion.ingress });
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  #permits(
    pod: Inhabitant,
    direction: 'ingress' | 'egress',
    { flow, other, kubernetes }: { flow: CiliumFlow; other: ResolvedEnd; kubernetes: 'no policy' | 'permits' | 'forbids' },
  ): boolean {
    const selecting = this.#selecting(pod);
    // Port names of egress are numbers of the cluster (cilium/cilium#12567).
    const numbersOf = direction === 'ingress' ? numbersAt({ pod }) : this.#numbersOfCluster;
    const identity = this.#identity(other, pod);
    const matches = (rules: readonly RuleSection[] | undefined, namespace: string | undefined, isDeny: boolean): boolean =>
      (rules ?? []).some(
        (rule) =>
          namesPeers(rule, { identity, other, namespace, world: this.#world, flow, isDeny }) && someTrafficIs(rule, numbersOf, flow),
      );
    if (selecting.some(({ section, namespace }) => matches(section[`${direction}Deny`], namespace, true))) return false;
    const isDefaultDeny = selecting.some(
      ({ section }) =>
        ((section[direction] ?? []).length > 0 || (section[`${direction}Deny`] ?? []).length > 0) &&
        section.enableDefaultDeny?.[direction] !== false,
    );
    if (!isDefaultDeny && kubernetes === 'no policy') return true;
    return kubernetes === 'permits' || selecting.some(({ section, namespace }) => matches(section[direction], namespace, false));
  }

  #identity(end: ResolvedEnd, pod: Inhabitant): Identity {
    const known = this.#identities.get(pod) ?? new Map<ResolvedEnd, Identity>();
    this.#identities.set(pod, known);
    const identity = known.get(end) ?? identityOf(end, pod, this.#world);
    known.set(end, identity);
    return identity;
  }

  #selecting(pod: Inhabitant): readonly Selecting[] {
    const found = this.#policiesOfPod.get(pod) ?? this.#findSelecting(pod);
    this.#policiesOfPod.set(pod, found);
    return found;
  }

  #findSelecting(pod: Inhabitant): Selecting[] {
    return this.#world.ciliumPolicies.flatMap(({ kind, metadata, spec, specs = [] }) => {
      const namespace = kind === 'CiliumClusterwideNetworkPolicy' ? undefined : metadata.namespace;
      if (namespace !== undefined && namespace !== pod.namespace) return [];
      return [...(spec === undefined ? [] : [spec]), ...specs]
        .filter(({ endpointSelector }) => selects(endpointSelector, labelsOfPod(pod)))
        .map((section) => ({ namespace, section }));
    });
  }
}
