/**
 * The sandbox of one container: a runc container in the pod's network namespace with the machine's
 * programs read-only. Its first process is either the container's own program or an idle one that
 * only keeps the namespaces, for `exec` into built-in programs that run elsewhere.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { netnsPath } from '@weir/kernel';
import { hasRunOutOfMemory } from './memory-events.ts';
import type { ResourceLimits } from './resource-limits.ts';
import { defaultProgramDirectory, type EtcFiles, makeRootDirectory } from './root-directory.ts';
import { defaultPath, type OciMount, type OciProcess, ociProcess, runcConfig, type SharedNamespace, usualRights } from './runc-config.ts';
import { type RuncFiles, type SandboxProcess, type SandboxProcessOptions, startRunc } from './sandbox-process.ts';

/** Where sandboxes keep their state; one for each node. */
export interface SandboxHome {
  /** Directory of ours, mode 0700. Bundles are below `bundles`, runc's state is below `runc`. */
  readonly directory: string;
  /** The compiled `images` directory, which holds agnhost. Default: that of this package. */
  readonly programDirectory?: string;
  /** What is said besides when there is no program of a name; absent: nothing. */
  readonly noteOnPrograms?: string;
}

/** What to make. */
export interface SandboxOptions {
  readonly home: SandboxHome;
  /** Unique on the machine; letters, digits, dashes. */
  readonly id: string;
  /** Name or path of the network namespace. */
  readonly netns: string;
  readonly etc: EtcFiles;
  /** Mounts besides the usual ones. */
  readonly mounts?: readonly OciMount[];
  /** Namespaces that it joins instead of having its own. */
  readonly namespaces?: readonly SharedNamespace[];
  /** Whether only volumes can be written to. Default no. */
  readonly isRootReadOnly?: boolean;
  /** Default none. */
  readonly limits?: ResourceLimits;
}

/** A sandbox; its directory exists from the start, its container from {@link Sandbox.run} or {@link Sandbox.idle} on. */
export class Sandbox {
  readonly #options: SandboxOptions;
  readonly #bundle: string;
  #execs = 0;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#bundle = join(options.home.directory, 'bundles', options.id);
  }

  /** Starts the container with this process as its first one. The container ends with it. */
  async run(process: SandboxProcessOptions): Promise<SandboxProcess> {
    this.#writeBundle(process);
    // The control group has to outlive the container where somebody will ask how it fared.
    const keep = this.#options.limits?.memory === undefined ? [] : ['--keep'];
    return startRunc(
      [...this.#runc('run'), ...keep, '--bundle', this.#bundle, '--pid-file', this.#file('run', 'pid'), this.#options.id],
      this.#files('run'),
      process,
    );
  }

  /**
   * Starts the container with a program that does nothing in it, so that `exec` works, and gives the number of its first
   * process on the machine. It runs until {@link Sandbox.remove}.
   */
  async idle(argv: readonly string[] = ['sleep', 'infinity']): Promise<number> {
    const process = await this.run({ argv, env: { PATH: defaultPath }, cwd: '/', stdin: false });
    process.stdout.resume();
    process.stderr?.resume();
    return process.pid;
  }

  /** Runs a further process in the running container. */
  async exec(process: SandboxProcessOptions): Promise<SandboxProcess> {
    const name = `exec-${++this.#execs}`;
    const specification = this.#file(name, 'json');
    writeFileSync(specification, JSON.stringify(ociProcessOf(process)));
    try {
      return await startRunc(
        [...this.#runc('exec', name), '--process', specification, '--pid-file', this.#file(name, 'pid'), this.#options.id],
        this.#files(name),
        process,
      );
    } finally {
      rmSync(specification, { force: true });
      rmSync(this.#file(name, 'log'), { force: true });
    }
  }

  /** Whether the kernel has ended something in it because it reached its limit of memory; false without a limit. */
  hasRunOutOfMemory(): boolean {
    return this.#options.limits?.memory !== undefined && hasRunOutOfMemory(this.#cgroup);
  }

  /** Kills everything in the container and removes it with its directory. No error when there is none. */
  async remove(): Promise<void> {
    await removeContainer(this.#options.home, this.#options.id);
  }

  #writeBundle(process: SandboxProcessOptions): void {
    const { home, etc, mounts: extraMounts = [], namespaces = [], isRootReadOnly = false, limits = {} } = this.#options;
    const rootDirectory = join(this.#bundle, 'rootfs');
    mkdirSync(join(home.directory, 'bundles'), { recursive: true, mode: 0o700 });
    const mounts = makeRootDirectory(rootDirectory, etc, home.programDirectory ?? defaultProgramDirectory());
    const config = runcConfig({
      rootDirectory,
      hostname: etc.hostname,
      netnsPath: netnsPath(this.#options.netns),
      cgroup: this.#cgroup,
      mounts: [...mounts, ...extraMounts],
      namespaces,
      isRootReadOnly,
      limits,
      process: ociProcessOf(process),
    });
    writeFileSync(join(this.#bundle, 'config.json'), JSON.stringify(config));
  }

  get #cgroup(): string {
    return `/${this.#options.id}`;
  }

  #runc(command: string, name = command): readonly string[] {
    return [...runcArguments(this.#options.home), '--log', this.#file(name, 'log'), '--log-format', 'json', command];
  }

  #files(name: string): RuncFiles {
    const { noteOnPrograms } = this.#options.home;
    const files = { pidFile: this.#file(name, 'pid'), logFile: this.#file(name, 'log') };
    return noteOnPrograms === undefined ? files : { ...files, noteOnPrograms };
  }

  #file(name: string, extension: string): string {
    return join(this.#bundle, `${name}.${extension}`);
  }
}

function ociProcessOf(process: SandboxProcessOptions): OciProcess {
  return ociProcess({ ...process, terminal: process.terminal !== undefined, rights: process.rights ?? usualRights });
}

/** Ids of the containers that exist, also those left behind by a process that died. */
export function listContainers(home: SandboxHome): readonly string[] {
  const ids = new Set<string>();
  for (const directory of [join(home.directory, 'runc'), join(home.directory, 'bundles')]) {
    if (existsSync(directory)) for (const id of readdirSync(directory)) ids.add(id);
  }
  return [...ids].sort();
}

/** Kills and removes one container by its id. */
export async function removeContainer(home: SandboxHome, id: string): Promise<void> {
  if (existsSync(join(home.directory, 'runc', id))) {
    await new Promise<void>((resolve) => {
      // Whether it was still there is of no interest; what matters is that it is gone afterwards.
      execFile('runc', [...runcArguments(home), 'delete', '--force', id], () => resolve());
    });
  }
  rmSync(join(home.directory, 'bundles', id), { recursive: true, force: true });
}

function runcArguments(home: SandboxHome): readonly string[] {
  return ['--root', join(home.directory, 'runc')];
}
