/** `az aks get-credentials`: puts the way into a cluster into a kubeconfig. */
import { existsSync, lstatSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeDirectory } from '@weir/client';
import { isJsonObject, type JsonObject, objectsAt, textAt } from '@weir/kube';
import { parse, stringify } from 'yaml';
import { refused } from '../az-error.ts';
import { argument, flag } from '../command-line/argument.ts';
import type { AzCommand } from '../command-line/az-command.ts';
import { aksVersion } from '../models/managed-cluster-shape.ts';
import type { Terminal } from '../terminal.ts';
import { clusterNamed } from './cluster-arguments.ts';
import { namedCluster } from './cluster-requests.ts';
import { mergedKubeconfig, renamedContexts } from './kubeconfig-merge.ts';

export const credentialsCommand: AzCommand = {
  words: 'aks get-credentials',
  summary: "Put a cluster's credentials into a kubeconfig",
  arguments: [
    ...clusterNamed,
    flag('--admin -a', "An administrator's"),
    argument('--file -f', "The kubeconfig, or - for standard output; KUBECONFIG's first or ~/.kube/config when left out"),
    flag('--overwrite-existing', 'Replace what has the same name'),
    argument('--context', 'Name of the context'),
    argument('--format', 'Form of the credentials: azure or exec'),
    flag('--public-fqdn', 'Under the public name'),
  ],
  examples: ['az aks get-credentials --resource-group myResourceGroup --name myAKSCluster'],
  run: async ({ given, arm, terminal, environment }) => {
    const format = given.text('format')?.toLowerCase();
    if (format !== undefined && !['azure', 'exec'].includes(format)) throw refused('--format can only be azure or exec.');
    if (format !== undefined && given.flag('admin')) {
      throw refused('--format can only be specified when requesting clusterUser credential.');
    }
    const kind = given.flag('admin') ? 'listClusterAdminCredential' : 'listClusterUserCredential';
    const answer = await (await arm()).send({ method: 'POST', path: `${namedCluster(given)}/${kind}`, version: aksVersion });
    const text = kubeconfigOf(isJsonObject(answer.json) ? answer.json : {});
    const path = given.text('file') ?? defaultPath(environment);
    if (path === '-') terminal.print(`${text}\n`);
    else await mergeReadably(path, text, { context: given.text('context'), replaces: given.flag('overwriteExisting'), terminal });
    return undefined;
  },
};

function kubeconfigOf(answer: JsonObject): string {
  const [first] = objectsAt(answer, 'kubeconfigs');
  if (first === undefined) throw refused('Fail to find kubeconfig file.');
  return Buffer.from(textAt(first, 'value'), 'base64').toString('utf8');
}

function defaultPath(environment: Readonly<Record<string, string | undefined>>): string {
  const first = environment['KUBECONFIG']?.split(':')[0] ?? '';
  return first === '' ? join(environment['HOME'] ?? homedir(), '.kube', 'config') : first;
}

/** What the file system refuses is told as what it is: a directory that is a file, a disk that is full. */
async function mergeReadably(path: string, text: string, wish: MergeWish): Promise<void> {
  try {
    await mergeInto(path, text, wish);
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw refused(`Kubeconfig path "${path}" cannot be written: ${error.message}`);
  }
}

interface MergeWish {
  readonly context: string | undefined;
  readonly replaces: boolean;
  readonly terminal: Terminal;
}

async function mergeInto(path: string, text: string, { context, replaces, terminal }: MergeWish): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isSymbolicLink() === true) {
    throw refused(`Kubeconfig path "${path}" is a symbolic link. Refusing to write to prevent symlink-following attacks.`);
  }
  // The new file takes the place of the old one: a device or a pipe would be gone for everybody.
  if (found?.isFile() === false) throw refused(`Kubeconfig path "${path}" is not a regular file.`);
  const answered = yamlOf(text, 'the answer of the server');
  const addition = renamedContexts(isJsonObject(answered) ? answered : {}, context);
  const existing = existsSync(path) ? parsedFile(path) : undefined;
  const merged = await mergedKubeconfig(existing, addition, async (name) => {
    if (replaces) return true;
    return (await terminal.confirm(`A different object named ${name} already exists in your kubeconfig file.\nOverwrite?`)) === true;
  });
  warnOfMode(path, terminal);
  writeAtomically(path, stringify(merged, { sortMapEntries: true, indentSeq: false, lineWidth: 0, aliasDuplicateObjects: false }));
  terminal.warn(`Merged "${textAt(merged, 'current-context')}" as current context in ${path}`);
}

/** Undefined for an empty file. A text that is no kubeconfig has none of its parts, and is refused for that. */
function parsedFile(path: string): JsonObject | undefined {
  const value = yamlOf(readFileSync(path, 'utf8'), path);
  return value === null ? undefined : isJsonObject(value) ? value : {};
}

function yamlOf(text: string, from: string): unknown {
  try {
    return parse(text) as unknown;
  } catch (error) {
    throw refused(`Error parsing ${from} (${error instanceof Error ? error.message : String(error)})`);
  }
}

function warnOfMode(path: string, terminal: Terminal): void {
  const mode = lstatSync(path, { throwIfNoEntry: false })?.mode;
  if (mode === undefined || (mode & 0o777) === 0o600) return;
  terminal.warn(`${path} has permissions "${(mode & 0o7777).toString(8)}".\nIt should be readable and writable only by its owner.`);
}

/** A reader sees the old file or the new one; the mode of an old one stays. */
function writeAtomically(path: string, text: string): void {
  makeDirectory(dirname(path));
  const mode = (lstatSync(path, { throwIfNoEntry: false })?.mode ?? 0o600) & 0o777;
  const next = `${path}.${process.pid}.tmp`;
  writeFileSync(next, text, { mode, flag: 'wx' });
  renameSync(next, path);
}
