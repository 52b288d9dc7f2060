/**
 * `.weir-lint.yaml`: reads and checks it. What it does not know is an error with its place, never passed over: a
 * misspelt rule would be a rule that nobody turned off.
 */
import type { TextPosition } from '@weir/kube';
import { isMap, isNode, isScalar, isSeq, type Node } from 'yaml';
import { type FilePart, type Severity, severities } from '../finding.ts';
import { fieldAt, SourceFile } from '../source/source-file.ts';
import { type IgnoreEntry, type LintConfiguration, pagesAddress } from './configuration.ts';

/** Something in the file that cannot be meant. */
export interface ConfigurationProblem {
  readonly message: string;
  readonly position: TextPosition;
}

/** What the file says, and what is wrong with it. */
export interface ReadConfiguration {
  readonly configuration: LintConfiguration;
  readonly problems: readonly ConfigurationProblem[];
}

/** Reads the text; `isRule` knows the ids of rules. */
export function readLintConfiguration(text: string, file: string, isRule: (id: string) => boolean): ReadConfiguration {
  return new ConfigurationReader(new SourceFile(file, text), isRule).read();
}

const limits: readonly string[] = [...severities, 'never'];

class ConfigurationReader {
  readonly #source: SourceFile;
  readonly #isRule: (id: string) => boolean;
  readonly #problems: ConfigurationProblem[] = [];

  constructor(source: SourceFile, isRule: (id: string) => boolean) {
    this.#source = source;
    this.#isRule = isRule;
  }

  read(): ReadConfiguration {
    const [root] = this.#source.roots;
    for (const { message, line, column } of this.#source.errors) this.#problem(message, { line, column });
    if (root === undefined || this.#source.errors.length > 0) return { configuration: {}, problems: this.#problems };
    const fields = this.#fieldsOf(root, ['fail-on', 'rules', 'ignore', 'pages']);
    const failOn = this.#textOf(fields.get('fail-on'));
    if (failOn !== undefined && !limits.includes(failOn)) this.#complain(`fail-on is one of ${limits.join(', ')}`, fields.get('fail-on'));
    const rules = this.#rulesOf(fields.get('rules'));
    const ignore = this.#ignoresOf(fields.get('ignore'));
    const written = this.#textOf(fields.get('pages'));
    const pages = written === undefined ? undefined : pagesAddress(written);
    if (written !== undefined && pages === undefined)
      this.#complain('pages is an address, such as https://example.org/weir/docs/lint', fields.get('pages'));
    const configuration = {
      ...(failOn === undefined ? {} : { failOn: failOn as Severity | 'never' }),
      ...(rules === undefined ? {} : { rules }),
      ...(ignore === undefined ? {} : { ignore }),
      ...(pages === undefined ? {} : { pages }),
    };
    return { configuration, problems: this.#problems };
  }

  #rulesOf(node: Node | undefined): ReadonlyMap<string, Severity | 'off'> | undefined {
    if (node === undefined) return undefined;
    const rules = new Map<string, Severity | 'off'>();
    for (const [id, value] of this.#fieldsOf(node)) {
      const severity = this.#textOf(value);
      if (!this.#isRule(id)) this.#complain(`there is no rule ${id}`, fieldAt(node, id)?.key ?? node);
      else if (severity === 'off' || severities.includes(severity as Severity)) rules.set(id, severity as Severity | 'off');
      else this.#complain(`a rule is ${severities.join(', ')} or off`, value);
    }
    return rules;
  }

  #ignoresOf(node: Node | undefined): readonly IgnoreEntry[] | undefined {
    if (node === undefined) return undefined;
    if (!isSeq(node)) {
      this.#complain('ignore is a list', node);
      return undefined;
    }
    return node.items.flatMap((item): IgnoreEntry[] => {
      if (!isNode(item)) return [];
      const fields = this.#fieldsOf(item, ['rule', 'object', 'file', 'reason']);
      const [rule, object, file, reason = ''] = ['rule', 'object', 'file', 'reason'].map((name) => this.#textOf(fields.get(name)));
      if (rule === undefined || (rule !== '*' && !this.#isRule(rule))) {
        this.#complain(rule === undefined ? 'say which rule is ignored' : `there is no rule ${rule}`, fields.get('rule') ?? item);
        return [];
      }
      if (reason.trim() === '') {
        this.#complain(`say for which reason ${rule} is ignored`, item);
        return [];
      }
      if (rule === '*' && object === undefined && file === undefined) {
        this.#complain('say of which object or file all rules are ignored', item);
        return [];
      }
      const place = this.#partOf(item);
      return [{ rule, reason, place, ...(object === undefined ? {} : { object }), ...(file === undefined ? {} : { file }) }];
    });
  }

  /** The fields of a map with their values; others than those that are known are problems. */
  #fieldsOf(node: Node, known?: readonly string[]): ReadonlyMap<string, Node | undefined> {
    const fields = new Map<string, Node | undefined>();
    if (!isMap(node)) {
      if (!isScalar(node) || node.value !== null) this.#complain('this has to be fields with values', node);
      return fields;
    }
    for (const { key, value } of node.items) {
      const name = isScalar(key) ? String(key.value) : '';
      if (known?.includes(name) === false) this.#complain(`there is no field ${name}: ${known.join(', ')}`, isNode(key) ? key : node);
      else fields.set(name, isNode(value) ? value : undefined);
    }
    return fields;
  }

  /** `off` is a boolean to YAML 1.1, and a text here. */
  #textOf(node: Node | undefined): string | undefined {
    if (node === undefined) return undefined;
    if (isScalar(node) && typeof node.value === 'string') return node.value;
    if (isScalar(node) && node.value === false) return 'off';
    this.#complain('this has to be a text', node);
    return undefined;
  }

  #complain(message: string, node: Node | undefined): void {
    const { line, column } = node === undefined ? { line: 1, column: 1 } : this.#partOf(node);
    this.#problem(message, { line, column });
  }

  #problem(message: string, { line, column }: { readonly line: number; readonly column: number }): void {
    this.#problems.push({ message, position: { file: this.#source.name, line, column } });
  }

  #partOf(node: Node): FilePart {
    const [start, end] = node.range ?? [0, 0];
    return this.#source.part(start, end);
  }
}
