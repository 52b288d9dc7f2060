/** `-h`: what a group has, or how a command is called. */
import type { Argument } from './argument.ts';
import { type AzCommand, globalArguments } from './az-command.ts';
import { type CommandTree, type NamedCommand, nextWords } from './command-tree.ts';

/** The text, with a line break at the end. */
export function renderHelp(tree: CommandTree, { words, command }: NamedCommand): string {
  return command === undefined ? groupHelp(tree, words) : commandHelp(command);
}

function groupHelp(tree: CommandTree, named: string): string {
  const about =
    named === '' ? 'Weir’s az: the commands of azure-cli that managed clusters of this machine need' : summaryOf(tree.groups, named);
  const below = nextWords(tree, named).map((word) => [word, named === '' ? word : `${named} ${word}`] as const);
  const isCommand = (words: string): boolean => tree.commands.some((each) => each.words === words);
  const section = (title: string, among: readonly Summarized[], isIn: (words: string) => boolean): readonly string[] => {
    const rows = below.filter(([, words]) => isIn(words)).map(([word, words]) => [word, summaryOf(among, words)] as const);
    return rows.length === 0 ? [] : [title, ...columns(rows), ''];
  };
  return [
    '\nGroup',
    `    az${named === '' ? '' : ` ${named}`} : ${about}.\n`,
    ...section('Subgroups:', tree.groups, (words) => !isCommand(words)),
    ...section('Commands:', tree.commands, isCommand),
    '',
  ].join('\n');
}

/** A command or a group. */
interface Summarized {
  readonly words: string;
  readonly summary: string;
}

function summaryOf(among: readonly Summarized[], words: string): string {
  return among.find((each) => each.words === words)?.summary ?? '';
}

function commandHelp({ words, summary, arguments: own, examples = [] }: AzCommand): string {
  const isMandatory = ({ isRequired }: Argument): boolean => isRequired;
  const rows = (list: readonly Argument[]): readonly string[] => columns(list.map((each) => [each.options.join(' '), described(each)]));
  return [
    '\nCommand',
    `    az ${words} : ${summary}.\n`,
    'Arguments',
    ...rows([...own.filter(isMandatory), ...own.filter((each) => !isMandatory(each))]),
    '\nGlobal Arguments',
    ...rows([...globalArguments, helpArgument]),
    ...(examples.length === 0 ? [] : ['\nExamples', ...examples.map((example) => `    ${example}`)]),
    '',
    '',
  ].join('\n');
}

const helpArgument: Argument = {
  options: ['--help', '-h'],
  name: 'help',
  arity: 'none',
  type: 'text',
  summary: 'Show this text',
  isRequired: false,
  repeats: false,
};

function described({ summary, choices, isRequired }: Argument): string {
  const allowed = choices === undefined ? '' : ` Allowed values: ${choices.join(', ')}.`;
  return `${summary}.${isRequired ? ' [Required]' : ''}${allowed}`;
}

function columns(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `    ${name.padEnd(width)} : ${text}`);
}
