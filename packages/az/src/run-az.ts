/** One command line of az: read, carried out, printed; everything that can be wrong is a text and an exit code. */
import { homedir } from 'node:os';
import { azCommands } from './az-commands.ts';
import { AzError, type AzExitCode, refused, usageError } from './az-error.ts';
import { type AzCommand, globalArguments } from './command-line/az-command.ts';
import { commandNamed } from './command-line/command-tree.ts';
import { withFiles } from './command-line/file-values.ts';
import { GivenArguments } from './command-line/given-arguments.ts';
import { parseArguments } from './command-line/parse-arguments.ts';
import { renderHelp } from './command-line/render-help.ts';
import { printResult } from './output/print-result.ts';
import { checkQuery } from './output/query.ts';
import { versionText } from './profile/version-commands.ts';
import { ArmClient } from './session/arm-client.ts';
import { AzDirectory } from './session/az-directory.ts';
import type { CloudAccount } from './session/cloud-account.ts';
import { fetchSubscriptions, fetchToken, noSubscription, notSignedIn, type SignedIn, signedIn } from './session/sign-in.ts';
import { type AzStreams, Terminal } from './terminal.ts';

/** What a command line is run with. */
export interface RunAzOptions {
  /** The words after `az`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly streams: AzStreams;
  /** The endpoint of this machine, started when it does not run. Used unless `AZURE_CONFIG_DIR` says where one is signed in. */
  readonly machineAccount: () => Promise<CloudAccount>;
  /** Aborted to stop in the middle. */
  readonly signal: AbortSignal;
  /** Where things are kept when `AZURE_CONFIG_DIR` is not set. */
  readonly directory: string;
}

/** Runs it; gives the exit code. Throws only for faults of Weir's own. */
export async function runAz(options: RunAzOptions): Promise<AzExitCode> {
  const { streams, environment } = options;
  const loudness = (given: GivenArguments): Terminal =>
    new Terminal(
      streams,
      {
        hasColour: environment['NO_COLOR'] === undefined && environment['AZURE_CORE_NO_COLOR'] !== 'true',
        isDebugging: given.flag('debug'),
        isVerbose: given.flag('verbose'),
        showsErrorsOnly: given.flag('onlyShowErrors'),
      },
      options.signal,
    );
  const started = performance.now();
  let begun: { readonly terminal: Terminal; readonly at: number } | undefined;
  try {
    const args = withFiles(options.args, homedir());
    if (args[0] === '--version' || args[0] === '-v') {
      streams.stdout.write(versionText(directoryOf(options)));
      return 0;
    }
    const named = commandNamed(azCommands, args);
    if (named.rest.includes('-h') || named.rest.includes('--help') || args.length === 0) {
      streams.stdout.write(renderHelp(azCommands, named));
      return 0;
    }
    const { command } = named;
    if (command === undefined) throw missingCommand(named.words);
    const known = [...command.arguments, ...globalArguments];
    const given = parseArguments(known, named.rest, { command: `az ${command.words}`, environment });
    const query = given.text('query');
    if (query !== undefined) checkQuery(query);
    begun = { terminal: loudness(given), at: performance.now() };
    return await runCommand(command, { given, terminal: begun.terminal, options, query });
  } catch (error) {
    if (!(error instanceof AzError)) {
      // Who stops a command knows why it ends.
      if (options.signal.aborted) return 1;
      throw error;
    }
    loudness(new GivenArguments(new Map())).fail(error);
    return error.exitCode;
  } finally {
    begun?.terminal.info(durations({ started, begun: begun.at, ended: performance.now() }));
  }
}

/** How long a command took, in az's words; times in milliseconds. */
function durations({ started, begun, ended }: { readonly started: number; readonly begun: number; readonly ended: number }): string {
  const [all, init, invoke] = [ended - started, begun - started, ended - begun].map((each) => (each / 1_000).toFixed(3));
  return `Command ran in ${all} seconds (init: ${init}, invoke: ${invoke})`;
}

/** A group alone names no command; argparse calls the word that is missing so. */
function missingCommand(words: string): AzError {
  const missing = words === '' ? '_command_package' : '_subcommand';
  return usageError(`the following arguments are required: ${missing}`, [`'${['az', words, '-h'].filter(Boolean).join(' ')}' lists them`]);
}

interface CommandRun {
  readonly given: GivenArguments;
  readonly terminal: Terminal;
  readonly options: RunAzOptions;
  readonly query: string | undefined;
}

async function runCommand(command: AzCommand, { given, terminal, options, query }: CommandRun): Promise<AzExitCode> {
  if (command.confirmation !== undefined && !given.flag('yes')) await confirm(terminal, command.confirmation);
  const directory = directoryOf(options);
  let client: ArmClient | undefined;
  const arm = async (): Promise<ArmClient> => {
    client ??= await signedInClient(directory, options, { command: command.words, given, terminal });
    return client;
  };
  try {
    const { environment, machineAccount } = options;
    const result = await command.run({
      given,
      terminal,
      directory,
      arm,
      signedIn: () => whoIsSignedIn(directory, options),
      machineCloud: machineAccount,
      environment,
    });
    const format = given.text('output') ?? options.environment['AZURE_CORE_OUTPUT'] ?? 'json';
    terminal.print(printResult(result, { format, query, hasColour: terminal.isColourful, table: command.table }));
    return 0;
  } finally {
    client?.close();
  }
}

async function confirm(terminal: Terminal, question: string): Promise<void> {
  const answer = await terminal.confirm(question);
  if (answer === undefined) terminal.warn('Unable to prompt for confirmation as no tty available. Use --yes.');
  if (answer !== true) throw refused('Operation cancelled.');
}

function directoryOf({ environment, directory }: RunAzOptions): AzDirectory {
  const path = environment['AZURE_CONFIG_DIR'];
  const authorityFile = environment['REQUESTS_CA_BUNDLE'];
  const isOwn = path === undefined || path === '';
  return new AzDirectory({ path: isOwn ? directory : path, isOwn, authorityFile: authorityFile === '' ? undefined : authorityFile });
}

interface ClientWish {
  readonly command: string;
  readonly given: GivenArguments;
  readonly terminal: Terminal;
}

async function signedInClient(directory: AzDirectory, options: RunAzOptions, { command, given, terminal }: ClientWish): Promise<ArmClient> {
  const { account, subscription } = await whoIsSignedIn(directory, options);
  const wished = given.text('subscription');
  if (wished !== undefined && ![subscription.id, subscription.name].includes(wished)) {
    terminal.warn(`Subscription '${wished}' not recognized.`);
    throw noSubscription(wished);
  }
  const { base, authority } = account;
  const token = await fetchToken(account);
  return new ArmClient({
    base,
    authority,
    token,
    subscription: subscription.id,
    command,
    typed: given.typed,
    terminal,
    signal: options.signal,
  });
}

/** In Weir's own directory the machine's account counts, unless somebody has signed out there. */
async function whoIsSignedIn(directory: AzDirectory, { machineAccount }: Pick<RunAzOptions, 'machineAccount'>): Promise<SignedIn> {
  if (!directory.isOwn) return signedIn(directory);
  const known = directory.subscriptions;
  if (known?.length === 0) throw notSignedIn();
  const machine = await machineAccount();
  const [first] = known ?? [];
  const secret = first === undefined ? undefined : directory.secretOf(first.user.name);
  const account = first === undefined || secret === undefined ? machine : { ...machine, application: first.user.name, secret };
  const subscriptions = known ?? (await fetchSubscriptions(account, await fetchToken(account)));
  const subscription = subscriptions.find(({ isDefault }) => isDefault);
  if (subscription === undefined) throw notSignedIn();
  if (known === undefined) directory.keepSubscriptions(subscriptions);
  return { account, subscription };
}
