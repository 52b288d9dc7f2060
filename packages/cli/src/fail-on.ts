/**
 * `--fail-on WHAT`: which answers of a command make its exit code 1. One option with one grammar for every command that
 * a pipeline asks: words for what the command may answer, and `never`.
 */
import type { OptionDefinition, OptionValues } from './command.ts';
import { type ExitCode, exitCode } from './exit-code.ts';

/** What a command's option is like. */
export interface FailOnDefinition {
  /** What counts without the option: one of the words or `never`; or a sentence, where that depends on something else. */
  readonly usual: string;
  /** What the words mean, for the help. */
  readonly summary: string;
  /** Words of earlier releases, each with the one that took its place. */
  readonly formerly?: Readonly<Record<string, string>>;
}

/** The option of a command, as the last one of its own. */
export function failOnOption(
  words: readonly string[],
  { usual, summary, formerly }: FailOnDefinition,
): Readonly<Record<'fail-on', OptionDefinition>> {
  const values = [...words, 'never'];
  const given = values.includes(usual) ? { summary, default: usual } : { summary: `${summary}; default ${usual}` };
  return { 'fail-on': { type: 'string', values, ...given, ...(formerly === undefined ? {} : { formerly }) } };
}

/** The exit code: 1 where what was asked for is among the answers. `usual` is needed where the option has no default of its own. */
export function failOnCode(options: OptionValues, answers: Readonly<Record<string, boolean>>, usual = 'never'): ExitCode {
  return answers[options.text('fail-on') ?? usual] === true ? exitCode.no : exitCode.done;
}
