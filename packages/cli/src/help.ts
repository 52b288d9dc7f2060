/** The help of a command, made from its definition. */
import { type Command, commonOptions, type OptionDefinition } from './command.ts';

/** The whole help text of the command that `path` names. */
export function renderHelp(command: Command, path: readonly string[]): string {
  const sections = [
    usageLine(command, path),
    command.summary,
    command.description,
    commandList(command),
    optionList('Options', command.options),
  ];
  sections.push(optionList('Common options', commonOptions), exampleList(command), exitCodes(command));
  return `${sections.filter((section) => section !== undefined && section !== '').join('\n\n')}\n`;
}

function usageLine(command: Command, path: readonly string[]): string {
  const words = ['weir', ...path];
  if (command.subcommands !== undefined) words.push('COMMAND');
  if (command.positionals !== undefined) words.push(command.positionals);
  words.push('[options]');
  return `Usage: ${words.join(' ')}`;
}

function commandList(command: Command): string | undefined {
  const visible = (command.subcommands ?? []).filter((subcommand) => !subcommand.hidden);
  if (visible.length === 0) return undefined;
  return `Commands:\n${aligned(visible.map((subcommand) => [subcommand.name, subcommand.summary]))}`;
}

function optionList(title: string, options: Readonly<Record<string, OptionDefinition>> | undefined): string | undefined {
  if (options === undefined || Object.keys(options).length === 0) return undefined;
  const rows = Object.entries(options).map(([name, option]): [string, string] => {
    const short = option.short === undefined ? '    ' : `-${option.short}, `;
    const value = option.type === 'string' ? ` ${option.values?.join('|') ?? option.placeholder ?? 'VALUE'}` : '';
    const notes = [option.summary];
    if (option.multiple === true) notes.push('may be repeated');
    if (option.default !== undefined) notes.push(`default ${option.default}`);
    return [`${short}--${name}${value}`, notes.join('; ')];
  });
  return `${title}:\n${aligned(rows)}`;
}

function exampleList(command: Command): string | undefined {
  if (command.examples === undefined) return undefined;
  return `Examples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`;
}

function exitCodes(command: Command): string | undefined {
  if (command.run === undefined) return undefined;
  return 'Exit codes: 0 done · 1 done, and the answer is no · 2 wrong usage or input · 3 not found · 4 the machine cannot · 70 a fault of ours';
}

function aligned(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
