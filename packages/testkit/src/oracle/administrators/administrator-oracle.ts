/**
 * The independent evaluator of clusters in which administrators have policies before and behind those of namespaces,
 * written from the API reference of ClusterNetworkPolicy.
 *
 * "Policy tiers are evaluated in the following order: Admin tier, NetworkPolicy tier, Baseline tier." What accepts or
 * denies is final, what passes goes on to the next tier, and NetworkPolicies decide for every pod that they select.
 * What the text leaves open is not generated: two priorities that are equal, and a baseline of v1alpha1 beside one of
 * v1alpha2.
 */
import { addressKey, type Inhabitant, Inhabitants, type ResolvedEnd } from '../inhabitants.ts';
import { NetworkPolicyOracle, type OracleOpinion } from '../network-policy-oracle.ts';
import type { OracleVerdict, WorldFlow } from '../world.ts';
import type { AdministratorObject, AdministratorWorld } from './administrator-objects.ts';
import { choosesPod, isAboutTraffic, namesEnd } from './administrator-rule.ts';

type TierName = 'Admin' | 'Baseline';
type Decision = 'accept' | 'deny' | 'pass' | 'none';

interface Question {
  readonly direction: 'ingress' | 'egress';
  readonly pod: Inhabitant;
  readonly peer: ResolvedEnd;
  readonly destination: ResolvedEnd;
  readonly flow: WorldFlow;
}

/** What the policies between the tiers of administrators say. */
export interface NamespaceOpinions {
  opinion(flow: WorldFlow): OracleOpinion;
}

/** Judges flows in one world. */
export class AdministratorOracle {
  readonly #world: AdministratorWorld;
  readonly #inhabitants: Inhabitants;
  readonly #namespaces: NamespaceOpinions;
  readonly #tiers: Readonly<Record<TierName, readonly AdministratorObject[]>>;

  /** `namespaces`: who knows what policies of namespaces say; default: Kubernetes' own alone. */
  constructor(world: AdministratorWorld, namespaces: NamespaceOpinions = new NetworkPolicyOracle(world)) {
    this.#world = world;
    this.#inhabitants = new Inhabitants(world);
    this.#namespaces = namespaces;
    const inTier = (tier: TierName): AdministratorObject[] =>
      world.policyObjects.filter((policy) => tierOf(policy) === tier).sort((a, b) => priorityOf(a) - priorityOf(b));
    this.#tiers = { Admin: inTier('Admin'), Baseline: inTier('Baseline') };
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: WorldFlow): OracleVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const opinion = this.#namespaces.opinion(flow);
    const isSelf = source.pod !== undefined && source.pod === destination.pod;
    // A node always reaches its pods: probes of the kubelet.
    const fromOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const common = { destination, flow };
    const egressAllowed =
      isSelf ||
      source.pod === undefined ||
      this.#allows({ ...common, direction: 'egress', pod: source.pod, peer: destination }, opinion.egress);
    const ingressAllowed =
      isSelf ||
      fromOwnNode ||
      destination.pod === undefined ||
      this.#allows({ ...common, direction: 'ingress', pod: destination.pod, peer: source }, opinion.ingress);
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  #allows(question: Question, networkPolicies: 'no policy' | 'permits' | 'forbids'): boolean {
    const first = this.#decide('Admin', question);
    if (first === 'accept' || first === 'deny') return first === 'accept';
    if (networkPolicies !== 'no policy') return networkPolicies === 'permits';
    // "If a given connection wasn't allowed or denied by any of the tiers, … all pods can communicate with each other."
    return this.#decide('Baseline', question) !== 'deny';
  }

  /** "Policies with lower priority values … are checked before", rules in the order in which they are written. */
  #decide(tier: TierName, { direction, pod, peer, destination, flow }: Question): Decision {
    for (const { spec } of this.#tiers[tier]) {
      if (!choosesPod(spec.subject, pod)) continue;
      const rule = (spec[direction] ?? []).find(
        (each) => namesEnd(each, peer, this.#world.nodes ?? []) && isAboutTraffic(each, destination, flow),
      );
      if (rule !== undefined) return rule.action === 'Deny' ? 'deny' : rule.action === 'Pass' ? 'pass' : 'accept';
    }
    return 'none';
  }
}

function tierOf({ kind, spec }: AdministratorObject): TierName {
  if (kind === 'ClusterNetworkPolicy') return spec.tier ?? 'Admin';
  return kind === 'AdminNetworkPolicy' ? 'Admin' : 'Baseline';
}

function priorityOf({ spec }: AdministratorObject): number {
  return spec.priority ?? 0;
}
