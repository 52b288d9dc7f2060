/**
 * The independent evaluator of Cilium's policies together with Kubernetes' own, written from Cilium's documentation
 * ("Policy Enforcement Modes", "Layer 3 Policies", "Layer 4 Policies", "Deny Policies", "Using Kubernetes Constructs In
 * Policy"). It knows nothing of tiers.
 *
 * "Deny policies take precedence over allow policies, regardless of whether they are a Cilium Network Policy, a Clusterwide
 * Cilium Network Policy or even a Kubernetes Network Policy." Without a policy for a direction everything is allowed in it;
 * a policy with a section for the direction puts the endpoint into default deny, unless enableDefaultDeny says no.
 */
import { egressNamesAreOfTheCluster, type OracleEngine } from '../engine-rules.ts';
import { addressKey, type Inhabitant, Inhabitants, type ResolvedEnd } from '../inhabitants.ts';
import { numbersAt, numbersOfCluster } from '../named-numbers.ts';
import { NetworkPolicyOracle, type OracleOpinion } from '../network-policy-oracle.ts';
import type { NumbersOfName } from '../rule-matching.ts';
import type { FlowEnd, OracleVerdict } from '../world.ts';
import { type Identity, identityOf, labelsOfPod, selects } from './cilium-identity.ts';
import type { CiliumFlow, CiliumWorld, PolicySection, RuleSection } from './cilium-objects.ts';
import { namesPeers, someTrafficIs } from './cilium-rule.ts';

type Opinion = OracleOpinion['egress'];

interface Selecting {
  readonly namespace: string | undefined;
  readonly section: PolicySection;
}

/** Judges flows in one world. */
export class CiliumOracle {
  readonly #world: CiliumWorld;
  readonly #engine: OracleEngine;
  readonly #inhabitants: Inhabitants;
  readonly #kubernetes: NetworkPolicyOracle;
  readonly #numbersOfCluster: NumbersOfName;
  readonly #policiesOfPod: Map<Inhabitant, readonly Selecting[]> = new Map();
  /** Who others are, as the policies of a pod see them. */
  readonly #identities: Map<Inhabitant, Map<ResolvedEnd, Identity>> = new Map();

  /** `engine`: who reads the policies. What is Cilium's own means the same to every engine but for names of ports. */
  constructor(world: CiliumWorld, engine: OracleEngine = 'cilium') {
    this.#world = world;
    this.#engine = engine;
    this.#inhabitants = new Inhabitants(world);
    this.#kubernetes = new NetworkPolicyOracle(world, engine);
    this.#numbersOfCluster = numbersOfCluster(this.#inhabitants);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: CiliumFlow): OracleVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const self = source.pod !== undefined && source.pod === destination.pod;
    const opinion = this.opinion(flow);
    const egressAllowed = self || opinion.egress !== 'forbids';
    // "The local host is always allowed to communicate with all local endpoints."
    const isOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const ingressAllowed = self || isOwnNode || opinion.ingress !== 'forbids';
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  /** What the policies of each end say of the flow, without the exceptions of nodes and of pods to themselves. */
  opinion(flow: CiliumFlow): OracleOpinion {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const { egress, ingress } = this.#kubernetes.opinion(flow);
    return {
      egress:
        source.pod === undefined ? 'no policy' : this.#opinionOf(source.pod, 'egress', { flow, other: destination, kubernetes: egress }),
      ingress:
        destination.pod === undefined
          ? 'no policy'
          : this.#opinionOf(destination.pod, 'ingress', { flow, other: source, kubernetes: ingress }),
    };
  }

  /** Whether a policy of Cilium selects the pod and has something to say in the direction. */
  speaks(end: FlowEnd, direction: 'ingress' | 'egress'): boolean {
    const { pod } = this.#inhabitants.at(end);
    return pod !== undefined && this.#selecting(pod).some(({ section }) => hasSection(section, direction));
  }

  #opinionOf(
    pod: Inhabitant,
    direction: 'ingress' | 'egress',
    { flow, other, kubernetes }: { flow: CiliumFlow; other: ResolvedEnd; kubernetes: Opinion },
  ): Opinion {
    const selecting = this.#selecting(pod);
    // Port names of egress are numbers of the cluster (cilium/cilium#12567) for Cilium itself, until #44429.
    const numbersOf =
      direction === 'ingress' ? numbersAt({ pod }) : egressNamesAreOfTheCluster(this.#engine) ? this.#numbersOfCluster : numbersAt(other);
    const identity = this.#identity(other, pod);
    const matches = (rules: readonly RuleSection[] | undefined, namespace: string | undefined, isDeny: boolean): boolean =>
      (rules ?? []).some(
        (rule) =>
          namesPeers(rule, { identity, other, namespace, world: this.#world, flow, isDeny }) && someTrafficIs(rule, numbersOf, flow),
      );
    if (selecting.some(({ section, namespace }) => matches(section[`${direction}Deny`], namespace, true))) return 'forbids';
    if (kubernetes === 'permits' || selecting.some(({ section, namespace }) => matches(section[direction], namespace, false)))
      return 'permits';
    const isDefaultDeny = selecting.some(
      ({ section }) => hasSection(section, direction) && section.enableDefaultDeny?.[direction] !== false,
    );
    return isDefaultDeny || kubernetes === 'forbids' ? 'forbids' : 'no policy';
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

function hasSection(section: PolicySection, direction: 'ingress' | 'egress'): boolean {
  return (section[direction] ?? []).length > 0 || (section[`${direction}Deny`] ?? []).length > 0;
}
