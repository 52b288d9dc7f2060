/**
 * What a shell of `weir shell` has around it: a kubeconfig, an az configuration and programs of its own, so that nothing
 * in it reads or writes what the user has in `~/.azure` and `~/.kube`.
 *
 * ```
 *   <state>/shell/   bin/ (weir, and what is not installed)  kubeconfig  NAME.kubeconfig  cache/
 * ```
 */
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { clusterLayout, listClusters, stateRoot } from '@weir/lab';
import { defaultCluster } from '../cluster-option.ts';
import { labClusterAt } from '../cluster-source.ts';
import { notFoundError } from '../exit-code.ts';
import { findProgram } from '../program-path.ts';
import { pathWithTools, quoted, weirCommand } from '../self.ts';

/** What the shell is about. */
export interface ShellChoice {
  /** A cluster of the lab; without one, whichever `az aks get-credentials` named last, else the one that `weir up` makes. */
  readonly cluster: string | undefined;
  /** Programs that `weir` can stand in for, by the name of its own command. */
  readonly standIns: readonly string[];
}

/** Where all of it lies. */
export function shellDirectory(): string {
  return join(stateRoot(), 'shell');
}

/** KUBECONFIG, KUBECACHEDIR and PATH. Throws a CommandError when the cluster does not exist. */
export async function shellEnvironment({ cluster, standIns }: ShellChoice): Promise<Readonly<Record<string, string>>> {
  const directory = shellDirectory();
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return {
    KUBECONFIG: await (cluster === undefined ? anyKubeconfig() : kubeconfigOf(cluster)),
    KUBECACHEDIR: join(directory, 'cache'),
    PATH: `${writePrograms(join(directory, 'bin'), standIns)}${delimiter}${pathWithTools()}`,
  };
}

/** The name that the current context has in a kubeconfig; undefined when there is none. */
export function currentContext(kubeconfig: string): string | undefined {
  const texts = kubeconfig.split(delimiter).filter(existsSync);
  for (const text of texts.map((file) => readFileSync(file, 'utf8'))) {
    const name = /^current-context:[ \t]*"?([^"\n]+?)"?[ \t]*$/m.exec(text)?.[1];
    if (name !== undefined) return name;
  }
  return undefined;
}

/** A copy: az writes into the file that KUBECONFIG names, and the cluster's own is not for that. */
async function kubeconfigOf(cluster: string): Promise<string> {
  if (!(await listClusters()).includes(cluster))
    throw notFoundError(`there is no cluster "${cluster}"; make it with: weir up --name ${cluster}`);
  const copy = join(shellDirectory(), `${cluster}.kubeconfig`);
  copyFileSync(clusterLayout(cluster).kubeconfig, copy);
  chmodSync(copy, 0o600);
  return copy;
}

/** az writes into the first of the two; kubectl takes the current context of the first that has one. */
async function anyKubeconfig(): Promise<string> {
  const own = join(shellDirectory(), 'kubeconfig');
  const clusters = await listClusters();
  // What was fetched about a cluster that is gone would stand before one that is there.
  if (existsSync(own) && (await labClusterAt(own, clusters)) === undefined) rmSync(own, { force: true });
  return clusters.includes(defaultCluster) ? `${own}${delimiter}${clusterLayout(defaultCluster).kubeconfig}` : own;
}

/**
 * Fills a directory with `weir`, and with what is not installed and `weir` can do in its place; gives the directory.
 * Other shells may run programs of it, or fill it at the same time: each is whole at any time.
 */
export function writePrograms(directory: string, standIns: readonly string[] = []): string {
  mkdirSync(directory, { recursive: true });
  const weir = weirCommand.map(quoted).join(' ');
  const missing = standIns.filter((program) => findProgram(program, pathWithTools()) === undefined);
  const commands = new Map([['weir', weir], ...missing.map((name): [string, string] => [name, `${weir} ${name}`])]);
  for (const [name, command] of commands) {
    const temporary = join(directory, `.${name}.${process.pid}`);
    writeFileSync(temporary, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    renameSync(temporary, join(directory, name));
  }
  const stale = readdirSync(directory).filter((name) => !name.startsWith('.') && !commands.has(name));
  for (const name of stale) rmSync(join(directory, name), { force: true });
  return directory;
}
