/**
 * What stands for a refused policy of the cluster's administrators of which no version was ever accepted.
 *
 * The API says how to fail closed: a rule that accepts matches nothing, any other denies everything. A direction with any
 * other rule, or with what cannot be read, is denied therefore to whom the policy selects; without a readable subject
 * that is every pod. A tier that cannot be read is the first one.
 */
import { type customObjectReader, isJsonObject, type JsonObject, type KubeObject, objectAt } from '@weir/kube';
import type { Direction, DirectionRules, Policy } from '@weir/model';
import type { PlacedPolicy } from '../policy-api.ts';
import { type AdministratorPolicyKind, type AdministratorTier, administratorPolicyRef } from './administrator-policy.ts';
import { administratorProblems } from './administrator-problems.ts';
import { tierPlaces } from './administrator-tiers.ts';
import { compilePodSelection } from './compile-administrator-rule.ts';

/** How the kind of the object is read. */
interface KindReading {
  readonly kind: AdministratorPolicyKind;
  readonly read: ReturnType<typeof customObjectReader>;
}

/** The closed stand-in; none when no rule of the policy could have denied anything. */
export function closedAdministratorPolicy(object: KubeObject, reading: KindReading): readonly PlacedPolicy[] {
  const { kind } = reading;
  const spec = objectAt({ ...object }, 'spec');
  const rulesOf = (direction: Direction): Partial<Record<Direction, DirectionRules>> => {
    const ruleIndex = spec === undefined ? 0 : firstOther(spec[direction], kind);
    if (ruleIndex === undefined) return {};
    const origin = { policy: administratorPolicyRef(object, kind), direction, ruleIndex };
    return { [direction]: { isolates: false, rules: [{ action: 'deny', match: { source: {}, destination: {} }, origin }] } };
  };
  const policy: Policy = {
    ref: administratorPolicyRef(object, kind),
    // Before all others, whose priorities begin at 0.
    order: -1,
    subject: subjectOf(object, spec, reading),
    staged: false,
    ...rulesOf('ingress'),
    ...rulesOf('egress'),
  };
  if (policy.ingress === undefined && policy.egress === undefined) return [];
  return [{ tier: tierPlaces[tierOf(spec, kind)], policy }];
}

/** The place of the first rule that may not be one that lets traffic through. */
function firstOther(rules: unknown, { allowing }: AdministratorPolicyKind): number | undefined {
  if (rules === undefined || rules === null) return undefined;
  if (!Array.isArray(rules)) return 0;
  const index = rules.findIndex((rule) => !isJsonObject(rule) || rule['action'] !== allowing);
  return index < 0 ? undefined : index;
}

function tierOf(spec: JsonObject | undefined, { tier }: AdministratorPolicyKind): AdministratorTier {
  if (tier !== 'by field') return tier;
  return spec?.['tier'] === 'Baseline' ? 'Baseline' : 'Admin';
}

/** Whom the policy selects, if the subject alone can be read. */
function subjectOf(object: KubeObject, spec: JsonObject | undefined, { kind, read }: KindReading): Policy['subject'] {
  const bare = { ...object, spec: { tier: 'Admin', priority: 0, subject: spec?.['subject'] } };
  const { object: defaulted, errors } = read(bare);
  // Fields that the kind has not are in `bare` for the kinds that have them.
  if (errors.some(({ field }) => field.startsWith('spec.subject') || field === '<nil>')) return { kind: 'all' };
  const policy = kind.read(defaulted as unknown as KubeObject);
  return administratorProblems(policy, kind).length > 0 ? { kind: 'all' } : compilePodSelection(policy.subject);
}
