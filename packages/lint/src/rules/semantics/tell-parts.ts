/** Rules and policies in the words of findings: what they are, and the file and line where each stands. */
import type { Policy, PolicyRef, Rule } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy, refKey } from '../../context/lint-policy.ts';
import type { DraftRelated } from '../../lint-rule.ts';
import type { Decider } from './decision-walk.ts';
import type { PolicyPart, RulePart } from './policy-part.ts';

/** No sentence names more. */
const namedMax = 3;

/** `spec.ingress[0] of NetworkPolicy shop/web (web.yaml:12)`. */
function tellRule(context: LintContext, { origin }: Pick<Rule, 'origin'>): string {
  const of = context.policyOf(origin.policy);
  const field = fieldOfOrigin(origin);
  return `${field} of ${tellRef(origin.policy)}${placeOf(of, field)}`;
}

/** `NetworkPolicy shop/web (web.yaml:3)`. */
function tellPolicy(context: LintContext, { ref }: Pick<Policy, 'ref'>): string {
  return `${tellRef(ref)}${placeOf(context.policyOf(ref), 'metadata.name')}`;
}

/** `NetworkPolicy shop/web`. */
function tellRef({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
}

function placeOf(of: LintPolicy | undefined, field: string): string {
  if (of?.positionOf === undefined) return '';
  const { file, line } = of.positionOf(field);
  return ` (${file}:${line})`;
}

/** Some rules, the first of them by name. */
export function tellRules(context: LintContext, rules: readonly Pick<Rule, 'origin'>[]): string {
  return listed(rules, nameOfRule, (rule) => tellRule(context, rule));
}

/** Some policies, the first of them by name. */
export function tellPolicies(context: LintContext, policies: readonly Pick<Policy, 'ref'>[]): string {
  // The same thousands of policies can isolate thousands of pods.
  const told = context.once('told policies', () => new WeakMap<object, string>());
  let text = told.get(policies);
  if (text === undefined) told.set(policies, (text = listPolicies(context, policies)));
  return text;
}

/** `NetworkPolicy shop/web (web.yaml:3) isolates`, or `… and … isolate`. */
export function tellIsolating(context: LintContext, policies: readonly Pick<Policy, 'ref'>[]): string {
  const [first] = policies;
  const areSeveral = first !== undefined && policies.some((policy) => nameOfPolicy(policy) !== nameOfPolicy(first));
  return `${tellPolicies(context, policies)} ${areSeveral ? 'isolate' : 'isolates'}`;
}

function listPolicies(context: LintContext, policies: readonly Pick<Policy, 'ref'>[]): string {
  return listed(policies, nameOfPolicy, (policy) => tellPolicy(context, policy));
}

/** Who decides, for example `the end of tier security`. */
export function tellDeciders(context: LintContext, deciders: readonly Decider[]): string {
  const rulesFirst = [...deciders.filter(({ kind }) => kind === 'rule'), ...deciders.filter(({ kind }) => kind !== 'rule')];
  return listed(rulesFirst, nameOfDecider, (decider) => {
    if (decider.kind === 'rule') return tellRule(context, decider.rule);
    if (decider.kind === 'not isolated') return 'that no policy isolates the pods';
    return `the end of tier ${decider.tier.name}, as ${tellIsolating(context, decider.isolating)}`;
  });
}

function nameOfDecider(decider: Decider): string {
  if (decider.kind === 'rule') return nameOfRule(decider.rule);
  return decider.kind === 'end' ? `${decider.tier.name} ${decider.isolating.map(nameOfPolicy).join()}` : decider.kind;
}

/** Equal for rules that are told in the same words. */
function nameOfRule({ origin }: Pick<Rule, 'origin'>): string {
  return `${refKey(origin.policy)} ${fieldOfOrigin(origin)}`;
}

function nameOfPolicy({ ref }: Pick<Policy, 'ref'>): string {
  return refKey(ref);
}

/** The policies of some deciders and rules, to show beside a finding. */
export function relatedRules(context: LintContext, rules: readonly Pick<Rule, 'origin' | 'action'>[]): readonly DraftRelated[] {
  const seen = new Set<string>();
  return rules.slice(0, namedMax).flatMap(({ origin, action }): DraftRelated[] => {
    const about = context.policyOf(origin.policy);
    const field = fieldOfOrigin(origin);
    if (about === undefined || seen.has(`${about.name} ${field}`)) return [];
    seen.add(`${about.name} ${field}`);
    return [{ about, field, message: `the rule that ${pastWords[action]} it` }];
  });
}

const pastWords = { allow: 'allows', deny: 'denies', pass: 'passes on', log: 'logs' } as const;

/** The policy of a part and the field of it; undefined for what is no object that is looked at. */
export function placeOfPart(
  context: LintContext,
  part: PolicyPart | RulePart,
): { readonly about: LintPolicy; readonly field?: string } | undefined {
  const about = context.policyOf(part.ref);
  if (about === undefined || about.isRefused) return undefined;
  return 'origin' in part ? { about, field: fieldOfOrigin(part.origin) } : { about };
}

/** `this rule` or `this peer`. */
export function wordOf({ kind }: RulePart): string {
  return kind === 'rule' ? 'this rule' : 'this peer';
}

/** `a, b, c and 2 more`: each name once. */
function listed<T>(items: readonly T[], nameOf: (item: T) => string, tell: (item: T) => string): string {
  const distinct = [...new Map(items.map((item) => [nameOf(item), item])).values()];
  const told = distinct.slice(0, namedMax).map(tell);
  const more = distinct.length - namedMax;
  if (more > 0) return `${told.join(', ')} and ${more} more`;
  return told.length < 2 ? (told[0] ?? '') : `${told.slice(0, -1).join(', ')} and ${told.at(-1) ?? ''}`;
}
