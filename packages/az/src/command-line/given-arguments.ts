/** The arguments that a person gave, by name. */
import type { ArgumentValue } from './argument.ts';

/** Reads them; what was left out is undefined, false, or no texts. */
export class GivenArguments {
  readonly #values: ReadonlyMap<string, ArgumentValue>;
  /** The options as they were typed, without values: az tells the server these. */
  readonly typed: readonly string[];

  constructor(values: ReadonlyMap<string, ArgumentValue>, typed: readonly string[] = []) {
    this.#values = values;
    this.typed = typed;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** A required argument: the parser has seen that it is there. */
  required(name: string): string {
    return this.text(name) ?? '';
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.#values.get(name) === true;
  }

  /** Undefined when it was not given; an empty list clears. */
  texts(name: string): readonly string[] | undefined {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly (string | readonly string[])[]).flat() : undefined;
  }

  /** The texts of each time that a repeated argument of several was given. */
  occurrences(name: string): readonly (readonly string[])[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? (value as readonly (readonly string[])[]) : [];
  }
}
