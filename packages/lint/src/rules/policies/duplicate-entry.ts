/** Members of lists that say the same again. */
import { isOfCilium } from '../../context/policy-apis.ts';
import type { LintRule } from '../../lint-rule.ts';

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
        const found: Repeated[] = [];
        findRepeated(value, { path: root, name: '', protocol: isOfCilium(of) ? 'ANY' : 'TCP' }, found);
        for (const { field, first } of found) {
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

/** Where a value stands. */
interface Place {
  readonly path: string;
  /** The field that it is of; empty for the members of a list. */
  readonly name: string;
  /** What ports have that name no protocol. */
  readonly protocol: 'TCP' | 'ANY';
}

/** A member that is equal to an earlier one of its list. */
interface Repeated {
  readonly field: string;
  readonly first: string;
}

/** Finds such members in this value and in all that is in it. */
function findRepeated(value: unknown, { path, name, protocol }: Place, found: Repeated[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) {
    for (const [key, member] of Object.entries(value))
      if (typeof member === 'object') findRepeated(member, { path: `${path}.${key}`, name: key, protocol }, found);
    return;
  }
  // Mostly there is one, and nothing to compare.
  const seen = value.length > 1 && lists.has(name) ? new Map<string, number>() : undefined;
  for (const [i, member] of value.entries()) {
    const key = seen === undefined ? '' : JSON.stringify(canonical(member, name, protocol));
    const first = seen?.get(key);
    if (first !== undefined && !isLogged(member)) found.push({ field: `${path}[${i}]`, first: `${path}[${first}]` });
    else {
      seen?.set(key, first ?? i);
      if (typeof member === 'object') findRepeated(member, { path: `${path}[${i}]`, name: '', protocol }, found);
    }
  }
}

/** Rules that log do so each time. */
function isLogged(member: unknown): boolean {
  return typeof member === 'object' && member !== null && 'action' in member && member.action === 'Log';
}

/** Fields in order, and a port's protocol where it is left out. */
function canonical(value: unknown, list: string, protocol: Place['protocol']): unknown {
  if (Array.isArray(value)) return value.map((member) => canonical(member, '', protocol));
  if (typeof value !== 'object' || value === null) return value;
  const sorted = Object.entries(value)
    .filter(([, member]) => member !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]): [string, unknown] => [
      key,
      Array.isArray(member) ? member.map((one) => canonical(one, key, protocol)) : canonical(member, '', protocol),
    ]);
  const fields = Object.fromEntries(sorted);
  return list === 'ports' && 'port' in fields && !('protocol' in fields) ? { ...fields, protocol } : fields;
}
