/** What is found by deciding every flow of the pods that there are, computed once for all rules of this folder. */
import type { Policy } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import { clusterWalks } from './cluster-walks.ts';
import type { Without } from './decision-walk.ts';
import { findOneSided, type OneSided } from './one-sided.ts';
import { type PolicyPart, type PolicyParts, partsOf, type RulePart } from './policy-part.ts';
import { findSpareParts, WalkIndex } from './spare-parts.ts';
import { kindOfSpare, reasonOf, type SpareKind, type SpareReason, withoutBut } from './spare-reasons.ts';
import { findTiedPolicies, type TiedPolicies } from './tied-policies.ts';

/** A policy that decides nothing. */
interface SparePolicy {
  readonly part: PolicyPart;
  readonly reason: SpareReason;
  /** The policies because of which its pods are isolated without it too. */
  readonly isolating: readonly Policy[];
}

/** A rule, or a peer, that decides nothing. */
interface SpareRule {
  readonly part: RulePart;
  readonly kind: SpareKind;
  readonly reason: SpareReason;
}

/** Everything that is found. */
interface SemanticFindings {
  readonly policies: readonly SparePolicy[];
  readonly rules: readonly SpareRule[];
  readonly oneSided: readonly OneSided[];
  readonly tied: readonly TiedPolicies[];
}

/** The findings of a context. */
export function semanticFindings(context: LintContext): SemanticFindings {
  return context.once('semantics', () => {
    const { snapshot } = context;
    const walks = clusterWalks(snapshot);
    const index = new WalkIndex(walks);
    const parts = partsOf(snapshot.world);
    const spare = findSpareParts(parts, index, protectsPodsToCome);
    const tied = findTiedPolicies(walks);
    const unsettled = new Set(tied.flatMap(({ first, second }) => [first.policy, second.policy]));
    // Which of two tied policies decides is not settled, so neither is called spare because of the other.
    const isSettled = ({ policies }: PolicyPart): boolean => !policies.some((policy) => unsettled.has(policy));
    const toldOf = (part: RulePart, without: Without = spare.without): SpareRule => {
      const reason = reasonOf(part, index, without);
      return { part, reason, kind: kindOfSpare(part, reason, index.asking(part)) };
    };
    // Of a policy with rules that are never heard these say more.
    const rulesOf = new Map(parts.map(({ policy, rules }) => [policy, rules]));
    const unheardIn = (policy: PolicyParts['policy']): SpareRule[] =>
      (rulesOf.get(policy) ?? [])
        .map(({ whole }) => toldOf(whole, withoutBut(spare.without, policy)))
        .filter(({ kind }) => kind === 'shadowed' || kind === 'unreachable');
    const policies = spare.policies.filter(isSettled).map((part) => ({ part, unheard: unheardIn(part) }));
    return {
      policies: policies
        .filter(({ unheard }) => unheard.length === 0)
        .map(({ part }) => ({
          part,
          reason: reasonOf(part, index, spare.without),
          isolating: index.isolatingBeside(part, spare.without),
        })),
      rules: [...policies.flatMap(({ unheard }) => unheard), ...spare.rules.filter(isSettled).map((part) => toldOf(part))],
      oneSided: findOneSided(parts, index, spare.without),
      tied,
    };
  });
}

/** A default deny of a namespace or of the cluster is there for pods that nobody has written a policy for yet. */
function protectsPodsToCome({ policies, rules }: PolicyPart): boolean {
  return (
    rules.size === 0 &&
    policies.every(({ subject }) => {
      const parts = subject.kind === 'and' ? subject.of : [subject];
      return parts.every((part) => part.kind === 'all' || (part.kind === 'in' && part.label.space === 'reserved'));
    })
  );
}
