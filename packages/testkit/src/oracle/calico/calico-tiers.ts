/**
 * The tiers of a world of Calico, and what they decide for one endpoint in one direction.
 *
 * Tiers one after another: of a tier, the policies that select the endpoint and govern the direction, by order and then by
 * `name/namespace/kind`; the first rule that matches and does more than log decides, or passes to the next tier; behind
 * them the tier's default action. Tiers of which no policy counts say nothing. NetworkPolicies have order 1000 in the tier
 * `default`, ClusterNetworkPolicies their priority in `kube-admin` and `kube-baseline`. Staged policies are not there. A
 * tier that is not there comes last and denies.
 */
import type { AdministratorObject } from '../administrators/administrator-objects.ts';
import { choosesPod, isAboutTraffic, namesEnd } from '../administrators/administrator-rule.ts';
import type { Inhabitant } from '../inhabitants.ts';
import { NetworkPolicyOracle } from '../network-policy-oracle.ts';
import type { CalicoIdentities } from './calico-identities.ts';
import type { CalicoPolicyObject, CalicoWorld, HostEndpointObject } from './calico-objects.ts';
import { type CalicoQuestion, ReadRule } from './calico-rule.ts';
import { readSelectorText } from './calico-selector-text.ts';

export type Direction = 'ingress' | 'egress';

/** "Policy families, by flag": of what traffic of a host's interface a policy speaks. */
export type Family = 'doNotTrack' | 'preDNAT' | 'normal' | 'applyOnForward';

/** Whom policies select: a pod, or an interface of a host for one family. */
export type Subject = { readonly pod: Inhabitant } | { readonly host: HostEndpointObject; readonly family: Family };

type Decision = 'Allow' | 'Deny' | 'Pass';

/** A policy of any API at its place. */
interface OrderedPolicy {
  readonly tier: string;
  readonly order: number;
  /** What tells policies of equal order apart. */
  readonly tie: string;
  governs(subject: Subject, direction: Direction, question: CalicoQuestion): boolean;
  /** Undefined: no rule matches. */
  decide(direction: Direction, question: CalicoQuestion): Decision | undefined;
}

interface OrderedTier {
  readonly end: 'Deny' | 'Pass';
  readonly policies: readonly OrderedPolicy[];
}

/** What tiers say, and whether any policy governs at all. */
export interface TierAnswer {
  readonly isGoverned: boolean;
  /** Undefined: no tier decides. */
  readonly decision: 'Allow' | 'Deny' | undefined;
}

/** Decides in one world. */
export class CalicoTiers {
  readonly #identities: CalicoIdentities;
  readonly #tiers: readonly OrderedTier[];

  constructor(world: CalicoWorld, identities: CalicoIdentities) {
    this.#identities = identities;
    const policies = [
      ...world.networkPolicies.map((policy) => ofKubernetes(policy, world)),
      ...world.policyObjects.flatMap((object) => {
        if (isOfAdministrators(object)) return [ofAdministrators(object, world)];
        return object.kind.startsWith('Staged') ? [] : [this.#ofCalico(object)];
      }),
    ];
    this.#tiers = inOrder(world, policies);
  }

  /** Asks all tiers. "doNotTrack and preDNAT tiers are forced to defaultAction Pass." */
  ask(subject: Subject, direction: Direction, question: CalicoQuestion): TierAnswer {
    const endsPass = 'host' in subject && (subject.family === 'doNotTrack' || subject.family === 'preDNAT');
    let isGoverned = false;
    for (const { end, policies } of this.#tiers) {
      const governing = policies.filter((policy) => policy.governs(subject, direction, question));
      if (governing.length === 0) continue;
      isGoverned = true;
      let decision: Decision | undefined;
      for (const policy of governing) decision ??= policy.decide(direction, question);
      decision ??= endsPass ? 'Pass' : end;
      if (decision !== 'Pass') return { isGoverned, decision };
    }
    return { isGoverned, decision: undefined };
  }

  #ofCalico(object: CalicoPolicyObject): OrderedPolicy {
    const {
      kind,
      metadata: { namespace, name = '' },
      spec,
    } = object;
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
    const selected = new Map<Inhabitant | HostEndpointObject, boolean>();
    // "Namespaced policies never select host endpoints", nor does one that selects namespaces or service accounts.
    const isOfHosts = namespace === undefined && (spec.namespaceSelector ?? '') === '' && (spec.serviceAccountSelector ?? '') === '';
    const isSelected = (subject: Subject): boolean => {
      const who = 'pod' in subject ? subject.pod : subject.host;
      const labels = 'pod' in subject ? this.#identities.ofPod(subject.pod) : this.#identities.ofHost(subject.host);
      const isOwn = 'pod' in subject ? namespace === undefined || namespace === subject.pod.namespace : isOfHosts;
      const found = selected.get(who) ?? (isOwn && selects.every((holds) => holds(labels)));
      selected.set(who, found);
      return found;
    };
    return {
      tier: spec.tier ?? 'default',
      order: spec.order ?? Number.POSITIVE_INFINITY,
      tie: `${name}/${namespace ?? ''}/${kind}`,
      governs: (subject, direction) =>
        types.includes(direction === 'ingress' ? 'Ingress' : 'Egress') && speaksOf(object, subject) && isSelected(subject),
      decide: (direction, question) => {
        const action = rules[direction].find((rule) => rule.action !== 'Log' && rule.isAbout(question))?.action;
        return action === 'Log' ? undefined : action;
      },
    };
  }
}

/** "doNotTrack, preDNAT: of hosts alone; applyOnForward: also what is forwarded; else pods and what ends at the host." */
function speaksOf(
  { spec: { doNotTrack = false, preDNAT = false, applyOnForward = false } }: CalicoPolicyObject,
  subject: Subject,
): boolean {
  const isOrdinary = !doNotTrack && !preDNAT;
  if ('pod' in subject) return isOrdinary;
  switch (subject.family) {
    case 'doNotTrack':
      return doNotTrack;
    case 'preDNAT':
      return preDNAT;
    case 'normal':
      return isOrdinary;
    case 'applyOnForward':
      return isOrdinary && applyOnForward;
    default:
      return subject.family satisfies never;
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
    governs: (subject, direction, { flow }) => 'pod' in subject && alone.opinion(flow)[direction] !== 'no policy',
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
    governs: (subject, direction) => 'pod' in subject && (spec[direction] ?? []).length > 0 && choosesPod(spec.subject, subject.pod),
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
