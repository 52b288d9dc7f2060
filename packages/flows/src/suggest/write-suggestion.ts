/** Suggested policies as objects of a policy API, with comments about what was seen. */
import {
  type PlacedPolicy,
  type PolicyWriter,
  policyCompilers,
  writeCalicoPolicy,
  writeCiliumPolicy,
  writeClusterNetworkPolicy,
} from '@weir/compile';
import type { CommentedObject, KubeObject, NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule } from '@weir/kube';
import type { Direction, Match, Policy, PolicyApi, Rule } from '@weir/model';
import { defined } from '@weir/net';
import { referredAmong } from '@weir/snapshot';
import { type MergedRules, mergeWrittenRules } from './merge-written-rules.ts';
import type { SuggestedPolicy, SuggestedRule } from './suggested-policy.ts';

/** Said on every object, so that a later suggestion takes the place of an earlier one. */
export const suggestionLabel = { key: 'app.kubernetes.io/managed-by', value: 'weir-suggest' } as const;

/** The name of policies that close whole namespaces. */
const defaultDenyName = 'default-deny';

/** So many connections without a rule are named in front of a policy. */
const namedMax = 5;

/** One policy as it was written, or why it could not be. */
export interface WrittenSuggestion {
  /** For example `shop/frontend`. */
  readonly of: string;
  readonly objects: readonly CommentedObject[];
  readonly reasons: readonly string[];
}

/** How to write. */
export interface WritingWish {
  readonly api: PolicyApi;
  /** Whether the namespace already has a policy of that name that nobody suggested. */
  readonly isTaken: (namespace: string, name: string) => boolean;
  /** Whether namespaces are to be closed for what no policy speaks of. */
  readonly defaultDeny: boolean;
}

/** How each API writes what was suggested; NetworkPolicies are what they are made of. */
const writers: Readonly<Partial<Record<PolicyApi, (suggested: SuggestedPolicy | undefined) => PolicyWriter>>> = {
  ClusterNetworkPolicy: () => (placed) => writeClusterNetworkPolicy(placed, 'pods'),
  Calico: () => writeCalicoPolicy,
  Cilium: (suggested) => (placed) =>
    writeCiliumPolicy(placed, ({ origin }) => suggested?.[origin.direction][origin.ruleIndex]?.entities?.[origin.peerIndex ?? 0]),
};

/** Writes them in their order, then the policies that close their namespaces. */
export function writeSuggestion(policies: readonly SuggestedPolicy[], wish: WritingWish): readonly WrittenSuggestion[] {
  const written = policies.map((policy) => inApi(commented(policy, wish), wish.api, policy));
  if (!wish.defaultDeny) return written;
  const namespaces = [...new Set(policies.map(({ group }) => group.namespace))];
  const directions = policies[0]?.directions ?? [];
  return [...written, ...namespaces.map((namespace) => inApi(defaultDeny(namespace, directions, wish), wish.api))];
}

function commented({ group, directions, ingress, egress, withoutRule }: SuggestedPolicy, wish: WritingWish): CommentedObject {
  const object: NetworkPolicy = {
    ...identity(group.namespace, group.name, wish),
    spec: {
      podSelector: group.selector,
      policyTypes: policyTypes(directions),
      ...(ingress.length === 0
        ? {}
        : { ingress: ingress.map((rule): NetworkPolicyIngressRule => ({ from: rule.peers, ...portsOf(rule) })) }),
      ...(egress.length === 0 ? {} : { egress: egress.map((rule): NetworkPolicyEgressRule => ({ to: rule.peers, ...portsOf(rule) })) }),
    },
  };
  const pods = `${group.pods.length} ${group.pods.length === 1 ? 'pod' : 'pods'}`;
  const several = group.workloads.length > 1 ? ` of ${group.workloads.join(' and ')}, which labels do not tell apart` : '';
  const none = directions.filter((direction) => (direction === 'ingress' ? ingress : egress).length === 0);
  return {
    object,
    header: [
      `${group.namespace}/${group.name}: ${pods}${several}`,
      ...(wish.api === 'ClusterNetworkPolicy' && directions.includes('ingress')
        ? ['from nodes and from outside of the cluster all stays allowed: no ClusterNetworkPolicy can deny it']
        : []),
      ...none.map((direction) => `no ${direction} connection was seen, so none is allowed`),
      ...withoutRule.slice(0, namedMax).map((text) => `without a rule: ${text}`),
      ...(withoutRule.length > namedMax ? [`without a rule: ${withoutRule.length - namedMax} more`] : []),
    ],
    comments: [...commentsOf('ingress', ingress), ...commentsOf('egress', egress)],
  };
}

function portsOf({ ports }: SuggestedRule): Pick<NetworkPolicyIngressRule, 'ports'> {
  return ports.length === 0 ? {} : { ports };
}

function commentsOf(direction: Direction, rules: readonly SuggestedRule[]): CommentedObject['comments'] {
  return rules.map(({ comments }, i) => ({ path: ['spec', direction, i], lines: comments }));
}

function defaultDeny(namespace: string, directions: readonly Direction[], wish: WritingWish): CommentedObject {
  const object: NetworkPolicy = {
    ...identity(namespace, defaultDenyName, wish),
    spec: { podSelector: {}, policyTypes: policyTypes(directions) },
  };
  return { object, header: [`${namespace}: what no other policy allows is denied, also to pods that were not seen`], comments: [] };
}

function policyTypes(directions: readonly Direction[]): readonly ('Ingress' | 'Egress')[] {
  return directions.map((direction) => (direction === 'ingress' ? 'Ingress' : 'Egress'));
}

function identity(namespace: string, name: string, { isTaken }: WritingWish): Pick<NetworkPolicy, 'apiVersion' | 'kind' | 'metadata'> {
  const own = isTaken(namespace, name) ? `${name}-observed` : name;
  const labels = { [suggestionLabel.key]: suggestionLabel.value };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name: own, namespace, labels } };
}

/** Through the model, as conversion does; blocks mean what is outside, which they mean with every engine. */
function inApi(suggested: CommentedObject, api: PolicyApi, policy?: SuggestedPolicy): WrittenSuggestion {
  const { namespace = '', name = '', labels } = suggested.object.metadata;
  const of = `${namespace}/${name}`;
  const write = writers[api]?.(policy);
  if (write === undefined) return { of, objects: [suggested], reasons: [] };
  const compiler = defined(
    policyCompilers.find(({ api: one }) => one === 'NetworkPolicy'),
    'NetworkPolicies are compiled',
  );
  const compiled = compiler.compile(suggested.object, referredAmong([]));
  const objects: CommentedObject[] = [];
  for (const placed of compiled.policies) {
    const result = write(withWordsOfApi(placed, api, policy));
    if (result.kind === 'impossible') return { of, objects: [], reasons: result.reasons };
    for (const [at, object] of result.objects.entries()) {
      const merged = withDnsSeen(mergeWrittenRules(labelled(object, labels), placed.policy), api, policy);
      // What comes behind the rules closes, and is about nobody who was seen.
      objects.push({ object: merged.object, header: suggested.header, comments: at === 0 ? movedComments(merged, suggested) : [] });
    }
  }
  return { of, objects, reasons: compiled.diagnostics.map(({ message }) => message) };
}

/** A NetworkPolicy knows ports and addresses alone: its rules stand for those about protocols and names of the suggestion. */
function withWordsOfApi({ tier, policy }: PlacedPolicy, api: PolicyApi, suggested: SuggestedPolicy | undefined): PlacedPolicy {
  const rulesOf = (direction: Direction): Partial<Policy> => {
    const said = policy[direction];
    if (said === undefined) return {};
    const rules = said.rules.map((rule): Rule => {
      const { portless, names } = suggested?.[direction][rule.origin.ruleIndex] ?? {};
      const match = portless === undefined ? rule.match : { ...rule.match, ...portless };
      const domains = names?.[rule.origin.peerIndex ?? 0];
      return { ...rule, match: domains === undefined ? match : toNames(match, api, domains) };
    });
    return { [direction]: { ...said, rules } };
  };
  return { tier, policy: { ...policy, ...rulesOf('ingress'), ...rulesOf('egress') } };
}

/** Cilium's names mean what is outside of the cluster alone, whatever they resolve to. */
function toNames(match: Match, api: PolicyApi, domains: readonly string[]): Match {
  const { nets: _, ...destination } = match.destination;
  const groups = domains.map((name) => `domain/${name}` as const);
  return { ...match, destination: { ...destination, groups, ...(api === 'Cilium' ? { outside: true } : {}) } };
}

/** Cilium learns what names mean from answers that pass its proxy, and they do where a rule for DNS says which questions. */
function withDnsSeen(merged: MergedRules, api: PolicyApi, suggested: SuggestedPolicy | undefined): MergedRules {
  const asksNames = suggested?.egress.some(({ names }) => names !== undefined) ?? false;
  const { spec = {} } = merged.object as { readonly spec?: Readonly<Record<string, unknown>> };
  if (api !== 'Cilium' || !asksNames || !Array.isArray(spec['egress'])) return merged;
  const egress = (spec['egress'] as readonly Readonly<Record<string, unknown>>[]).map((rule, i) => {
    const isDns = suggested?.egress[merged.ruleIndexes.egress?.[i] ?? -1]?.isDns === true;
    if (!isDns || !Array.isArray(rule['toPorts'])) return rule;
    return { ...rule, toPorts: (rule['toPorts'] as readonly object[]).map((one) => ({ ...one, rules: { dns: [{ matchPattern: '*' }] } })) };
  });
  return { ...merged, object: { ...merged.object, spec: { ...spec, egress } } as KubeObject };
}

function labelled(object: KubeObject, labels: KubeObject['metadata']['labels']): KubeObject {
  const { name, namespace, ...rest } = object.metadata;
  return {
    ...object,
    metadata: {
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...rest,
    },
  };
}

/** A comment belongs to the first of the written rules that its rule became. */
function movedComments({ ruleIndexes }: MergedRules, { comments }: CommentedObject): CommentedObject['comments'] {
  return (['ingress', 'egress'] as const).flatMap((direction) =>
    comments.flatMap(({ path, lines }) => {
      const at = path[1] === direction ? (ruleIndexes[direction]?.indexOf(Number(path[2])) ?? -1) : -1;
      return at < 0 ? [] : [{ path: ['spec', direction, at], lines }];
    }),
  );
}
