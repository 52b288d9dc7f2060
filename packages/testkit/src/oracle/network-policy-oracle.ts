/**
 * The independent evaluator of Kubernetes NetworkPolicy, written from the text of the
 * specification: the API reference of networking.k8s.io/v1, the page "Network Policies" and
 * KEP-2079. It knows nothing of tiers, compiled rules or address sets, and everything that the
 * engine computes is compared with it.
 *
 * Where the text leaves room: protocols without ports (ICMP) pass an isolated pod only by a rule
 * that does not restrict ports; a port name that a pod declares several times stands for all its
 * numbers of the protocol; the exception for the local node is the one of the API reference
 * ("OR if the traffic source is the pod's local node"), so traffic of a pod to its node needs an
 * egress rule like any other. What engines make of that room, and of what they do not support, is in
 * `engine-rules.ts`.
 */
import type { NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import {
  blockMeansClusterAddresses,
  egressNamesAreOfTheCluster,
  type OracleEngine,
  podReachesItsNode,
  standingOf,
} from './engine-rules.ts';
import { addressKey, type Inhabitant, Inhabitants, type ResolvedEnd } from './inhabitants.ts';
import { labelsSatisfy } from './label-selection.ts';
import { numbersAt, numbersOfCluster } from './named-numbers.ts';
import { anyPeerIs, anyPortIs, type NumbersOfName } from './rule-matching.ts';
import type { OracleVerdict, World, WorldFlow } from './world.ts';

interface PlainRule {
  readonly namespace: string;
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

/** The rules that apply to one pod in one direction, and what was found out about its peers. */
interface Judgement {
  readonly isolated: boolean;
  readonly rules: readonly PlainRule[];
  /** For each other end: the rules of which a peer is that end. Remembered, computed once. */
  readonly rulesByPeer: Map<ResolvedEnd, readonly PlainRule[]>;
}

/** What policies say of a flow in each direction. */
export interface OracleOpinion {
  readonly egress: 'no policy' | 'permits' | 'forbids';
  readonly ingress: 'no policy' | 'permits' | 'forbids';
}

/**
 * Judges flows in one world. Which policies select a pod and which rules name a peer is found out
 * once per pod and pair and remembered, as it does not depend on the rest of the flow.
 */
export class NetworkPolicyOracle {
  readonly #world: World;
  readonly #engine: OracleEngine;
  readonly #inhabitants: Inhabitants;
  readonly #numbersOfCluster: NumbersOfName;
  readonly #ingress: Map<Inhabitant, Judgement> = new Map();
  readonly #egress: Map<Inhabitant, Judgement> = new Map();

  constructor(world: World, engine: OracleEngine = 'kubernetes') {
    this.#world = world;
    this.#engine = engine;
    this.#inhabitants = new Inhabitants(world);
    this.#numbersOfCluster = numbersOfCluster(this.#inhabitants);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: WorldFlow): OracleVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    // "A Pod cannot block access to itself."
    const self = source.pod !== undefined && source.pod === destination.pod;
    const egressAllowed = self || this.#leaves(source, destination, flow);
    const ingressAllowed = self || this.#enters(source, destination, flow);
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  /** What the policies of each end say of the flow, without the exceptions of nodes and of pods to themselves. */
  opinion(flow: WorldFlow): OracleOpinion {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const of = (judgement: Judgement | undefined, peer: ResolvedEnd, numbersOf: NumbersOfName): OracleOpinion['egress'] => {
      if (judgement?.isolated !== true) return 'no policy';
      return this.#someRulePermits(judgement, peer, { numbersOf, flow }) ? 'permits' : 'forbids';
    };
    const egress = source.pod === undefined ? undefined : this.#judgement(source.pod, 'Egress');
    const ingress = destination.pod === undefined ? undefined : this.#judgement(destination.pod, 'Ingress');
    return {
      egress: of(egress, destination, this.#numbersTo(destination)),
      ingress: of(ingress, source, numbersAt(destination)),
    };
  }

  /** What port names of egress rules stand for. */
  #numbersTo(destination: ResolvedEnd): NumbersOfName {
    return egressNamesAreOfTheCluster(this.#engine) ? this.#numbersOfCluster : numbersAt(destination);
  }

  #leaves(source: ResolvedEnd, destination: ResolvedEnd, flow: WorldFlow): boolean {
    if (source.pod === undefined) return true;
    if (podReachesItsNode(this.#engine, source.pod.system) && source.pod.nodeAddresses.has(addressKey(destination.address))) return true;
    return this.#someRulePermits(this.#judgement(source.pod, 'Egress'), destination, { numbersOf: this.#numbersTo(destination), flow });
  }

  #enters(source: ResolvedEnd, destination: ResolvedEnd, flow: WorldFlow): boolean {
    if (destination.pod === undefined) return true;
    // "OR if the traffic source is the pod's local node."
    if (destination.pod.nodeAddresses.has(addressKey(source.address))) return true;
    return this.#someRulePermits(this.#judgement(destination.pod, 'Ingress'), source, { numbersOf: numbersAt(destination), flow });
  }

  #judgement(pod: Inhabitant, direction: 'Ingress' | 'Egress'): Judgement {
    const remembered = direction === 'Ingress' ? this.#ingress : this.#egress;
    let judgement = remembered.get(pod);
    if (judgement === undefined) {
      const selecting = this.#world.networkPolicies
        .filter((policy) => selects(policy, pod) && policyTypes(policy).includes(direction))
        .map((policy) => ({ policy, standing: standingOf(policy, this.#engine, pod.system) }))
        .filter(({ standing }) => standing !== 'ignored');
      // "Multiple network policies can select the same set of pods. In this case, the rules for
      // each are combined additively."
      judgement = {
        isolated: selecting.length > 0,
        rules: selecting.flatMap(({ policy, standing }) => (standing === 'closed' ? [] : rulesOf(policy, direction))),
        rulesByPeer: new Map(),
      };
      remembered.set(pod, judgement);
    }
    return judgement;
  }

  #someRulePermits(judgement: Judgement, peer: ResolvedEnd, { numbersOf, flow }: { numbersOf: NumbersOfName; flow: WorldFlow }): boolean {
    // "Traffic is allowed if there are no NetworkPolicies selecting the pod."
    if (!judgement.isolated) return true;
    let rules = judgement.rulesByPeer.get(peer);
    if (rules === undefined) {
      const isCluster = peer.pod !== undefined || peer.isNode;
      const blocksCount = !isCluster || blockMeansClusterAddresses(this.#engine);
      rules = judgement.rules.filter((rule) => anyPeerIs(rule.peers, { policyNamespace: rule.namespace, blocksCount }, peer));
      judgement.rulesByPeer.set(peer, rules);
    }
    return rules.some((rule) => anyPortIs(rule.ports, numbersOf, flow));
  }
}

/** The verdict of one flow in one world; for many flows make one {@link NetworkPolicyOracle}. */
export function judgeFlow(world: World, flow: WorldFlow): OracleVerdict {
  return new NetworkPolicyOracle(world).verdict(flow);
}

function selects(policy: NetworkPolicy, pod: Inhabitant): boolean {
  // "This field is optional. If it is not specified, it defaults to an empty selector."
  return policy.metadata.namespace === pod.namespace && labelsSatisfy(policy.spec?.podSelector ?? {}, pod.labels);
}

/**
 * "If this field is not specified, it will default based on the existence of ingress or egress
 * rules; policies that contain an egress section are assumed to affect egress, and all policies
 * (whether or not they contain an ingress section) are assumed to affect ingress." An empty egress
 * list is no section: to deny all egress policyTypes "must include Egress".
 */
function policyTypes(policy: NetworkPolicy): readonly string[] {
  const given = policy.spec?.policyTypes ?? [];
  if (given.length > 0) return given;
  return (policy.spec?.egress ?? []).length > 0 ? ['Ingress', 'Egress'] : ['Ingress'];
}

function rulesOf(policy: NetworkPolicy, direction: 'Ingress' | 'Egress'): PlainRule[] {
  const namespace = policy.metadata.namespace ?? '';
  if (direction === 'Ingress') return (policy.spec?.ingress ?? []).map(({ from, ports }) => ({ namespace, peers: from, ports }));
  return (policy.spec?.egress ?? []).map(({ to, ports }) => ({ namespace, peers: to, ports }));
}
