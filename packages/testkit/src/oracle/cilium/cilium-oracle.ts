/**
 * The independent evaluator of Cilium's policies together with Kubernetes' own, written from Cilium's documentation
 * ("Policy Enforcement Modes", "Layer 3 Policies", "Layer 4 Policies", "Deny Policies", "Using Kubernetes Constructs In
 * Policy"). It knows nothing of tiers.
 *
 * "Deny policies take precedence over allow policies, regardless of whether they are a Cilium Network Policy, a Clusterwide
 * Cilium Network Policy or even a Kubernetes Network Policy." Without a policy for a direction everything is allowed in it;
 * a policy with a section for the direction puts the endpoint into default deny, unless enableDefaultDeny says no.
 */
import type { Node } from '@weir/kube';
import { readAddress } from '../address-number.ts';
import { egressNamesAreOfTheCluster, type OracleEngine } from '../engine-rules.ts';
import { addressKey, type Inhabitant, Inhabitants, nodeAddresses, type ResolvedEnd } from '../inhabitants.ts';
import { numbersAt, numbersOfCluster } from '../named-numbers.ts';
import { NetworkPolicyOracle, type OracleOpinion } from '../network-policy-oracle.ts';
import type { NumbersOfName } from '../rule-matching.ts';
import type { FlowEnd, OracleVerdict } from '../world.ts';
import { type Identity, identityOf, labelsOfHost, labelsOfPod, selects } from './cilium-identity.ts';
import type { CiliumFlow, CiliumWorld, PolicySection, RuleSection } from './cilium-objects.ts';
import { namesPeers, someTrafficIs } from './cilium-rule.ts';

type Opinion = OracleOpinion['egress'];

interface Selecting {
  readonly namespace: string | undefined;
  readonly section: PolicySection;
}

/** Whom policies select: a pod, or a node with its addresses as the host firewall has it. */
type Subject = Inhabitant | CiliumHost;

interface CiliumHost {
  readonly node: Node;
  readonly nodeAddresses: ReadonlySet<string>;
}

/** Also what the nodes at the ends say; `allowed` asks them, too. */
export interface CiliumVerdict extends OracleVerdict {
  readonly hostsAllow: boolean;
}

/** Judges flows in one world. */
export class CiliumOracle {
  readonly #world: CiliumWorld;
  readonly #engine: OracleEngine;
  readonly #inhabitants: Inhabitants;
  readonly #kubernetes: NetworkPolicyOracle;
  readonly #numbersOfCluster: NumbersOfName;
  readonly #hosts: readonly CiliumHost[];
  readonly #policiesOf: Map<Subject, readonly Selecting[]> = new Map();
  /** Who others are, as the policies of a pod or a node see them. */
  readonly #identities: Map<Subject, Map<ResolvedEnd, Identity>> = new Map();

  /** `engine`: who reads the policies. What is Cilium's own means the same to every engine but for names of ports. */
  constructor(world: CiliumWorld, engine: OracleEngine = 'cilium') {
    this.#world = world;
    this.#engine = engine;
    this.#inhabitants = new Inhabitants(world);
    this.#kubernetes = new NetworkPolicyOracle(world, engine);
    this.#numbersOfCluster = numbersOfCluster(this.#inhabitants);
    this.#hosts = (engine === 'cilium' ? (world.nodes ?? []) : []).map((node) => ({
      node,
      nodeAddresses: new Set(nodeAddresses(node).map((text) => addressKey(readAddress(text)))),
    }));
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: CiliumFlow): CiliumVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const self = source.pod !== undefined && source.pod === destination.pod;
    const opinion = this.opinion(flow);
    const egressAllowed = self || opinion.egress !== 'forbids';
    // "The local host is always allowed to communicate with all local endpoints."
    const isOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const ingressAllowed = self || isOwnNode || opinion.ingress !== 'forbids';
    const hostsAllow = this.#hostsAllow(flow, source, destination);
    return { allowed: egressAllowed && ingressAllowed && hostsAllow, egressAllowed, ingressAllowed, hostsAllow };
  }

  /**
   * "Host policies apply to the node itself": what its processes send, but to their own node and, here, its own pods; and
   * what is for them, from its own pods too. Nothing of it is about what is forwarded. Other engines have no such policies.
   */
  #hostsAllow(flow: CiliumFlow, source: ResolvedEnd, destination: ResolvedEnd): boolean {
    const [from, to] = [source, destination].map((end) => (end.pod === undefined ? this.#hostAt(end) : undefined));
    const isOwn = from !== undefined && (from === to || destination.pod?.nodeAddresses.has(addressKey(source.address)) === true);
    const opinion = (host: CiliumHost | undefined, direction: 'ingress' | 'egress', other: ResolvedEnd): Opinion =>
      host === undefined || isOwn ? 'no policy' : this.#opinionOf(host, direction, { flow, other, kubernetes: 'no policy' });
    return opinion(from, 'egress', destination) !== 'forbids' && opinion(to, 'ingress', source) !== 'forbids';
  }

  #hostAt({ address }: ResolvedEnd): CiliumHost | undefined {
    return this.#hosts.find((host) => host.nodeAddresses.has(addressKey(address)));
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
    subject: Subject,
    direction: 'ingress' | 'egress',
    { flow, other, kubernetes }: { flow: CiliumFlow; other: ResolvedEnd; kubernetes: Opinion },
  ): Opinion {
    const selecting = this.#selecting(subject);
    // Port names of egress are numbers of the cluster (cilium/cilium#12567) for Cilium itself, until #44429.
    const numbersOf =
      direction === 'ingress'
        ? numbersAt('node' in subject ? {} : { pod: subject })
        : egressNamesAreOfTheCluster(this.#engine)
          ? this.#numbersOfCluster
          : numbersAt(other);
    const identity = this.#identity(other, subject);
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

  #identity(end: ResolvedEnd, subject: Subject): Identity {
    const known = this.#identities.get(subject) ?? new Map<ResolvedEnd, Identity>();
    this.#identities.set(subject, known);
    const identity = known.get(end) ?? identityOf(end, subject, this.#world);
    known.set(end, identity);
    return identity;
  }

  #selecting(subject: Subject): readonly Selecting[] {
    const found = this.#policiesOf.get(subject) ?? this.#findSelecting(subject);
    this.#policiesOf.set(subject, found);
    return found;
  }

  #findSelecting(subject: Subject): Selecting[] {
    return this.#world.ciliumPolicies.flatMap(({ kind, metadata, spec, specs = [] }) => {
      const namespace = kind === 'CiliumClusterwideNetworkPolicy' ? undefined : metadata.namespace;
      if (namespace !== undefined && 'namespace' in subject && namespace !== subject.namespace) return [];
      return [...(spec === undefined ? [] : [spec]), ...specs]
        .filter(({ endpointSelector, nodeSelector }) => {
          const [selector, labels] =
            'node' in subject ? [nodeSelector, labelsOfHost(subject.node)] : [endpointSelector, labelsOfPod(subject)];
          return selector !== undefined && selects(selector, labels);
        })
        .map((section) => ({ namespace, section }));
    });
  }
}

function hasSection(section: PolicySection, direction: 'ingress' | 'egress'): boolean {
  return (section[direction] ?? []).length > 0 || (section[`${direction}Deny`] ?? []).length > 0;
}
