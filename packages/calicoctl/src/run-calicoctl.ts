/** One command line of calicoctl: read, carried out, printed; everything that goes wrong is a text and the exit code 1. */
import { readFileSync } from 'node:fs';
import { ApiError, type ClusterConnection, KubeClient, KubeconfigError, TransportError } from '@weir/client';
import { parse } from 'yaml';
import { CalicoctlError } from './calicoctl-error.ts';
import { type ReadWords, readWords } from './command-line/read-words.ts';
import type { CalicoctlCommand, CalicoctlStreams, CommandContext, FindConnection } from './commands/calicoctl-command.ts';
import { labelCommand, patchCommand } from './commands/change-commands.ts';
import { getCommand } from './commands/get-command.ts';
import { validateCommand } from './commands/validate-command.ts';
import { versionCommand } from './commands/version-command.ts';
import { deleteCommand, writeCommands } from './commands/write-commands.ts';
import { resourceKinds } from './resources/resource-kinds.ts';
import { CalicoStore } from './store/calico-store.ts';

export type { CalicoctlStreams } from './commands/calicoctl-command.ts';

const commands: readonly CalicoctlCommand[] = [
  ...writeCommands,
  deleteCommand,
  getCommand,
  patchCommand,
  labelCommand,
  validateCommand,
  versionCommand,
];

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
  const [name = '', ...rest] = args.map((word) => (word === '-a' ? '-A' : word));
  const command = commands.find((each) => each.name === name);
  if (command === undefined) {
    const asksHelp = ['', '-h', '--help', 'help'].includes(name);
    const text = asksHelp ? overview() : `unknown command: "${name}"\n${overview()}`;
    (asksHelp ? streams.stdout : streams.stderr).write(text);
    return asksHelp ? 0 : 1;
  }
  if (rest.includes('-h') || rest.includes('--help')) {
    streams.stdout.write(help(command));
    return 0;
  }
  let client: KubeClient | undefined;
  try {
    const words = readWords(rest, name, command.options);
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

function overview(): string {
  const lines = commands.map(({ name, summary }) => `    ${name.padEnd(10)} ${summary}`);
  return `Usage:\n  calicoctl <command> [<args>...]\n\n${lines.join('\n')}\n\nNot here, because they need Calico's own networking: ipam, node, cluster, datastore.\n`;
}

function help({ name, summary, usage, options }: CalicoctlCommand): string {
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
  if (words.length <= 1) return commands.map(({ name }) => name).filter((name) => name.startsWith(typed));
  const command = commands.find(({ name }) => name === words[0]);
  if (command === undefined) return [];
  const options = command.options.map(({ name }) => `--${name}`);
  const kinds = command.usage.includes('<KIND>') && words.length === 2 ? resourceKinds.map(({ kind }) => kind.toLowerCase()) : [];
  return [...kinds, ...options].filter((each) => each.startsWith(typed));
}
