/** All commands: found by their words, told in help, completed. */

import { resourceKinds } from '../resources/resource-kinds.ts';
import type { CalicoctlCommand } from './calicoctl-command.ts';
import { labelCommand, patchCommand } from './change-commands.ts';
import { elsewhereCommands } from './elsewhere-commands.ts';
import { getCommand } from './get-command.ts';
import { ipamShowCommand } from './ipam-show-command.ts';
import { validateCommand } from './validate-command.ts';
import { versionCommand } from './version-command.ts';
import { deleteCommand, writeCommands } from './write-commands.ts';

const commands: readonly CalicoctlCommand[] = [
  ...writeCommands,
  deleteCommand,
  getCommand,
  patchCommand,
  labelCommand,
  validateCommand,
  ipamShowCommand,
  versionCommand,
];

/** The command whose words stand first. */
export function commandOf(given: readonly string[]): CalicoctlCommand | undefined {
  return [...commands, ...elsewhereCommands].find((each) => wordsOf(each).every((word, at) => word === given[at]));
}

/** The words of its name. */
export function wordsOf({ name }: CalicoctlCommand): readonly string[] {
  return name.split(' ');
}

/** The words up to the first one that no command has in its place. */
export function unknownName(given: readonly string[]): string {
  const all = [...commands, ...elsewhereCommands].map(wordsOf);
  let at = 0;
  while (at < given.length && all.some((words) => words.slice(0, at + 1).join(' ') === given.slice(0, at + 1).join(' '))) at++;
  return given.slice(0, at + 1).join(' ');
}

/** What there is. */
export function overviewText(): string {
  const lines = commands.map(({ name, summary }) => `    ${name.padEnd(10)} ${summary}`);
  const elsewhere = elsewhereCommands.map(({ name, summary }) => `    ${name.padEnd(31)} ${summary.replace('Not here: ', '')}`);
  return `Usage:\n  calicoctl <command> [<args>...]\n\n${lines.join('\n')}\n\nNot here, because they are about what Weir does not run:\n${elsewhere.join('\n')}\n`;
}

/** What a command takes. */
export function helpText({ name, summary, usage, options }: CalicoctlCommand): string {
  const rows = options.map(({ name: option, short, placeholder, summary: what }) => {
    const words = `${short === undefined ? '   ' : `-${short} `}--${option}${placeholder === undefined ? '' : `=<${placeholder}>`}`;
    return `  ${words.padEnd(34)} ${what}`;
  });
  const kinds = resourceKinds.map(({ kind }) => `    * ${kind.charAt(0).toLowerCase()}${kind.slice(1)}`);
  return `${summary}.\n\nUsage:\n  calicoctl ${name} ${usage}\n\nOptions:\n${rows.join('\n')}\n\nResource types:\n${kinds.join('\n')}\n`;
}

/** What may come next after `words`; the last of them is being typed. */
export function calicoctlCompletions(words: readonly string[]): readonly string[] {
  const [typed = ''] = words.slice(-1);
  const before = words.slice(0, -1);
  const command = commands.find((each) => wordsOf(each).every((word, at) => word === before[at]));
  if (command === undefined) {
    const next = commands
      .filter((each) => before.every((word, at) => word === wordsOf(each)[at]))
      .map((each) => wordsOf(each)[before.length] ?? '');
    return next.filter((word) => word.startsWith(typed));
  }
  const options = command.options.map(({ name }) => `--${name}`);
  const kinds = command.usage.includes('<KIND>') && words.length === 2 ? resourceKinds.map(({ kind }) => kind.toLowerCase()) : [];
  return [...kinds, ...options].filter((each) => each.startsWith(typed));
}
