/**
 * Runs of rules: the pieces that programs are made of.
 *
 * A program can have ten thousand rules, of which a change concerns one. A run's key is made of the keys of
 * its rules and a program's of the keys of its runs (a hash tree), and nothing but what differs from the
 * program before is hashed anew.
 */
import { contentKey } from '../delta/content-key.ts';
import type { ContentKey, ProgramRule } from '../delta/delta.ts';
import type { SetSpec } from '../delta/set-spec.ts';
import { endsPiece, type Piece, piecesOf } from './pieces.ts';
import { ruleText } from './render-rule.ts';

/** A rule of programs with its key. */
export interface KeyedRule {
  readonly rule: ProgramRule;
  readonly key: ContentKey;
  readonly endsRun: boolean;
  /** The sets that the rule refers to. */
  readonly specs: readonly SetSpec[];
}

/** Rules that follow each other. */
export interface RuleRun extends Piece<KeyedRule> {
  readonly key: ContentKey;
}

/** The rule with its key. */
export function keyedRule(rule: ProgramRule, specs: readonly SetSpec[]): KeyedRule {
  const key = contentKey(ruleText(rule));
  return { rule, key, endsRun: endsPiece(hashOf(key)), specs };
}

/** The rules cut into runs; known ones, by their first rule, are taken where they are the same. */
export function runsOf(rules: readonly KeyedRule[], known: ReadonlyMap<KeyedRule, RuleRun>): RuleRun[] {
  return piecesOf(rules, { isLast: ({ endsRun }) => endsRun, known, make: runOf });
}

/** Keys of rules hold no line break, and none begins as those of runs do. */
function runOf(items: readonly KeyedRule[]): RuleRun {
  return { items, key: contentKey(`run ${items.map(({ key }) => key).join('\n')}`) };
}

function hashOf(key: ContentKey): number {
  let hash = 0;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return hash;
}
