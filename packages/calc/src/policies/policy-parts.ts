/**
 * A policy whose rules ask for labels of the endpoint that it selects, as policies that select by them.
 *
 * Programs belong to endpoints, so whether a rule is for an endpoint is decided when its program is made: rules that
 * follow each other and ask the same of the endpoint are a part with a subject of its own. Parts follow each other in
 * the order of evaluation, so rules keep theirs; whom the policy isolates is said by the first, which has its subject.
 */
import { allOf, type Direction, type DirectionRules, type Policy, type Rule, type Selector, type Side, selectorKey } from '@weir/policy';

/** Rules that ask the same of the endpoint. */
interface Stretch {
  /** What they ask beside the policy's subject; absent: nothing. */
  readonly condition: Selector | undefined;
  readonly key: string;
  readonly rules: Rule[];
}

/** The policy in parts, in order: most are one part, which is the policy itself. No rule of a part asks for labels of the endpoint. */
export function partsOf(policy: Policy): readonly Policy[] {
  const { ingress, egress } = policy;
  if (!asksOfEndpoint(ingress, 'ingress') && !asksOfEndpoint(egress, 'egress')) return [policy];
  const { ingress: _, egress: __, ...rest } = policy;
  const first: { ingress?: DirectionRules; egress?: DirectionRules } = {};
  const later: Policy[] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    const said = policy[direction];
    if (said === undefined) continue;
    const stretches = stretchesOf(said.rules, direction);
    const leading = stretches[0]?.condition === undefined ? stretches.shift() : undefined;
    first[direction] = { isolates: said.isolates, rules: leading?.rules ?? [] };
    for (const { condition, rules } of stretches) later.push(partOf(rest, { direction, condition, rules }));
  }
  return [{ ...rest, ...first }, ...later];
}

interface PartContent extends Pick<Stretch, 'condition' | 'rules'> {
  readonly direction: Direction;
}

function partOf(policy: Omit<Policy, Direction>, { direction, condition, rules }: PartContent): Policy {
  const subject = condition === undefined ? policy.subject : allOf(policy.subject, condition);
  return { ...policy, subject, [direction]: { isolates: false, rules } };
}

function asksOfEndpoint(said: DirectionRules | undefined, direction: Direction): boolean {
  return said?.rules.some((rule) => conditionOf(localEnd(rule, direction)) !== undefined) === true;
}

function stretchesOf(rules: readonly Rule[], direction: Direction): Stretch[] {
  const stretches: Stretch[] = [];
  for (const rule of rules) {
    const condition = conditionOf(localEnd(rule, direction));
    const key = condition === undefined ? '' : selectorKey(condition);
    const plain = condition === undefined ? rule : withoutCondition(rule, direction);
    const last = stretches.at(-1);
    if (last?.key === key) last.rules.push(plain);
    else stretches.push({ condition, key, rules: [plain] });
  }
  return stretches;
}

function localEnd({ match }: Rule, direction: Direction): Side {
  return direction === 'ingress' ? match.destination : match.source;
}

function conditionOf({ selector, notSelector }: Side): Selector | undefined {
  if (selector === undefined && notSelector === undefined) return undefined;
  return allOf(
    ...(selector === undefined ? [] : [selector]),
    ...(notSelector === undefined ? [] : [{ kind: 'not', of: notSelector } as const]),
  );
}

function withoutCondition(rule: Rule, direction: Direction): Rule {
  const { match } = rule;
  const { selector: _, notSelector: __, ...local } = localEnd(rule, direction);
  return { ...rule, match: direction === 'ingress' ? { ...match, destination: local } : { ...match, source: local } };
}
