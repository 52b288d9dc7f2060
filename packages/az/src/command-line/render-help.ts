/** `-h`: what a group has, or how a command is called. */
import type { Argument } from './argument.ts';
import { type AzCommand, globalArguments } from './az-command.ts';
import { type CommandTree, type NamedCommand, nextWords } from './command-tree.ts';

/** The text, with a line break at the end. */
export function renderHelp(tree: CommandTree, { words, command }: NamedCommand): string {
  return command === undefined ? groupHelp(tree, words) : commandHelp(command);
}

function groupHelp(tree: CommandTree, named: string): string {
  const summaryOf = (words: string): string => [...tree.commands, ...tree.groups].find((each) => each.words === words)?.summary ?? '';
  const about = named === '' ? 'Weir’s az: the commands of azure-cli that managed clusters of this machine need' : summaryOf(named);
  const rows = nextWords(tree, named).map((word) => [word, summaryOf(named === '' ? word : `${named} ${word}`)] as const);
  return [`\nGroup`, `    az${named === '' ? '' : ` ${named}`} : ${about}.\n`, 'Commands:', ...columns(rows), '', ''].join('\n');
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
