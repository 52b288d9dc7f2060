/** Rules about parts of policies that decide nothing: redundant, shadowed, behind the end of a tier, and whole policies. */
import type { Origin, Rule, Side } from '@weir/model';
import type { LintContext } from '../../context/lint-context.ts';
import { fieldOfOrigin, type LintPolicy } from '../../context/lint-policy.ts';
import { type DraftFinding, type DraftFix, draftsOf, type LintRule } from '../../lint-rule.ts';
import { coveredEntry } from '../policies/covered-entry.ts';
import { duplicateEntry } from '../policies/duplicate-entry.ts';
import { isEverybody } from '../policies/open-rules.ts';
import { duplicatePolicy } from '../policies/repeated-objects.ts';
import type { Decider } from './decision-walk.ts';
import type { RulePart } from './policy-part.ts';
import { semanticFindings } from './semantic-findings.ts';
import { placeOfPart, relatedRules, tellDeciders, tellPolicies, wordOf } from './tell-parts.ts';

const doing = { allow: 'allows', deny: 'denies', pass: 'passes on', log: 'logs' } as const;

/** What the same tier decides without it, and what only other tiers do. */
export const redundantRule: LintRule = {
  id: 'redundant-rule',
  title: 'a rule without which every connection is decided as it is with it',
  severity: 'warning',
  *check(context) {
    for (const { part, kind, reason } of semanticFindings(context).rules) {
      const place = placeOfPart(context, part);
      if (place === undefined || (kind !== 'redundant' && kind !== 'agreeing') || isSaidAsWritten(context, place)) continue;
      const deciders = [...reason.before, ...reason.after];
      const word = wordOf(part);
      const open = part.action === 'allow' ? deciders.find((decider) => isOpen(decider, part)) : undefined;
      // Who wrote whom it is for meant nobody else: what is open to all is the mistake, more often than not.
      const fix = kind === 'redundant' && open === undefined ? removalOf(context, part) : undefined;
      yield kind === 'redundant'
        ? {
            ...place,
            message: `${word} changes nothing: ${tellDeciders(context, deciders)} ${doing[part.action]} the same`,
            action:
              open === undefined
                ? 'take it out, or let it say what the other one does not'
                : `let ${tellDeciders(context, [open])} say who is meant: it is open to all; or take this one out`,
            ...relatedTo(context, deciders),
            ...(fix === undefined ? {} : { fix }),
          }
        : {
            ...place,
            severity: 'info',
            message: `${word} changes nothing today: without it the same comes of ${tellDeciders(context, deciders)}`,
            action: 'keep it if it is to hold whatever other policies come to say; else take it out',
            ...relatedTo(context, deciders),
          };
    }
  },
};

/** Another rule decides first, and otherwise. */
export const shadowedRule: LintRule = {
  id: 'shadowed-rule',
  title: 'a rule that never decides, because others decide otherwise before it',
  severity: 'warning',
  *check(context) {
    for (const { part, kind, reason } of semanticFindings(context).rules) {
      const place = placeOfPart(context, part);
      if (place === undefined || kind !== 'shadowed') continue;
      yield {
        ...place,
        message: `${wordOf(part)} never decides: all that it matches is decided before by ${tellDeciders(context, reason.before)}`,
        action: 'put it in front of them, by its place, its order or its tier, or take it out',
        ...relatedTo(context, reason.before),
      };
    }
  },
};

/** A tier in front of it denies what it lets no rule of its own decide. */
export const unreachableRule: LintRule = {
  id: 'unreachable-rule',
  title: 'a rule behind a tier that ends in a denial',
  severity: 'warning',
  *check(context) {
    for (const { part, kind, reason } of semanticFindings(context).rules) {
      const place = placeOfPart(context, part);
      if (place === undefined || kind !== 'unreachable') continue;
      yield {
        ...place,
        message: `${wordOf(part)} is never asked: all that it matches is decided before by ${tellDeciders(context, reason.before)}`,
        action: 'write the rule in the tier that isolates the pods, or pass the traffic on there; else take it out',
        ...relatedTo(context, reason.before),
      };
    }
  },
};

/** A policy as a whole. */
export const redundantPolicy: LintRule = {
  id: 'redundant-policy',
  title: 'a policy without which every connection is decided as it is with it',
  severity: 'info',
  *check(context) {
    for (const { part, reason, isolating } of semanticFindings(context).policies) {
      const place = placeOfPart(context, part);
      if (place === undefined || isSaidAsWritten(context, place)) continue;
      const rules = reason.after.filter(({ kind }) => kind === 'rule');
      const isFree = reason.after.some(({ kind }) => kind === 'not isolated');
      const why = [
        ...(rules.length === 0 ? [] : [`its connections are decided alike by ${tellDeciders(context, rules)}`]),
        ...(isolating.length === 0 ? [] : [`its pods are isolated by ${tellPolicies(context, isolating)}`]),
        ...(isFree ? ['what it allows is allowed without any policy'] : []),
      ];
      yield {
        ...place,
        message: `this policy changes nothing for the pods that there are${why.length === 0 ? ', as others decide in front of it' : `: ${why.join(', and ')}`}`,
        action: 'take it out, or keep it with a reason: for pods to come, or to hold whatever the others come to say',
        ...relatedTo(context, reason.after),
      };
    }
  },
};

function relatedTo(context: LintContext, deciders: readonly Decider[]): Pick<DraftFinding, 'related'> {
  const rules = deciders.flatMap((decider): readonly Rule[] => (decider.kind === 'rule' ? [decider.rule] : []));
  const related = relatedRules(context, rules);
  return related.length === 0 ? {} : { related };
}

/** What the rules about policies as written find already, whatever pods there are: that something is there twice, or covered. */
function isSaidAsWritten(
  context: LintContext,
  { about, field = '' }: Pick<DraftFinding, 'field'> & { readonly about: LintPolicy },
): boolean {
  const said = context.once('said as written', () => {
    const drafts = [duplicateEntry, coveredEntry, duplicatePolicy].flatMap((rule) => draftsOf(rule, context));
    return new Set(drafts.flatMap((draft) => ('part' in draft.about ? [] : [`${draft.about.name} ${draft.field ?? ''}`])));
  });
  return said.has(`${about.name} ${field}`);
}

/** Whether a rule is for everybody, and the part that it makes redundant is not. */
function isOpen(decider: Decider, { rules, direction }: RulePart): boolean {
  const peerOf = ({ match }: Rule): Side => (direction === 'ingress' ? match.source : match.destination);
  return decider.kind === 'rule' && isEverybody(peerOf(decider.rule)) && ![...rules].some((rule) => isEverybody(peerOf(rule)));
}

/**
 * Takes the part out of its list, where another one stays in it: without any, a direction may be isolated no more, and a rule
 * is open to everybody. Pods that are not there to be looked at may be let in by it, so that nobody does it unasked.
 */
function removalOf(context: LintContext, part: RulePart): DraftFix | undefined {
  const { direction, origin } = part;
  if (origin.section !== undefined || origin.peers !== undefined) return undefined;
  const others = semanticFindings(context).rules.filter((one) => one.part.ref === part.ref && one.part.direction === direction);
  const gone = new Set(others.map((one) => fieldOfOrigin(one.part.origin)));
  const written = part.policies.flatMap((policy) => policy[direction]?.rules ?? []);
  const staying = written.filter((rule) => !gone.has(fieldOfOrigin(rule.origin)) && !gone.has(fieldOfOrigin(ruleOf(rule.origin))));
  const inSameList = part.kind === 'rule' ? staying : staying.filter((rule) => rule.origin.ruleIndex === origin.ruleIndex);
  if (inSameList.length === 0) return undefined;
  const field = fieldOfOrigin(origin);
  return { description: `Remove ${field}`, isSafe: false, changes: [{ kind: 'remove', field }] };
}

function ruleOf({ peerIndex: _peer, ...origin }: Origin): Origin {
  return origin;
}
