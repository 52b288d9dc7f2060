/** Prints values by a template of Go's `text/template`. */
import { CalicoctlError } from '../../calicoctl-error.ts';
import { fieldOf, isFields, isTrue, noValue, printed, sortedEntries } from './go-value.ts';
import type { TemplateFunction } from './template-functions.ts';
import type { Action, Body, Branch, Call, Command, Operand, Pipeline, Template } from './template-syntax.ts';
import { templateError } from './template-tokens.ts';

/** Prints `data`. Throws a CalicoctlError that names the line at which it cannot go on. */
export function runTemplate(template: Template, data: unknown, functions: Readonly<Record<string, TemplateFunction>>): string {
  const run = new TemplateRun(template, functions);
  run.body(template.body, data, new Map([['$', { value: data }]]));
  return run.text();
}

/** Templates may call one another no deeper. */
const deepest = 100;
/** More is not printed: a template that never ends would fill the memory. */
const longest = 64 * 1024 * 1024;

/** Variables that can be seen; one that is set is set for all who see it. */
type Scope = ReadonlyMap<string, { value: unknown }>;
/** Why a body ended before its end. */
type Ending = 'break' | 'continue' | undefined;

class TemplateRun {
  readonly #template: Template;
  readonly #functions: Readonly<Record<string, TemplateFunction>>;
  readonly #pieces: string[] = [];
  #length = 0;
  #depth = 0;

  constructor(template: Template, functions: Readonly<Record<string, TemplateFunction>>) {
    this.#template = template;
    this.#functions = functions;
  }

  text(): string {
    return this.#pieces.join('');
  }

  body(body: Body, dot: unknown, outer: Scope): Ending {
    let scope = outer;
    for (const node of body) {
      if (node.kind === 'text') this.#write(node.text);
      else if (node.kind === 'leave') return node.how;
      else {
        const { scope: after, ending } = this.#at(node.line, () => this.#node(node, dot, scope));
        if (ending !== undefined) return ending;
        scope = after;
      }
    }
    return undefined;
  }

  #node(node: Action | Branch | Call, dot: unknown, scope: Scope): { readonly scope: Scope; readonly ending: Ending } {
    if (node.kind === 'template') {
      this.#call(node.name, node.pipeline && this.#value(node.pipeline, dot, scope), node.line);
      return { scope, ending: undefined };
    }
    const value = this.#value(node.pipeline, dot, scope);
    if (node.kind === 'range') return { scope, ending: this.#range(node, value, { dot, scope }) };
    const inner = withVariables(node.pipeline, [value], scope);
    if (node.kind === 'action') {
      if (node.pipeline.variables.length === 0) this.#write(printed(value));
      return { scope: inner, ending: undefined };
    }
    const holds = isTrue(value);
    const innerDot = holds && node.kind === 'with' ? value : dot;
    return { scope, ending: this.body(holds ? node.body : node.otherwise, innerDot, inner) };
  }

  #range(node: Branch, value: unknown, around: { readonly dot: unknown; readonly scope: Scope }): Ending {
    const entries = entriesOf(value);
    if (entries.length === 0) return this.body(node.otherwise, around.dot, around.scope);
    for (const [key, element] of entries) {
      const values = node.pipeline.variables.length === 2 ? [key, element] : [element];
      if (this.body(node.body, element, withVariables(node.pipeline, values, around.scope)) === 'break') break;
    }
    return undefined;
  }

  #call(name: string, value: unknown, line: number): void {
    const body = this.#template.defined.get(name);
    if (body === undefined) throw templateError(line, `template ${JSON.stringify(name)} not defined`);
    if (++this.#depth > deepest) throw templateError(line, 'exceeded maximum template depth');
    this.body(body, value, new Map([['$', { value }]]));
    this.#depth--;
  }

  #value({ commands }: Pipeline, dot: unknown, scope: Scope): unknown {
    return commands.reduce<readonly unknown[]>((given, command) => [this.#command(command, given, { dot, scope })], [])[0];
  }

  #command(command: Command, given: readonly unknown[], seen: { readonly dot: unknown; readonly scope: Scope }): unknown {
    const [first, ...rest] = command;
    if (first?.of.kind !== 'function') {
      if (first === undefined || rest.length > 0 || given.length > 0) throw new CalicoctlError("can't give argument to non-function");
      return this.#operand(first, seen);
    }
    const { name } = first.of;
    const value = (operand: Operand): unknown => this.#operand(operand, seen);
    if (name === 'and' || name === 'or')
      return this.#shortCut(name, [...rest.map((each) => () => value(each)), ...given.map((each) => () => each)]);
    const known = Object.hasOwn(this.#functions, name) ? this.#functions[name] : undefined;
    if (known === undefined) throw new CalicoctlError(`function ${JSON.stringify(name)} not defined`);
    return first.fields.reduce(fieldOf, known(...rest.map(value), ...given));
  }

  #shortCut(name: 'and' | 'or', values: readonly (() => unknown)[]): unknown {
    let value: unknown;
    for (const each of values) {
      value = each();
      if (isTrue(value) === (name === 'or')) return value;
    }
    return value;
  }

  #operand({ of, fields }: Operand, { dot, scope }: { readonly dot: unknown; readonly scope: Scope }): unknown {
    return fields.reduce<unknown>(
      (value, name) => {
        if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' || Array.isArray(value)) {
          throw new CalicoctlError(`can't evaluate field ${name} in ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}`);
        }
        return fieldOf(value, name);
      },
      this.#start(of, dot, scope),
    );
  }

  #start(of: Operand['of'], dot: unknown, scope: Scope): unknown {
    if (of.kind === 'dot') return dot;
    if (of.kind === 'constant') return of.value;
    if (of.kind === 'pipeline') return this.#value(of.pipeline, dot, scope);
    if (of.kind === 'function') return this.#command([{ of, fields: [] }], [], { dot, scope });
    const variable = scope.get(of.name);
    if (variable === undefined) throw new CalicoctlError(`undefined variable ${JSON.stringify(of.name)}`);
    return variable.value;
  }

  #write(text: string): void {
    this.#length += text.length;
    if (this.#length > longest) throw new CalicoctlError(`the template prints more than ${longest} characters`);
    this.#pieces.push(text);
  }

  /** Names the line of what goes wrong, the innermost one. */
  #at<T>(line: number, run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof CalicoctlError && !error.message.startsWith('template: '))
        throw templateError(line, `executing "get": ${error.message}`);
      throw error;
    }
  }
}

function withVariables({ variables, isAssignment }: Pipeline, values: readonly unknown[], scope: Scope): Scope {
  if (variables.length === 0) return scope;
  const inner = new Map(scope);
  variables.forEach((name, at) => {
    const present = scope.get(name);
    if (!isAssignment) inner.set(name, { value: values[at] });
    else if (present === undefined) throw new CalicoctlError(`undefined variable ${JSON.stringify(name)}`);
    else present.value = values[at];
  });
  return inner;
}

function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (Array.isArray(value)) return value.map((element: unknown, at) => [at, element]);
  if (value === undefined || value === noValue) return [];
  if (isFields(value)) return sortedEntries(value);
  throw new CalicoctlError(`range can't iterate over ${printed(value)}`);
}
