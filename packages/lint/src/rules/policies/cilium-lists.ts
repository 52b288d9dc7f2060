/** Lists of Cilium's policies that are there and empty: they mean the contrary of what they mean in a NetworkPolicy. */
import { valueAt } from '../../context/field-value.ts';
import type { LintPolicy } from '../../context/lint-policy.ts';
import { isOfCilium } from '../../context/policy-apis.ts';
import type { DraftFinding, LintRule } from '../../lint-rule.ts';

const peerLists = /^(from|to)(Endpoints|CIDR|CIDRSet|Entities|Nodes|Services|FQDNs)$/;
const ruleLists = ['ingress', 'egress', 'ingressDeny', 'egressDeny'] as const;

/** The rule. */
export const emptyCiliumList: LintRule = {
  id: 'empty-cilium-list',
  title: 'an empty list in a policy of Cilium, which does not mean what it means in a NetworkPolicy',
  severity: 'warning',
  *check({ policies }) {
    for (const of of policies) {
      if (of.isRefused || !isOfCilium(of)) continue;
      for (const path of specPathsOf(of)) yield* emptyLists(of, path);
    }
  },
};

/** `spec`, `specs[0]`, `specs[1]`, as far as they are there. */
function specPathsOf({ object }: LintPolicy): readonly string[] {
  const specs = valueAt(object, 'specs');
  const one = valueAt(object, 'spec') === undefined ? [] : ['spec'];
  return [...one, ...(Array.isArray(specs) ? specs.map((_, i) => `specs[${i}]`) : [])];
}

function* emptyLists(about: LintPolicy, path: string): Iterable<DraftFinding> {
  for (const list of ruleLists) {
    const written = valueAt(about.object, `${path}.${list}`);
    // A list of which only the name is written is null, and as empty.
    const rules: unknown = written === null ? [] : written;
    if (!Array.isArray(rules)) continue;
    if (rules.length === 0 && !saysMore(about, path, list)) {
      const direction = list.startsWith('ingress') ? 'ingress' : 'egress';
      yield {
        about,
        field: `${path}.${list}`,
        message: `this denies nothing: with Cilium an empty list says nothing of ${direction}, while it denies all of it in a NetworkPolicy`,
        action: `to deny all ${direction}, write one rule without anything: ${direction}: [{}]; else leave the list out`,
      };
    }
    for (const i of rules.keys()) yield* emptyPeers(about, `${path}.${list}[${i}]`);
  }
}

/** Whether the other list of the direction has rules, so that the direction is spoken of all the same. */
function saysMore({ object }: LintPolicy, path: string, list: string): boolean {
  const other = list.endsWith('Deny') ? list.slice(0, -4) : `${list}Deny`;
  const rules = valueAt(object, `${path}.${other}`);
  return Array.isArray(rules) && rules.length > 0;
}

function* emptyPeers(about: LintPolicy, path: string): Iterable<DraftFinding> {
  const rule = valueAt(about.object, path);
  if (typeof rule !== 'object' || rule === null) return;
  for (const [name, members] of Object.entries(rule)) {
    if (!Array.isArray(members)) continue;
    if (peerLists.test(name) && members.length === 0) {
      yield {
        about,
        field: `${path}.${name}`,
        message: 'this rule is about nobody: with Cilium an empty list of peers is nobody, while it is everybody in a NetworkPolicy',
        action: `leave ${name} out if everybody is meant, name who is meant, or remove the rule`,
      };
    }
    const inner = trafficLists[name];
    if (inner !== undefined && members.length > 0 && members.every((member) => isWithout(member, inner))) {
      yield {
        about,
        field: `${path}.${name}`,
        message: `this rule lets nothing through and stops nothing: with Cilium an empty list of ${inner} is no traffic, while an empty list of ports is every port in a NetworkPolicy`,
        action: `leave ${name} out if all traffic is meant, name what is meant, or remove the rule`,
      };
    }
  }
}

/** Lists of traffic, and what their members list in turn. */
const trafficLists: Readonly<Record<string, string | undefined>> = { toPorts: 'ports', icmps: 'fields' };

function isWithout(member: unknown, list: string): boolean {
  if (typeof member !== 'object' || member === null) return false;
  const listed = (member as Readonly<Record<string, unknown>>)[list];
  return Array.isArray(listed) && listed.length === 0;
}
