/** The tree of an expression. Operators are calls with cel-go's names, for example `_+_` and `_&&_`. */
import type { CelValue } from '../values/cel-value.ts';
import type { CelType } from './cel-type.ts';

/** The macros over lists and maps; the names are those of the calls. */
export type MacroName = 'all' | 'exists' | 'exists_one' | 'map' | 'filter' | 'transformList' | 'transformMap' | 'optMap' | 'optFlatMap';

/** A macro over the members of a range; variables are the member, or the index (key) and the member. */
export interface Comprehension {
  readonly kind: 'comprehension';
  readonly macro: MacroName;
  readonly range: CelNode;
  readonly variables: readonly string[];
  readonly condition: CelNode | undefined;
  readonly body: CelNode | undefined;
  readonly offset: number;
}

/** One node; `offset` is its place in the text. */
export type CelNode =
  | { readonly kind: 'literal'; readonly value: CelValue; readonly type: CelType; readonly offset: number }
  | { readonly kind: 'identifier'; readonly name: string; readonly offset: number }
  /** `operand.field`, `operand.?field` (optional) or `has(operand.field)` (test). */
  | {
      readonly kind: 'select';
      readonly operand: CelNode;
      readonly field: string;
      readonly mode: 'value' | 'optional' | 'test';
      readonly offset: number;
    }
  | { readonly kind: 'call'; readonly name: string; readonly target?: CelNode; readonly args: readonly CelNode[]; readonly offset: number }
  | { readonly kind: 'list'; readonly items: readonly { readonly node: CelNode; readonly optional: boolean }[]; readonly offset: number }
  | {
      readonly kind: 'map';
      readonly entries: readonly { readonly key: CelNode; readonly value: CelNode; readonly optional: boolean }[];
      readonly offset: number;
    }
  | Comprehension;
