/**
 * Where `weir demo --aks` takes place: directories of its own, and a network namespace that has nothing but a loopback,
 * so that what would leave the machine fails.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNetns, deleteNetns, listNetns, netnsPath } from '@weir/kernel';
import { pathWithTools, weirCommand } from '../../self.ts';
import { CommandShell } from '../command-shell.ts';

/** One window of the person: a shell, where it is, and how a second one is opened beside it. */
export interface AksWindow {
  readonly shell: CommandShell;
  readonly directory: string;
  /** Starts kubectl in a second window; the arguments follow. */
  readonly kubectl: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** Settings of a person's own az, kubectl and proxies are not those of the demo. */
const foreign = /^(AZURE_|WEIR_|REQUESTS_CA_|KUBECONFIG$|(HTTPS?|ALL|NO)_PROXY$)/i;

/** The place; to be left with {@link leave}. */
export class AksScene {
  readonly #directory: string;
  /** Paths of sockets are short, whatever the directory of temporary files is called. */
  readonly #runDirectory: string;
  readonly #netns = `weirdemo-${process.pid}`;
  readonly #signal: AbortSignal;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#directory = mkdtempSync(join(tmpdir(), 'weir-demo-'));
    this.#runDirectory = mkdtempSync(`/run/weir-demo-${process.pid}-`);
    const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
    this.#env = {
      ...Object.fromEntries(own),
      WEIR_STATE_DIR: join(this.#directory, 'state'),
      WEIR_RUN_DIR: this.#runDirectory,
    };
  }

  /** Makes it. */
  static async enter(signal: AbortSignal): Promise<AksScene> {
    const scene = new AksScene(signal);
    try {
      createNetns(scene.#netns);
      await scene.#run(['ip', 'link', 'set', 'lo', 'up']);
      return scene;
    } catch (error) {
      await scene.leave();
      throw error;
    }
  }

  /** Opens a window; az is signed in there, as in every `weir shell`. */
  async open(name: string): Promise<AksWindow> {
    const directory = join(this.#directory, name);
    mkdirSync(directory);
    const kubeconfig = { KUBECONFIG: join(directory, 'kubeconfig'), KUBECACHEDIR: join(directory, 'cache') };
    const shell = await CommandShell.open({
      directory,
      prefix: [...this.#inside, ...weirCommand, 'shell', '--'],
      env: this.#env,
      // az makes SSH keys in the home directory, and leaves files behind where temporary ones are.
      variables: {
        ...kubeconfig,
        HOME: directory,
        TMPDIR: directory,
        AZURE_CORE_NO_COLOR: 'true',
        AZURE_CORE_DISABLE_PROGRESS_BAR: 'true',
      },
      signal: this.#signal,
    });
    const env = { ...this.#env, ...kubeconfig, PATH: pathWithTools() };
    return { shell, directory, kubectl: [...this.#inside, 'kubectl'], env };
  }

  /** Ends everything that runs here and removes it; gives what is left all the same, one sentence each. */
  async leave(): Promise<readonly string[]> {
    const clusters = this.#clusters();
    await this.#run([...weirCommand, 'down', '--all']);
    deleteNetns(this.#netns);
    const left = [
      ...listNetns().filter((name) => clusters.some((cluster) => name.startsWith(`weir-${cluster}-`))),
      ...mountsBelow(this.#directory),
      ...processesOf(this.#directory),
    ];
    for (const directory of [this.#directory, this.#runDirectory]) rmSync(directory, { recursive: true, force: true });
    return left.map((trace) => `left behind: ${trace}`);
  }

  get #inside(): readonly string[] {
    return ['nsenter', `--net=${netnsPath(this.#netns)}`];
  }

  /** The lab's names of the clusters that are there. */
  #clusters(): readonly string[] {
    try {
      return readdirSync(join(this.#directory, 'state', 'clusters'));
    } catch {
      return [];
    }
  }

  #run(command: readonly string[]): Promise<void> {
    const [program = '', ...args] = [...this.#inside, ...command];
    return new Promise((resolve, reject) => {
      execFile(program, args, { env: this.#env }, (error, _stdout, stderr) => {
        if (error === null) resolve();
        else reject(new Error(`${command.join(' ')} failed:\n${stderr}`));
      });
    });
  }
}

function mountsBelow(directory: string): readonly string[] {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return mounts.filter((line) => line.includes(` ${directory}/`)).map((line) => `mount ${line}`);
}

function processesOf(directory: string): readonly string[] {
  const commandLine = (pid: string): string => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    } catch {
      return '';
    }
  };
  const pids = readdirSync('/proc').filter((entry) => /^\d+$/.test(entry) && Number(entry) !== process.pid);
  return pids.filter((pid) => commandLine(pid).includes(`${directory}/`)).map((pid) => `process ${pid} ${commandLine(pid)}`);
}
