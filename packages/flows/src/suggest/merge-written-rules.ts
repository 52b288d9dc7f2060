/**
 * Written rules that came of one suggested rule as one again: the model has one for each peer and protocol, and people read
 * all peers with all ports.
 */
import type { KubeObject } from '@weir/kube';
import type { Direction, Policy } from '@weir/model';

type WrittenRule = Readonly<Record<string, unknown>>;

/** An object with fewer rules, and where they stand. */
export interface MergedRules {
  readonly object: KubeObject;
  /** The suggested rule that each written one says, by its place. */
  readonly ruleIndexes: Readonly<Partial<Record<Direction, readonly number[]>>>;
}

/** Merges within each direction; an object whose rules are not one for each of the policy's stays as it is. */
export function mergeWrittenRules(object: KubeObject, policy: Policy): MergedRules {
  const { spec } = object as { readonly spec?: Readonly<Record<string, unknown>> };
  const merged: Record<string, readonly WrittenRule[]> = {};
  const ruleIndexes: Partial<Record<Direction, readonly number[]>> = {};
  for (const direction of ['ingress', 'egress'] as const) {
    const [written, rules] = [spec?.[direction], policy[direction]?.rules ?? []];
    if (!Array.isArray(written) || rules.length === 0 || written.length !== rules.length) continue;
    const groups = new Map<string, { readonly ruleIndex: number; readonly members: WrittenRule[] }>();
    rules.forEach(({ origin: { ruleIndex } }, i) => {
      const rule = written[i] as WrittenRule;
      // Lists of different kinds do not share a rule, and neither do fields that are no lists.
      const key = [
        ruleIndex,
        ...Object.entries(rule).map(([field, value]) => `${field} ${Array.isArray(value) ? '' : JSON.stringify(value)}`),
      ].join(' ');
      const group = groups.get(key) ?? { ruleIndex, members: [] };
      group.members.push(rule);
      groups.set(key, group);
    });
    merged[direction] = [...groups.values()].map(({ members }) => mergeRules(members));
    ruleIndexes[direction] = [...groups.values()].map(({ ruleIndex }) => ruleIndex);
  }
  return { object: { ...object, spec: { ...spec, ...merged } } as KubeObject, ruleIndexes };
}

function mergeRules(members: readonly WrittenRule[]): WrittenRule {
  const [first = {}] = members;
  return Object.fromEntries(
    Object.entries(first).map(([field, value]) => [
      field,
      field === 'toPorts'
        ? [{ ports: distinct(members.flatMap(portsOf)) }]
        : Array.isArray(value)
          ? distinct(members.flatMap(listIn(field)))
          : value,
    ]),
  );
}

function portsOf({ toPorts }: WrittenRule): readonly unknown[] {
  return (toPorts as readonly { readonly ports: readonly unknown[] }[]).flatMap(({ ports }) => ports);
}

function listIn(field: string): (rule: WrittenRule) => readonly unknown[] {
  return (rule) => rule[field] as readonly unknown[];
}

function distinct(values: readonly unknown[]): readonly unknown[] {
  return [...new Map(values.map((value) => [JSON.stringify(value), value])).values()];
}
