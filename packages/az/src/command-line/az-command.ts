/** What a command of az is: its words, its arguments, and a function that answers a result. */
import { queryReference } from '../output/query.ts';
import type { ArmClient } from '../session/arm-client.ts';
import type { AzDirectory } from '../session/az-directory.ts';
import type { CloudAccount } from '../session/cloud-account.ts';
import type { SignedIn } from '../session/sign-in.ts';
import type { Terminal } from '../terminal.ts';
import type { Argument } from './argument.ts';
import { argument, flag } from './argument.ts';
import type { GivenArguments } from './given-arguments.ts';

/** What a command works with. */
export interface AzInvocation {
  readonly given: GivenArguments;
  readonly terminal: Terminal;
  /** Where az keeps what it knows between two commands. */
  readonly directory: AzDirectory;
  /** The endpoint, signed in to at the first call. Throws {@link AzError} when nobody is signed in. */
  readonly arm: () => Promise<ArmClient>;
  /** Who is signed in. Throws {@link AzError} when nobody is. */
  readonly signedIn: () => Promise<SignedIn>;
  /** The endpoint of this machine, whoever is signed in. */
  readonly machineCloud: () => Promise<Pick<CloudAccount, 'cloud' | 'base' | 'authority'>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A command. */
export interface AzCommand {
  /** `aks nodepool add`. */
  readonly words: string;
  /** A sentence without its full stop. */
  readonly summary: string;
  readonly arguments: readonly Argument[];
  readonly examples?: readonly string[];
  /** Asked before anything is done, unless `--yes`. */
  readonly confirmation?: string;
  /** What `-o table` shows instead of the result itself. */
  readonly table?: (result: unknown) => unknown;
  /** Answers what is printed; undefined prints nothing. Throws {@link AzError}. */
  readonly run: (invocation: AzInvocation) => Promise<unknown>;
}

/** What a group of commands is about. */
export interface AzGroup {
  readonly words: string;
  readonly summary: string;
}

/** The arguments that every command has, after its own. */
export const globalArguments: readonly Argument[] = [
  flag('--verbose', 'Tell what is done, on standard error'),
  flag('--debug', 'Tell every request, on standard error'),
  flag('--only-show-errors', 'Print no warnings'),
  argument('--output -o', 'How the result is printed; json when left out', {
    choices: ['json', 'jsonc', 'yaml', 'yamlc', 'table', 'tsv', 'none'],
  }),
  argument('--query', 'A JMESPath expression that picks from the result (https://jmespath.org)', { advice: queryReference }),
];

/** `--subscription`: the one that there is. */
export const subscription: Argument = argument('--subscription', 'Name or id of the subscription');
export const yes: Argument = flag('--yes -y', 'Do what would be asked about');
export const noWait: Argument = flag('--no-wait', 'Do not wait until the operation has ended');
export const resourceGroup: Argument = argument('--resource-group -g', 'Name of the resource group', {
  isRequired: true,
  configuredDefault: 'group',
});
export const location: Argument = argument('--location -l', 'Region, for example canadaeast', { configuredDefault: 'location' });
export const tags: Argument = argument('--tags', "key[=value] pairs with spaces between; '' clears them", { arity: 'any' });
