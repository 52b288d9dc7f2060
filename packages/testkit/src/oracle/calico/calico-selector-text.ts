/**
 * The oracle's own reading of Calico's selector expressions, from the documentation of the language: a text becomes a
 * predicate over one flat space of labels.
 *
 * `or := and ("||" and)*`, `and := op ("&&" op)*`, `op := "!"* (has(label) | all() | global() | "(" or ")" | label binop)`.
 */

/** Labels of an endpoint or a set with the prefixes that Calico gives them. */
export type FlatLabels = ReadonlyMap<string, string>;

/** Whether labels satisfy an expression. */
export type LabelPredicate = (labels: FlatLabels) => boolean;

const namespaceLabel = 'projectcalico.org/namespace';

/** Reads an expression of which every label gets the prefix; an Error where the text is none, since worlds are valid. */
export function readSelectorText(text: string, prefix: '' | 'pcns.' | 'pcsa.' = ''): LabelPredicate {
  const reader = new SelectorReader(text, prefix);
  return reader.whole();
}

class SelectorReader {
  readonly #text: string;
  readonly #prefix: string;
  #at = 0;

  constructor(text: string, prefix: string) {
    this.#text = text;
    this.#prefix = prefix;
  }

  whole(): LabelPredicate {
    if (this.#take(/[ \t]*$/y) !== undefined) return () => true;
    const predicate = this.#either();
    this.#need(/[ \t]*$/y);
    return predicate;
  }

  #either(): LabelPredicate {
    const parts = [this.#both()];
    while (this.#take(/[ \t]*\|\|/y) !== undefined) parts.push(this.#both());
    return (labels) => parts.some((part) => part(labels));
  }

  #both(): LabelPredicate {
    const parts = [this.#operation()];
    while (this.#take(/[ \t]*&&/y) !== undefined) parts.push(this.#operation());
    return (labels) => parts.every((part) => part(labels));
  }

  /** `!` "covers the whole operation": what follows a label is negated, too. */
  #operation(): LabelPredicate {
    if (this.#take(/[ \t]*!/y) !== undefined) {
      const negated = this.#operation();
      return (labels) => !negated(labels);
    }
    if (this.#take(/[ \t]*\(/y) !== undefined) {
      const inner = this.#either();
      this.#need(/[ \t]*\)/y);
      return inner;
    }
    if (this.#take(/[ \t]*all\([ \t]*\)/y) !== undefined)
      return this.#prefix === 'pcns.' ? (labels) => labels.has(namespaceLabel) : () => true;
    if (this.#take(/[ \t]*global\([ \t]*\)/y) !== undefined) return (labels) => !labels.has(namespaceLabel);
    const asked = this.#take(/[ \t]*has\([ \t]*([A-Za-z0-9_./-]+)[ \t]*\)/y);
    if (asked !== undefined) {
      const key = this.#prefix + asked;
      return (labels) => labels.has(key);
    }
    return this.#comparison(this.#prefix + this.#need(/[ \t]*([A-Za-z0-9_./-]+)/y));
  }

  /** "Absent label: != and not in are true, all others false." */
  #comparison(key: string): LabelPredicate {
    const operator = this.#need(/[ \t]*(==|!=|contains\b|starts ?with\b|ends ?with\b|not ?in\b|in\b)/y).replace(' ', '');
    if (operator === 'in' || operator === 'notin') {
      const values = this.#values();
      const isIn: LabelPredicate = (labels) => values.includes(labels.get(key) ?? Number.NaN);
      return operator === 'in' ? isIn : (labels) => !isIn(labels);
    }
    const value = this.#literal();
    const test = (check: (actual: string) => boolean): LabelPredicate => {
      return (labels) => {
        const actual = labels.get(key);
        return actual !== undefined && check(actual);
      };
    };
    if (operator === 'contains') return test((actual) => actual.includes(value));
    if (operator === 'startswith') return test((actual) => actual.startsWith(value));
    if (operator === 'endswith') return test((actual) => actual.endsWith(value));
    const equals = test((actual) => actual === value);
    return operator === '==' ? equals : (labels) => !equals(labels);
  }

  #values(): readonly (string | number)[] {
    this.#need(/[ \t]*\{/y);
    const values: string[] = [];
    while (this.#take(/[ \t]*\}/y) === undefined) {
      values.push(this.#literal());
      this.#take(/[ \t]*,/y);
    }
    return values;
  }

  #literal(): string {
    return this.#need(/[ \t]*("[^"]*"|'[^']*')/y).slice(1, -1);
  }

  /** What the pattern finds here: its group, else all of it. */
  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at = pattern.lastIndex;
    return found[1] ?? found[0];
  }

  #need(pattern: RegExp): string {
    const found = this.#take(pattern);
    if (found === undefined) throw new Error(`not a selector: ${this.#text} at ${this.#at}`);
    return found;
  }
}
