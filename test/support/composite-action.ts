/**
 * Runs a composite action as a runner of GitHub does: expressions by GitHub's own library, a shell for each step, and the
 * files by which steps hand on outputs, variables, paths and summaries. Steps that use other actions are not run: they
 * are told, with their inputs.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { parse } from 'yaml';

/** One step of an action. */
export interface ActionStep {
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

/** A composite action as its file says it. */
export interface CompositeAction {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly ActionStep[] };
}

/** Where and on what an action runs. */
export interface ActionCall {
  /** The folder of the action. */
  readonly action: string;
  /** The repository that was checked out. */
  readonly workspace: string;
  /** Where the runner keeps its files. */
  readonly temp: string;
  /** What the workflow gives; for the rest the defaults of the action stand. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The context `github`. */
  readonly github: Readonly<Record<string, unknown>>;
  /** Variables of the runner. */
  readonly env: Readonly<Record<string, string>>;
}

/** What came of it. */
export interface ActionRun {
  readonly conclusion: 'success' | 'failure';
  readonly outputs: Readonly<Record<string, string>>;
  readonly printed: string;
  readonly summary: string;
  /** The steps by their ids (or what they use): run, or passed over. */
  readonly steps: Readonly<Record<string, 'success' | 'failure' | 'skipped'>>;
  /** What steps that use other actions gave to them. */
  readonly used: readonly { readonly uses: string; readonly with: Readonly<Record<string, string>> }[];
}

/** Reads the file of an action. */
export function readAction(folder: string): CompositeAction {
  return parse(readFileSync(join(folder, 'action.yml'), 'utf8')) as CompositeAction;
}

/** Runs all steps of an action. */
export function runCompositeAction(call: ActionCall): ActionRun {
  return new Runner(call).run();
}

/** The files by which a step hands something on. */
const commandFiles = ['GITHUB_OUTPUT', 'GITHUB_ENV', 'GITHUB_PATH', 'GITHUB_STEP_SUMMARY', 'GITHUB_STATE'] as const;

class Runner {
  readonly #call: ActionCall;
  readonly #action: CompositeAction;
  readonly #inputs: Record<string, string> = {};
  readonly #outputs: Record<string, { outputs: Record<string, string>; outcome: string; conclusion: string }> = {};
  readonly #steps: Record<string, 'success' | 'failure' | 'skipped'> = {};
  readonly #used: { uses: string; with: Record<string, string> }[] = [];
  readonly #env: Record<string, string>;
  #hasFailed = false;
  #printed = '';
  #summary = '';

  constructor(call: ActionCall) {
    this.#call = call;
    this.#action = readAction(call.action);
    this.#env = { ...call.env };
    for (const [name, input] of Object.entries(this.#action.inputs)) this.#inputs[name] = call.inputs[name] ?? this.#filled(input.default);
  }

  run(): ActionRun {
    mkdirSync(this.#call.temp, { recursive: true });
    for (const [i, step] of this.#action.runs.steps.entries()) this.#step(step, i);
    const outputs = Object.entries(this.#action.outputs).map(([name, { value }]) => [name, this.#filled(value)] as const);
    return {
      conclusion: this.#hasFailed ? 'failure' : 'success',
      outputs: Object.fromEntries(outputs),
      printed: this.#printed,
      summary: this.#summary,
      steps: this.#steps,
      used: this.#used,
    };
  }

  #step(step: ActionStep, at: number): void {
    const name = step.id ?? step.uses ?? `step ${at}`;
    const condition = step.if ?? 'success()';
    const isAsked = /\b(success|failure|always|cancelled)\(/.test(condition);
    if (!this.#isTrue(isAsked ? condition : `success() && (${condition})`)) {
      this.#told(name, 'skipped', {});
      return;
    }
    if (step.uses === undefined) this.#shell(step, name, at);
    else {
      this.#used.push({ uses: step.uses, with: this.#filledAll(step.with ?? {}) });
      this.#told(name, 'success', {});
    }
  }

  #shell(step: ActionStep, name: string, at: number): void {
    const files = Object.fromEntries(commandFiles.map((file) => [file, join(this.#call.temp, `${file.toLowerCase()}-${at}`)]));
    for (const file of Object.values(files)) writeFileSync(file, '');
    const script = join(this.#call.temp, `step-${at}.sh`);
    writeFileSync(script, this.#filled(step.run ?? ''));
    const { status, stdout, stderr } = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: this.#call.workspace,
      encoding: 'utf8',
      env: {
        ...this.#env,
        ...files,
        CI: 'true',
        GITHUB_ACTIONS: 'true',
        GITHUB_ACTION_PATH: this.#call.action,
        GITHUB_WORKSPACE: this.#call.workspace,
        RUNNER_TEMP: this.#call.temp,
        ...this.#filledAll(step.env ?? {}),
      },
    });
    this.#printed += stdout + stderr;
    const read = (file: (typeof commandFiles)[number]): string => readFileSync(files[file] ?? '', 'utf8');
    this.#summary += read('GITHUB_STEP_SUMMARY');
    Object.assign(this.#env, readPairs(read('GITHUB_ENV')));
    const added = read('GITHUB_PATH').split('\n').filter(Boolean);
    this.#env['PATH'] = [...added.reverse(), this.#env['PATH'] ?? ''].join(delimiter);
    this.#told(name, status === 0 ? 'success' : 'failure', readPairs(read('GITHUB_OUTPUT')));
  }

  #told(name: string, outcome: 'success' | 'failure' | 'skipped', outputs: Record<string, string>): void {
    this.#steps[name] = outcome;
    this.#outputs[name] = { outputs, outcome, conclusion: outcome };
    if (outcome === 'failure') this.#hasFailed = true;
  }

  #filledAll(texts: Readonly<Record<string, string>>): Record<string, string> {
    return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, this.#filled(text)]));
  }

  /** A text with the values of its expressions. */
  #filled(text: string): string {
    return text.replaceAll(/\$\{\{([\s\S]*?)\}\}/g, (_, expression: string) => this.#evaluate(expression).coerceString());
  }

  #isTrue(condition: string): boolean {
    const value = this.#evaluate(condition.replace(/^\s*\$\{\{([\s\S]*)\}\}\s*$/, '$1'));
    const text = value.coerceString();
    return text !== '' && text !== 'false' && text !== '0';
  }

  #evaluate(expression: string): data.ExpressionData {
    const { github, temp } = this.#call;
    const contexts = { github, inputs: this.#inputs, steps: this.#outputs, env: this.#env, runner: { temp, os: 'Linux' } };
    const states = { success: !this.#hasFailed, failure: this.#hasFailed, always: true, cancelled: false };
    const functions = Object.entries(states).map(([name, is]) => ({
      name,
      minArgs: 0,
      maxArgs: 0,
      call: (): data.ExpressionData => new data.BooleanData(is),
    }));
    const { tokens } = new Lexer(expression.trim()).lex();
    const parsed = new Parser(tokens, Object.keys(contexts), functions).parse();
    const known = JSON.parse(JSON.stringify(contexts), data.reviver) as data.Dictionary;
    return new Evaluator(parsed, known, new Map(functions.map((each) => [each.name, each]))).evaluate();
  }
}

/** `name=value` and `name<<END … END` of a file of commands. */
function readPairs(text: string): Record<string, string> {
  const pairs: Record<string, string> = {};
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const [, name = '', end = ''] = /^([^=<]+)<<(.+)$/.exec(line) ?? [];
    if (name !== '') {
      const last = lines.indexOf(end, i + 1);
      if (last < 0) throw new Error(`the value of ${name} has no end`);
      pairs[name] = lines.slice(i + 1, last).join('\n');
      i = last;
    } else if (line !== '') {
      const at = line.indexOf('=');
      if (at < 1) throw new Error(`'${line}' gives no value to a name`);
      pairs[line.slice(0, at)] = line.slice(at + 1);
    }
  }
  return pairs;
}
