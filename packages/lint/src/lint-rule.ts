/** What a rule of the linter is: an id, a severity and a check that gives findings without their places. */
import type { LintContext } from './context/lint-context.ts';
import type { LintObject } from './context/lint-object.ts';
import type { FilePart, Severity } from './finding.ts';

/** A change of one field of an object, as data; what a text needs for it is found where it is written. */
export type FieldChange =
  /** Takes a member out of a list, or a field out of an object. */
  | { readonly kind: 'remove'; readonly field: string }
  /** Puts another scalar, or `{}`, in the place of a value. */
  | { readonly kind: 'replace'; readonly field: string; readonly value: string | number | Readonly<Record<string, never>> }
  /** Puts a member at the end of a list of scalars or of small objects. */
  | { readonly kind: 'append'; readonly list: string; readonly value: string | Readonly<Record<string, string | number>> };

/** What a rule wants to change; it is no fix where the objects do not come from files. */
export interface DraftFix {
  readonly description: string;
  /** See `Fix.isSafe`. */
  readonly isSafe: boolean;
  readonly changes: readonly FieldChange[];
}

/** Something else that a finding is about. */
export interface DraftRelated {
  readonly message: string;
  readonly about: LintObject;
  readonly field?: string;
}

/** What a rule says; the linter adds the rule, the severity and the places. */
export interface DraftFinding {
  /** What it is about; a file, with its place, where that is no object. */
  readonly about: LintObject | { readonly part: FilePart };
  /** Absent: the object as a whole. */
  readonly field?: string;
  readonly message: string;
  readonly action: string;
  /** Where this finding is worse, or less bad, than most of its rule. */
  readonly severity?: Severity;
  readonly related?: readonly DraftRelated[];
  readonly fix?: DraftFix;
}

/** One rule. */
export interface LintRule {
  /** Stable, in kebab-case; also the name of its page, `docs/lint/<id>.md`. */
  readonly id: string;
  /** What it finds, in a few words: `a selector that matches no pod`. */
  readonly title: string;
  readonly severity: Severity;
  /** Gives what it finds, in any order. */
  check(context: LintContext): Iterable<DraftFinding>;
}

/** What a rule finds; it is asked once, whoever wants to know. */
export function draftsOf(rule: LintRule, context: LintContext): readonly DraftFinding[] {
  return context.once(`drafts of ${rule.id}`, () => [...rule.check(context)]);
}
