/** Members of lists that say nothing: the same again, or a part of what another one says. */
import { type NetworkPolicyPeer, type NetworkPolicyPort, parseApiCidr } from '@weir/kube';
import { cidrContainsCidr } from '@weir/net';
import type { LintContext } from '../../context/lint-context.ts';
import { type WrittenRule, writtenRules } from '../../context/network-policy-rules.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

/** Lists of all policy APIs whose members are alternatives, or rules of which the first that matches decides. */
const lists: ReadonlySet<string> = new Set([
  'ingress',
  'egress',
  'ingressDeny',
  'egressDeny',
  'from',
  'to',
  'ports',
  'except',
  'policyTypes',
  'types',
  'fromEndpoints',
  'toEndpoints',
  'fromCIDR',
  'toCIDR',
  'fromCIDRSet',
  'toCIDRSet',
  'fromEntities',
  'toEntities',
  'toFQDNs',
  'toPorts',
  'nets',
  'notNets',
  'networks',
  'domainNames',
]);

/** The rule about members that are there twice. */
export const duplicateEntry: LintRule = {
  id: 'duplicate-entry',
  title: 'a rule, a peer or a port that is in its list twice',
  severity: 'warning',
  *check({ policies }) {
    for (const of of policies) {
      if (of.isRefused) continue;
      const { object } = of as { readonly object: object };
      for (const root of ['spec', 'specs'] as const) {
        const value: unknown = root in object ? (object as Record<string, unknown>)[root] : undefined;
        for (const { field, first } of repeated(value, root, '')) {
          yield {
            about: of,
            field,
            message: `this says the same as ${first}`,
            action: 'remove one of the two',
            related: [{ message: 'the first', about: of, field: first }],
            fix: { description: `Remove ${field}`, isSafe: true, changes: [{ kind: 'remove', field }] },
          };
        }
      }
    }
  },
};

/** Members that are equal to an earlier one, in this value and in all that is in it. */
function* repeated(value: unknown, path: string, name: string): Iterable<{ readonly field: string; readonly first: string }> {
  if (Array.isArray(value)) {
    // Mostly there is one, and nothing to compare.
    const isAsked = value.length > 1 && lists.has(name);
    const seen = new Map<string, number>();
    for (const [i, member] of value.entries()) {
      if (!isAsked) {
        yield* repeated(member, `${path}[${i}]`, '');
        continue;
      }
      const key = JSON.stringify(canonical(member, name));
      const first = seen.get(key);
      if (first !== undefined && !isLogged(member)) yield { field: `${path}[${i}]`, first: `${path}[${first}]` };
      else {
        seen.set(key, first ?? i);
        yield* repeated(member, `${path}[${i}]`, '');
      }
    }
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, member] of Object.entries(value)) yield* repeated(member, `${path}.${key}`, key);
  }
}

/** Rules that log do so each time. */
function isLogged(member: unknown): boolean {
  return typeof member === 'object' && member !== null && 'action' in member && member.action === 'Log';
}

/** Fields in order, and a port's protocol where it is left out. */
function canonical(value: unknown, list: string): unknown {
  if (Array.isArray(value)) return value.map((member) => canonical(member, ''));
  if (typeof value !== 'object' || value === null) return value;
  const sorted = Object.entries(value)
    .filter(([, member]) => member !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]): [string, unknown] => [
      key,
      Array.isArray(member) ? member.map((one) => canonical(one, key)) : canonical(member, ''),
    ]);
  const fields = Object.fromEntries(sorted);
  return list === 'ports' && 'port' in fields && !('protocol' in fields) ? { ...fields, protocol: 'TCP' } : fields;
}

/** The rule about members that others cover. */
export const coveredEntry: LintRule = {
  id: 'covered-entry',
  title: 'a peer or a port that another one in its list covers',
  severity: 'info',
  check: (context) => covered(context),
};

function* covered(context: LintContext): Iterable<DraftFinding> {
  for (const rule of writtenRules(context)) {
    const { field, list, peers = [], ports = [] } = rule;
    yield* coveredIn(rule, `${field}.${list}`, peers, coversPeer);
    yield* coveredIn(rule, `${field}.ports`, ports, coversPort);
  }
}

/** Of two that cover each other only one is found, by the rule about duplicates. */
function* coveredIn<T>({ of }: WrittenRule, path: string, members: readonly T[], covers: (a: T, b: T) => boolean): Iterable<DraftFinding> {
  for (const [i, member] of members.entries()) {
    const by = members.findIndex((other, j) => j !== i && covers(other, member) && !covers(member, other));
    if (by < 0) continue;
    const [field, other] = [`${path}[${i}]`, `${path}[${by}]`];
    yield {
      about: of,
      field,
      message: `${other} covers all of this`,
      action: 'remove it, or narrow the other one',
      related: [{ message: 'what covers it', about: of, field: other }],
      fix: { description: `Remove ${field}`, isSafe: true, changes: [{ kind: 'remove', field }] },
    };
  }
}

function coversPort(a: NetworkPolicyPort, b: NetworkPolicyPort): boolean {
  if ((a.protocol ?? 'TCP') !== (b.protocol ?? 'TCP')) return false;
  if (a.port === undefined) return true;
  if (typeof a.port !== 'number' || typeof b.port !== 'number') return a.port === b.port;
  return a.port <= b.port && (b.endPort ?? b.port) <= (a.endPort ?? a.port);
}

function coversPeer(a: NetworkPolicyPeer, b: NetworkPolicyPeer): boolean {
  if (a.ipBlock !== undefined || b.ipBlock !== undefined) {
    if (a.ipBlock === undefined || b.ipBlock === undefined || (a.ipBlock.except ?? []).length > 0) return false;
    const [outer, inner] = [parseApiCidr(a.ipBlock.cidr), parseApiCidr(b.ipBlock.cidr)];
    return outer !== undefined && inner !== undefined && cidrContainsCidr(outer, inner);
  }
  // All pods of all namespaces, or all of the policy's own.
  if (!isEmpty(a.podSelector ?? {})) return false;
  return a.namespaceSelector === undefined ? b.namespaceSelector === undefined : isEmpty(a.namespaceSelector);
}

function isEmpty({ matchLabels = {}, matchExpressions = [] }: NonNullable<NetworkPolicyPeer['podSelector']>): boolean {
  return Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;
}
