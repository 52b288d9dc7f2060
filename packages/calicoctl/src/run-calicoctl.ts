/** One command line of calicoctl: read, carried out, printed; everything that goes wrong is a text and the exit code 1. */
import { readFileSync } from 'node:fs';
import { ApiError, type ClusterConnection, KubeClient, KubeconfigError, TransportError } from '@weir/client';
import { parse } from 'yaml';
import { CalicoctlError } from './calicoctl-error.ts';
import { type ReadWords, readWords } from './command-line/read-words.ts';
import type { CalicoctlStreams, CommandContext, FindConnection } from './commands/calicoctl-command.ts';
import { commandOf, helpText, overviewText, unknownName, wordsOf } from './commands/command-list.ts';
import { CalicoStore } from './store/calico-store.ts';

export type { CalicoctlStreams } from './commands/calicoctl-command.ts';
export { calicoctlCompletions } from './commands/command-list.ts';

/** What a command line is run with. */
export interface RunCalicoctlOptions {
  /** The words after `calicoctl`. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly streams: CalicoctlStreams;
  readonly findConnection: FindConnection;
  /** Of Weir. */
  readonly version: string;
}

/** Runs it; gives the exit code. Throws only for faults of Weir's own. */
export async function runCalicoctl(options: RunCalicoctlOptions): Promise<0 | 1> {
  const { args, streams } = options;
  const given = args.map((word) => (word === '-a' ? '-A' : word));
  const command = commandOf(given);
  if (command === undefined) {
    const asksHelp = given.length === 0 || given[0] === 'help' || given.some((word) => word === '-h' || word === '--help');
    const text = asksHelp ? overviewText() : `unknown command: "${unknownName(given)}"\n${overviewText()}`;
    (asksHelp ? streams.stdout : streams.stderr).write(text);
    return asksHelp ? 0 : 1;
  }
  const rest = given.slice(wordsOf(command).length);
  if (rest.includes('-h') || rest.includes('--help')) {
    streams.stdout.write(helpText(command));
    return 0;
  }
  let client: KubeClient | undefined;
  try {
    const words = readWords(command.takesAnything === true ? [] : rest, command.name, command.options);
    let store: Promise<CalicoStore> | undefined;
    const open = async (): Promise<CalicoStore> => {
      client = new KubeClient(await connectionOf(options, words), { userAgent: `weir-calicoctl/${options.version}` });
      return CalicoStore.open(client, options.environment['CALICO_API_GROUP'] || undefined);
    };
    const context: CommandContext = { words, streams, version: options.version, store: () => (store ??= open()) };
    await command.run(context);
    return 0;
  } catch (error) {
    if (!isTold(error)) throw error;
    streams.stderr.write(`${error.message.trimEnd()}\n`);
    return 1;
  } finally {
    client?.close();
  }
}

function isTold(error: unknown): error is Error {
  return [CalicoctlError, ApiError, TransportError, KubeconfigError].some((kind) => error instanceof kind);
}

/** As calicoctl: the file of `--config`, then the environment, then the usual kubeconfig. */
async function connectionOf({ environment, findConnection }: RunCalicoctlOptions, words: ReadWords): Promise<ClusterConnection> {
  const store = environment['DATASTORE_TYPE'] ?? 'kubernetes';
  if (store !== 'kubernetes') throw new CalicoctlError(`the data store "${store}" is not supported here: use DATASTORE_TYPE=kubernetes`);
  const file = words.text('config');
  const server = environment['K8S_API_ENDPOINT'] ?? '';
  const context = words.text('context') ?? (environment['K8S_CURRENT_CONTEXT'] || undefined);
  if (file === undefined && server !== '') return connectionFromEnvironment(server, environment);
  return findConnection({ kubeconfig: file === undefined ? undefined : kubeconfigIn(file), context });
}

function connectionFromEnvironment(server: string, environment: RunCalicoctlOptions['environment']): ClusterConnection {
  const pem = (name: string): string | undefined => (environment[name] ? textOf(environment[name]) : undefined);
  const [certificateAuthority, clientCertificate, clientKey] = ['K8S_CA_FILE', 'K8S_CERT_FILE', 'K8S_KEY_FILE'].map(pem);
  const token = environment['K8S_API_TOKEN'] || undefined;
  return {
    server,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(clientCertificate === undefined ? {} : { clientCertificate }),
    ...(clientKey === undefined ? {} : { clientKey }),
    ...(token === undefined ? {} : { token }),
  };
}

function kubeconfigIn(file: string): string {
  const config = parse(textOf(file)) as { readonly spec?: { readonly kubeconfig?: unknown } } | null;
  const kubeconfig = config?.spec?.kubeconfig;
  if (typeof kubeconfig === 'string') return kubeconfig;
  throw new CalicoctlError(`${file}: spec.kubeconfig is not there; other ways to a cluster are not read from a file here`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CalicoctlError(`${file}: ${(error as Error).message}`);
  }
}
