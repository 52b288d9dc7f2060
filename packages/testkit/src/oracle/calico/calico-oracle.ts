/**
 * The independent evaluator of Calico's policies together with Kubernetes' own and those of administrators, written from
 * Calico's documentation and its policy checker's description.
 *
 * Tiers one after another: of a tier, the policies that select the pod and govern the direction, by order and then by
 * `name/namespace/kind`; the first rule that matches and does more than log decides, or passes to the next tier; behind
 * them the tier's default action. Tiers of which no policy counts say nothing. Behind all tiers everything is allowed, by
 * the profile of the namespace. NetworkPolicies have order 1000 in the tier `default`, ClusterNetworkPolicies their priority
 * in `kube-admin` and `kube-baseline`. Staged policies are not there. A tier that is not there comes last and denies.
 */
import type { AdministratorObject } from '../administrators/administrator-objects.ts';
import { choosesPod, isAboutTraffic, namesEnd } from '../administrators/administrator-rule.ts';
import { addressKey, type Inhabitant, Inhabitants } from '../inhabitants.ts';
import { NetworkPolicyOracle } from '../network-policy-oracle.ts';
import type { OracleVerdict } from '../world.ts';
import { CalicoIdentities } from './calico-identities.ts';
import type { CalicoFlow, CalicoPolicyObject, CalicoWorld } from './calico-objects.ts';
import { type CalicoQuestion, ReadRule } from './calico-rule.ts';
import { readSelectorText } from './calico-selector-text.ts';

type Direction = 'ingress' | 'egress';
type Decision = 'Allow' | 'Deny' | 'Pass';

/** A policy of any API at its place. */
interface OrderedPolicy {
  readonly tier: string;
  readonly order: number;
  /** What tells policies of equal order apart. */
  readonly tie: string;
  governs(pod: Inhabitant, direction: Direction, question: CalicoQuestion): boolean;
  /** Undefined: no rule matches. */
  decide(direction: Direction, question: CalicoQuestion): Decision | undefined;
}

interface OrderedTier {
  readonly end: 'Deny' | 'Pass';
  readonly policies: readonly OrderedPolicy[];
}

/** Judges flows in one world. */
export class CalicoOracle {
  readonly #inhabitants: Inhabitants;
  readonly #identities: CalicoIdentities;
  readonly #tiers: readonly OrderedTier[];

  constructor(world: CalicoWorld) {
    this.#inhabitants = new Inhabitants(world);
    this.#identities = new CalicoIdentities(world);
    const policies = [
      ...world.networkPolicies.map((policy) => ofKubernetes(policy, world)),
      ...world.policyObjects.flatMap((object) => {
        if (isOfAdministrators(object)) return [ofAdministrators(object, world)];
        return object.kind.startsWith('Staged') ? [] : [this.#ofCalico(object)];
      }),
    ];
    this.#tiers = inOrder(world, policies);
  }

  /** Whether the flow may pass, and which end says so. */
  verdict(flow: CalicoFlow): OracleVerdict {
    const source = this.#inhabitants.at(flow.source);
    const destination = this.#inhabitants.at(flow.destination);
    const question = { flow, source, destination };
    const isSelf = source.pod !== undefined && source.pod === destination.pod;
    // "Host to pod on the same node is never policed."
    const fromOwnNode = destination.pod?.nodeAddresses.has(addressKey(source.address)) === true;
    const egressAllowed = isSelf || source.pod === undefined || this.#allows(source.pod, 'egress', question);
    const ingressAllowed = isSelf || fromOwnNode || destination.pod === undefined || this.#allows(destination.pod, 'ingress', question);
    return { allowed: egressAllowed && ingressAllowed, egressAllowed, ingressAllowed };
  }

  #allows(pod: Inhabitant, direction: Direction, question: CalicoQuestion): boolean {
    for (const { end, policies } of this.#tiers) {
      const governing = policies.filter((policy) => policy.governs(pod, direction, question));
      if (governing.length === 0) continue;
      let decision: Decision | undefined;
      for (const policy of governing) decision ??= policy.decide(direction, question);
      decision ??= end;
      if (decision !== 'Pass') return decision === 'Allow';
    }
    return true;
  }

  #ofCalico({ kind, metadata: { namespace, name = '' }, spec }: CalicoPolicyObject): OrderedPolicy {
    const selects = [
      readSelectorText(spec.selector ?? ''),
      readSelectorText(spec.namespaceSelector ?? '', 'pcns.'),
      readSelectorText(spec.serviceAccountSelector ?? '', 'pcsa.'),
    ];
    const rules = {
      ingress: (spec.ingress ?? []).map((rule) => new ReadRule(rule, namespace, this.#identities)),
      egress: (spec.egress ?? []).map((rule) => new ReadRule(rule, namespace, this.#identities)),
    };
    const types = spec.types ?? defaultTypes(rules.ingress.length, rules.egress.length);
    const selected = new Map<Inhabitant, boolean>();
    const isSelected = (pod: Inhabitant): boolean => {
      const isOwn = namespace === undefined || namespace === pod.namespace;
      const found = selected.get(pod) ?? (isOwn && selects.every((holds) => holds(this.#identities.ofPod(pod))));
      selected.set(pod, found);
      return found;
    };
    return {
      tier: spec.tier ?? 'default',
      order: spec.order ?? Number.POSITIVE_INFINITY,
      tie: `${name}/${namespace ?? ''}/${kind}`,
      governs: (pod, direction) => types.includes(direction === 'ingress' ? 'Ingress' : 'Egress') && isSelected(pod),
      decide: (direction, question) => {
        const action = rules[direction].find((rule) => rule.action !== 'Log' && rule.isAbout(question))?.action;
        return action === 'Log' ? undefined : action;
      },
    };
  }
}

/** "No egress rules: Ingress, even with no ingress rules; egress only: Egress; both: both." */
function defaultTypes(ingressCount: number, egressCount: number): readonly ('Ingress' | 'Egress')[] {
  if (egressCount === 0) return ['Ingress'];
  return ingressCount === 0 ? ['Egress'] : ['Ingress', 'Egress'];
}

function ofKubernetes(policy: CalicoWorld['networkPolicies'][number], world: CalicoWorld): OrderedPolicy {
  const alone = new NetworkPolicyOracle({ ...world, networkPolicies: [policy] });
  const { name = '', namespace = '' } = policy.metadata;
  return {
    tier: 'default',
    order: 1_000,
    tie: `${name}/${namespace}/KubernetesNetworkPolicy`,
    governs: (_pod, direction, { flow }) => alone.opinion(flow)[direction] !== 'no policy',
    decide: (direction, { flow }) => (alone.opinion(flow)[direction] === 'permits' ? 'Allow' : undefined),
  };
}

function isOfAdministrators(object: CalicoWorld['policyObjects'][number]): object is AdministratorObject {
  return object.kind === 'ClusterNetworkPolicy';
}

function ofAdministrators({ metadata, spec }: AdministratorObject, world: CalicoWorld): OrderedPolicy {
  return {
    tier: spec.tier === 'Baseline' ? 'kube-baseline' : 'kube-admin',
    order: spec.priority ?? 0,
    tie: `${metadata.name ?? ''}//KubernetesClusterNetworkPolicy`,
    governs: (pod, direction) => (spec[direction] ?? []).length > 0 && choosesPod(spec.subject, pod),
    decide: (direction, { flow, source, destination }) => {
      const peer = direction === 'ingress' ? source : destination;
      const rule = (spec[direction] ?? []).find(
        (each) => namesEnd(each, peer, world.nodes ?? []) && isAboutTraffic(each, destination, flow),
      );
      if (rule === undefined) return undefined;
      return rule.action === 'Deny' || rule.action === 'Pass' ? rule.action : 'Allow';
    },
  };
}

/** "Sorted by exists, order, name"; a tier that says no order has 1,000,000. */
function inOrder(world: CalicoWorld, policies: readonly OrderedPolicy[]): OrderedTier[] {
  const builtIn = [
    { name: 'kube-admin', order: 1_000, end: 'Pass' as const },
    { name: 'default', order: 1_000_000, end: 'Deny' as const },
    { name: 'kube-baseline', order: 10_000_000, end: 'Pass' as const },
  ];
  const own = world.tiers.map(({ metadata, spec }) => ({
    name: metadata.name ?? '',
    order: spec.order ?? 1_000_000,
    end: spec.defaultAction ?? 'Deny',
  }));
  const there = [...builtIn, ...own].sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : 1));
  const missing = [...new Set(policies.map(({ tier }) => tier))]
    .filter((name) => there.every((tier) => tier.name !== name))
    .sort()
    .map((name) => ({ name, end: 'Deny' as const }));
  return [...there, ...missing].map(({ name, end }) => ({
    end,
    policies: policies
      .filter(({ tier }) => tier === name)
      .sort((a, b) => (a.order === b.order ? (a.tie < b.tie ? -1 : 1) : a.order - b.order)),
  }));
}
