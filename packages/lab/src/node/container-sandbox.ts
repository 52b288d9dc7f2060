/**
 * The sandbox of one container, made when a program of the machine first needs it: for the container's
 * own program, or an idle one for the first `exec` into a built-in program.
 */
import { Sandbox, type SandboxHome } from '../sandbox/sandbox.ts';
import type { SandboxProcess, SandboxProcessOptions } from '../sandbox/sandbox-process.ts';
import type { ContainerLaunch } from './container-launch.ts';

/** What a process of the machine gets of its container, main process and `exec` alike. */
export function machineProcess(
  { environment, workingDirectory, rights }: ContainerLaunch,
  argv: readonly string[],
): Pick<SandboxProcessOptions, 'argv' | 'env' | 'cwd' | 'rights'> {
  return { argv, env: environment, cwd: workingDirectory, rights };
}

/** The sandbox of one container over all its runs. */
export class ContainerSandbox {
  readonly #home: SandboxHome;
  readonly #id: string;
  #sandbox: Sandbox | undefined;
  #ready: Promise<Sandbox> | undefined;
  #pid: number | undefined;

  /** `id` is unique on the machine. */
  constructor(home: SandboxHome, id: string) {
    this.#home = home;
    this.#id = id;
  }

  /** Starts the container's own program in a new sandbox; throws SandboxStartError when there is no such program. */
  async run(launch: ContainerLaunch, process: SandboxProcessOptions): Promise<SandboxProcess> {
    await this.remove();
    const sandbox = await this.#make(launch);
    const started = await sandbox.run(process);
    this.#pid = started.pid;
    this.#ready = Promise.resolve(sandbox);
    return started;
  }

  /** The sandbox that runs, or an idle one that is made now. */
  running(launch: ContainerLaunch): Promise<Sandbox> {
    this.#ready ??= this.#startIdle(launch);
    return this.#ready;
  }

  /** The first process of the sandbox that runs, or of an idle one that is made now. */
  async firstProcess(launch: ContainerLaunch): Promise<number | undefined> {
    await this.running(launch);
    return this.#pid;
  }

  /** Whether something in it was ended because it had used up its memory. */
  hasRunOutOfMemory(): boolean {
    return this.#sandbox?.hasRunOutOfMemory() ?? false;
  }

  /** Removes it with everything in it. */
  async remove(): Promise<void> {
    await this.#ready?.catch(() => undefined);
    this.#ready = undefined;
    this.#pid = undefined;
    const sandbox = this.#sandbox;
    this.#sandbox = undefined;
    await sandbox?.remove();
  }

  async #startIdle(launch: ContainerLaunch): Promise<Sandbox> {
    try {
      const sandbox = await this.#make(launch);
      this.#pid = await sandbox.idle();
      return sandbox;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #make(launch: ContainerLaunch): Promise<Sandbox> {
    const { netns, etc, mounts, isRootReadOnly, limits } = launch;
    await launch.completeVolumes();
    const namespaces = await launch.namespaces();
    this.#sandbox = new Sandbox({ home: this.#home, id: this.#id, netns, etc, mounts, namespaces, isRootReadOnly, limits });
    return this.#sandbox;
  }
}
