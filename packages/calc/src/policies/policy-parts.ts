/**
 * A policy whose rules ask for labels or addresses of the endpoint that it selects, as policies that select by them.
 *
 * Programs belong to endpoints, so whether a rule is for an endpoint is decided when its program is made: rules that
 * follow each other and ask the same of the endpoint are a part with a subject of its own. Parts follow each other in
 * the order of evaluation, so rules keep theirs; whom the policy isolates is said by the first, which has its subject.
 * What the policy says of host endpoints is in parts of their own, whose rules are tested on packets.
 */
import {
  allOf,
  appliesToHosts,
  appliesToPods,
  type Direction,
  type DirectionRules,
  type HostFamily,
  type Policy,
  type Rule,
  type Selector,
  type Side,
  selectorKey,
} from '@weir/model';
import { type OwnAddresses, ownAddressesKey, ownAddressesOf } from './own-addresses.ts';

/** Host endpoints in families that are asked in the same way: about the node itself, or about anybody. */
export interface HostAudience {
  readonly own: 'node' | 'anybody';
  readonly families: readonly HostFamily[];
}

/** A part: for pods a policy of which no rule asks for labels or addresses of the endpoint, for hosts the whole policy. */
export interface PolicyPart {
  readonly policy: Policy;
  /** Absent: the part is for pods. */
  readonly hosts?: HostAudience;
  /** What an endpoint's addresses must be for it to be selected; absent: anything. */
  readonly addresses?: OwnAddresses;
}

/** What a rule asks of the endpoint beside the policy's subject; absent: nothing. */
interface Condition {
  readonly labels?: Selector;
  readonly addresses?: OwnAddresses;
}

/** Rules that ask the same of the endpoint. */
interface Stretch {
  readonly condition: Condition;
  readonly key: string;
  readonly rules: Rule[];
}

/** The policy in parts, in order: most are one part, which is the policy itself. */
export function partsOf(policy: Policy): readonly PolicyPart[] {
  if (policy.appliesTo === undefined) return partsForPods(policy);
  const families = (audience: readonly HostFamily[]): HostFamily[] => audience.filter((family) => appliesToHosts(policy, family));
  const audiences: readonly HostAudience[] = [
    { own: 'node', families: families(['normal']) },
    { own: 'anybody', families: families(['untracked', 'preDNAT', 'forward']) },
  ];
  const forHosts = audiences.filter((one) => one.families.length > 0).map((hosts) => ({ policy, hosts }));
  return [...(appliesToPods(policy) ? partsForPods(policy) : []), ...forHosts];
}

function partsForPods(policy: Policy): readonly PolicyPart[] {
  const { ingress, egress } = policy;
  if (!asksOfEndpoint(ingress, 'ingress') && !asksOfEndpoint(egress, 'egress')) return [{ policy }];
  const { ingress: _, egress: __, ...rest } = policy;
  const first: { ingress?: DirectionRules; egress?: DirectionRules } = {};
  const later: PolicyPart[] = [];
  for (const direction of ['ingress', 'egress'] as const) {
    const said = policy[direction];
    if (said === undefined) continue;
    const stretches = stretchesOf(said.rules, direction);
    const leading = stretches[0]?.key === '' ? stretches.shift() : undefined;
    first[direction] = { isolates: said.isolates, rules: leading?.rules ?? [] };
    for (const { condition, rules } of stretches) later.push(partOf(rest, { direction, condition, rules }));
  }
  return [{ policy: { ...rest, ...first } }, ...later];
}

interface PartContent extends Pick<Stretch, 'condition' | 'rules'> {
  readonly direction: Direction;
}

function partOf(policy: Omit<Policy, Direction>, { direction, condition: { labels, addresses }, rules }: PartContent): PolicyPart {
  const subject = labels === undefined ? policy.subject : allOf(policy.subject, labels);
  const part = { ...policy, subject, [direction]: { isolates: false, rules } };
  return addresses === undefined ? { policy: part } : { policy: part, addresses };
}

function asksOfEndpoint(said: DirectionRules | undefined, direction: Direction): boolean {
  return said?.rules.some((rule) => asks(localEnd(rule, direction))) === true;
}

function asks({ selector, notSelector, nets, notNets }: Side): boolean {
  return (selector ?? notSelector ?? nets ?? notNets) !== undefined;
}

function stretchesOf(rules: readonly Rule[], direction: Direction): Stretch[] {
  const stretches: Stretch[] = [];
  for (const rule of rules) {
    for (const { condition, rule: plain } of conditionedRules(rule, direction)) {
      const key = keyOf(condition);
      const last = stretches.at(-1);
      if (last?.key === key) last.rules.push(plain);
      else stretches.push({ condition, key, rules: [plain] });
    }
  }
  return stretches;
}

function localEnd({ match }: Rule, direction: Direction): Side {
  return direction === 'ingress' ? match.destination : match.source;
}

interface ConditionedRule {
  readonly condition: Condition;
  readonly rule: Rule;
}

/** The rule without what it asks of the endpoint: one rule for each family whose addresses it asks for, whose order does not matter. */
function conditionedRules(rule: Rule, direction: Direction): readonly ConditionedRule[] {
  const local = localEnd(rule, direction);
  if (!asks(local)) return [{ condition: {}, rule }];
  const labels = labelsOf(local);
  const asked = labels === undefined ? {} : { labels };
  const plain = withoutCondition(rule, direction);
  const addresses = ownAddressesOf(rule, local);
  if (addresses === undefined) return [{ condition: asked, rule: plain }];
  return addresses.map((one) => ({
    condition: { ...asked, addresses: one },
    rule: { ...plain, match: { ...plain.match, family: one.family } },
  }));
}

function labelsOf({ selector, notSelector }: Side): Selector | undefined {
  if (selector === undefined && notSelector === undefined) return undefined;
  return allOf(
    ...(selector === undefined ? [] : [selector]),
    ...(notSelector === undefined ? [] : [{ kind: 'not', of: notSelector } as const]),
  );
}

function keyOf({ labels, addresses }: Condition): string {
  if (labels === undefined && addresses === undefined) return '';
  return `${labels === undefined ? '' : selectorKey(labels)} | ${addresses === undefined ? '' : ownAddressesKey(addresses)}`;
}

function withoutCondition(rule: Rule, direction: Direction): Rule {
  const { match } = rule;
  const { selector: _, notSelector: __, nets: ___, notNets: ____, ...local } = localEnd(rule, direction);
  return { ...rule, match: direction === 'ingress' ? { ...match, destination: local } : { ...match, source: local } };
}
