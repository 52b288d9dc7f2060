/**
 * Calico's selector expressions as trees, and the texts that stand for them: the canonical form and the identifier.
 *
 * Both are those of Calico, character for character, because other programs store and compare them (libcalico-go
 * `lib/selector/parser`).
 */
import { unreachable } from '@weir/net';

/** An expression. Labels are keys of one flat space, with the prefixes of Calico's other spaces (`pcns.`, `pcsa.`). */
export type CalicoSelector =
  | { readonly kind: 'all' }
  | { readonly kind: 'global' }
  | { readonly kind: 'has'; readonly label: string }
  | { readonly kind: 'text'; readonly label: string; readonly operator: TextOperator; readonly value: string }
  /** `values` is sorted and without duplicates. */
  | { readonly kind: 'set'; readonly label: string; readonly operator: SetOperator; readonly values: readonly string[] }
  | { readonly kind: 'not'; readonly of: CalicoSelector }
  /** Two or more. */
  | { readonly kind: 'and' | 'or'; readonly of: readonly CalicoSelector[] };

/** Operators between a label and one text. */
export type TextOperator = '==' | '!=' | 'contains' | 'starts with' | 'ends with';

/** Operators between a label and a set of texts. */
export type SetOperator = 'in' | 'not in';

/** The text in Calico's canonical form: one space around operators, conjunctions in parentheses, double quotes where they do. */
export function formatCalicoSelector(selector: CalicoSelector): string {
  switch (selector.kind) {
    case 'all':
    case 'global':
      return `${selector.kind}()`;
    case 'has':
      return `has(${selector.label})`;
    case 'text':
      return `${selector.label} ${selector.operator} ${quoted(selector.value)}`;
    case 'set':
      return `${selector.label} ${selector.operator} {${selector.values.map(quoted).join(', ')}}`;
    case 'not':
      return `!${formatCalicoSelector(selector.of)}`;
    case 'and':
      return `(${selector.of.map(formatCalicoSelector).join(' && ')})`;
    case 'or':
      return `(${selector.of.map(formatCalicoSelector).join(' || ')})`;
    default:
      return unreachable(selector);
  }
}

/** Members of a set in the order in which Calico keeps them. */
export function selectorValues(values: readonly string[]): readonly string[] {
  return [...new Set(values)].sort();
}

/** A value comes from a literal in one kind of quotes, so that it never has both kinds. */
function quoted(value: string): string {
  return value.includes('"') ? `'${value}'` : `"${value}"`;
}
