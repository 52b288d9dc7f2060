/** The rules of a policy in the words of an API, without those that match nobody: they decide nothing, and few APIs have words for them. */
import { type Direction, normaliseSelector, type Policy, type Rule, type Selector, type Side } from '@weir/model';
import { type AddressRange, type Family, subtractAddressRanges } from '@weir/net';
import type { ReasonList } from './written-policy.ts';

/** What `write` gives for each rule of a direction; undefined where the policy has nothing to say of it. */
export function writeRules<T>(
  reasons: ReasonList,
  policy: Policy,
  direction: Direction,
  write: (rule: Rule) => T,
): (T | undefined)[] | undefined {
  return policy[direction]?.rules.flatMap((rule, i) => (isAboutNobody(rule) ? [] : [reasons.try(`${direction}[${i}]`, () => write(rule))]));
}

function isAboutNobody({ match: { source, destination, family } }: Rule): boolean {
  return [source, destination].some((side) => isNobody(side, family));
}

function isNobody({ selector, nets, notNets = [] }: Side, family: Family | undefined): boolean {
  if (selector !== undefined && matchesNobody(selector)) return true;
  return nets !== undefined && subtractAddressRanges(ofFamily(nets, family), notNets).length === 0;
}

function ofFamily(ranges: readonly AddressRange[], family: Family | undefined): readonly AddressRange[] {
  return family === undefined ? ranges : ranges.filter(({ first }) => first.family === family);
}

/** Whether nobody can have the labels, as far as that is seen from values of one label that exclude one another. */
export function matchesNobody(selector: Selector): boolean {
  const normal = normaliseSelector(selector);
  if (normal.kind === 'none') return true;
  if (normal.kind === 'or') return normal.of.every(matchesNobody);
  if (normal.kind !== 'and') return false;
  const values = new Map<string, readonly string[]>();
  for (const part of normal.of) {
    if (part.kind === 'or' && matchesNobody(part)) return true;
    if (part.kind !== 'in') continue;
    const label = `${part.label.space} ${part.label.key}`;
    const common = values.get(label)?.filter((value) => part.values.includes(value)) ?? part.values;
    if (common.length === 0) return true;
    values.set(label, common);
  }
  return false;
}
