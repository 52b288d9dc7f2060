/** What a template of Go's `text/template` is made of, once it has been read. */

/** One piece of a template. */
export type TemplateNode = Text | Action | Branch | Call | LoopEnd;

interface Text {
  readonly kind: 'text';
  readonly text: string;
}

/** What comes out is printed, unless it is kept in a variable. */
export interface Action {
  readonly kind: 'action';
  readonly pipeline: Pipeline;
  readonly line: number;
}

/** One of two bodies; of `range` the first one as often as there are elements. */
export interface Branch {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: Pipeline;
  readonly body: Body;
  readonly otherwise: Body;
  readonly line: number;
}

/** A defined template, with the value that is its dot. */
export interface Call {
  readonly kind: 'template';
  readonly name: string;
  readonly pipeline: Pipeline | undefined;
  readonly line: number;
}

/** Ends the body of the loop around it, or the loop. */
interface LoopEnd {
  readonly kind: 'leave';
  readonly how: 'break' | 'continue';
}

/** Pieces in a row. */
export type Body = readonly TemplateNode[];

/** Commands of which each gets the value of the one before it as its last argument; what comes out may be kept in variables. */
export interface Pipeline {
  /** Names with `$`. */
  readonly variables: readonly string[];
  /** `=` instead of `:=`: the variables are there already. */
  readonly isAssignment: boolean;
  readonly commands: readonly Command[];
}

/** A value, or a function with its arguments: the first operand decides. */
export type Command = readonly Operand[];

/** Something that has a value. `fields` are looked up in it, one after the other. */
export interface Operand {
  readonly of:
    | { readonly kind: 'dot' }
    | { readonly kind: 'variable'; readonly name: string }
    | { readonly kind: 'function'; readonly name: string }
    | { readonly kind: 'constant'; readonly value: string | number | boolean | undefined }
    | { readonly kind: 'pipeline'; readonly pipeline: Pipeline };
  readonly fields: readonly string[];
}

/** A template with those that it defines. */
export interface Template {
  readonly body: Body;
  readonly defined: ReadonlyMap<string, Body>;
}
