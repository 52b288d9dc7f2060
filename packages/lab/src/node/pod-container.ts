/**
 * One container of a pod: its main process (in-process program or runc), its log, `exec` and `attach`.
 *
 * ```
 *   main process ──▶ log file ──▶ followers
 *        │    └────▶ attached clients
 *        └ a built-in program has no sandbox until the first exec of a program of the machine
 * ```
 */

import type { TerminalSize } from '@weir/kernel';
import type { Container } from '@weir/kube';
import { assert } from '@weir/net';
import type { Program } from '../images/program.ts';
import type { SandboxHome } from '../sandbox/sandbox.ts';
import type { SandboxProcess } from '../sandbox/sandbox-process.ts';
import { AttachedClients } from './attached-clients.ts';
import { type BuiltInProcessOptions, startBuiltInProcess } from './built-in-process.ts';
import { type ClientStreams, connectClient, onTerminal } from './client-streams.ts';
import type { ContainerLaunch } from './container-launch.ts';
import { ContainerLog, type LogStream } from './container-log.ts';
import { builtInCommand, type ContainerPlan } from './container-plan.ts';
import { ContainerSandbox, machineProcess } from './container-sandbox.ts';
import type { CommandOutcome } from './container-target.ts';
import { OutputCollector } from './output-collector.ts';
import { openTerminationFile, terminationMessage } from './termination-message.ts';

/** What a container needs of its pod. */
export interface PodContainerOptions {
  readonly container: Container;
  readonly home: SandboxHome;
  /** Unique on the machine. */
  readonly sandboxId: string;
  /** Directory for the logs of this container's runs. */
  readonly logDirectory: string;
}

/** A main process that runs. */
export interface MainProcess {
  readonly exited: Promise<number>;
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

const exitCodeOfKill = 137;
const initialSize: TerminalSize = { columns: 80, rows: 24 };

/** A container over all its runs. */
export class PodContainer {
  readonly options: PodContainerOptions;
  readonly #logs: ContainerLog[] = [];
  readonly #clients = new AttachedClients();
  readonly #sandbox: ContainerSandbox;
  #main: SandboxProcess | undefined;
  #exited: Promise<number> | undefined;
  /** What the current run was started with. */
  #launch: ContainerLaunch | undefined;
  #terminationFile = '';
  #wasOutOfMemory = false;

  constructor(options: PodContainerOptions) {
    this.options = options;
    this.#sandbox = new ContainerSandbox(options.home, options.sandboxId);
  }

  /** Whether the main process runs. */
  get running(): boolean {
    return this.#exited !== undefined;
  }

  /** The log of the current run, or of the one before it. */
  log(previous: boolean): ContainerLog | undefined {
    return this.#logs.at(previous ? -2 : -1);
  }

  /** Starts the main process; throws SandboxStartError when there is no such program. `run` counts the starts from 0. */
  async start(given: ContainerLaunch, run: number): Promise<MainProcess> {
    const { plan } = given;
    assert(plan.kind !== 'unavailable', 'only an image that is there can be started');
    const { container, logDirectory } = this.options;
    this.#terminationFile = `${logDirectory}/${run}.termination`;
    const launch = { ...given, mounts: [...given.mounts, openTerminationFile(this.#terminationFile, container)] };
    this.#launch = launch;
    const log = new ContainerLog(`${logDirectory}/${run}.log`);
    this.#logs.push(log);
    if (this.#logs.length > 2) this.#logs.shift();
    try {
      const process = plan.kind === 'program' ? this.#startProgram(launch, plan, log) : await this.#startMachine(launch, plan.argv, log);
      this.#exited = process.exited.then(async (code) => {
        this.#exited = undefined;
        this.#main = undefined;
        log.close();
        this.#wasOutOfMemory = this.#sandbox.hasRunOutOfMemory();
        await this.#sandbox.remove();
        return code;
      });
      return { exited: this.#exited, kill: (signal) => process.kill(signal) };
    } catch (error) {
      log.close();
      await this.#sandbox.remove();
      throw error;
    }
  }

  /** Runs a command for a client; resolves with its exit code. Throws SandboxStartError when there is no such program. */
  async exec(command: readonly string[], client: ClientStreams): Promise<number> {
    const launch = this.#launch;
    assert(this.running && launch !== undefined, 'only a running container takes commands');
    const builtIn = builtInCommand(this.options.container, command, launch.images);
    if (builtIn !== undefined) return this.#execProgram(launch, builtIn, client);
    const sandbox = await this.#sandbox.running(launch);
    const process = await sandbox.exec({
      ...machineProcess(launch, command),
      ...(client.tty ? { env: { ...launch.environment, TERM: 'xterm' } } : {}),
      stdin: client.stdin !== undefined,
      ...(client.tty ? { terminal: initialSize } : {}),
    });
    return connectClient(process, client);
  }

  /** Connects a client to the main process until it ends or the client goes. */
  async attach(client: ClientStreams): Promise<void> {
    const exited = this.#exited;
    assert(exited !== undefined, 'only a running container can be attached to');
    const detach = this.#clients.add(client);
    const { container } = this.options;
    if (client.tty) client.onResize((size) => this.#main?.resize(size));
    const input = container.stdin === true ? this.#main?.stdin : undefined;
    if (client.stdin !== undefined && input !== undefined) {
      client.stdin.on('error', () => undefined);
      client.stdin.pipe(input, { end: container.stdinOnce === true && container.tty !== true });
    } else client.stdin?.resume();
    const gone = new Promise<void>((resolve) => client.signal.addEventListener('abort', () => resolve(), { once: true }));
    await Promise.race([exited, gone]);
    if (input !== undefined) client.stdin?.unpipe(input);
    detach();
  }

  /** Runs a command to its end and keeps the first of what it says; the signal kills it. Throws SandboxStartError when there is no such program. */
  async runCommand(command: readonly string[], signal: AbortSignal): Promise<CommandOutcome> {
    const launch = this.#launch;
    if (!this.running || launch === undefined) throw new Error('the container does not run');
    const collector = new OutputCollector();
    const builtIn = builtInCommand(this.options.container, command, launch.images);
    const process =
      builtIn === undefined
        ? await this.#runMachineCommand(launch, command, collector)
        : startBuiltInProcess({
            ...this.#builtInOptions(launch, builtIn),
            stdout: (text) => collector.add(Buffer.from(text)),
            stderr: (text) => collector.add(Buffer.from(text)),
          });
    const killed = new Promise<number>((resolve) => {
      const kill = (): void => {
        process.kill('SIGKILL');
        // What the command has started may keep its output open.
        resolve(exitCodeOfKill);
      };
      if (signal.aborted) kill();
      else signal.addEventListener('abort', kill, { once: true });
    });
    return { exitCode: await Promise.race([process.exited, killed]), output: collector.text };
  }

  /** The first process of its sandbox, which is made for a built-in program; undefined while it does not run. */
  async firstProcess(): Promise<number | undefined> {
    return this.running && this.#launch !== undefined ? this.#sandbox.firstProcess(this.#launch) : undefined;
  }

  /** Whether the run that has ended had used up its memory. */
  get wasOutOfMemory(): boolean {
    return this.#wasOutOfMemory;
  }

  /** What the run that has ended with this code left to say. */
  async lastWords(exitCode: number): Promise<string> {
    const log = this.log(false);
    if (log === undefined) return '';
    return terminationMessage({ file: this.#terminationFile, log, exitCode }, this.options.container);
  }

  /** Ends everything and removes the sandbox. */
  async remove(): Promise<void> {
    for (const log of this.#logs) log.close();
    await this.#sandbox.remove();
  }

  #startProgram(launch: ContainerLaunch, plan: Extract<ContainerPlan, { kind: 'program' }>, log: ContainerLog): MainProcess {
    const hasTerminal = this.options.container.tty === true;
    return startBuiltInProcess({
      ...this.#builtInOptions(launch, plan),
      stdout: (text, at) => void this.#output(log, 'stdout', Buffer.from(hasTerminal ? onTerminal(text) : text), at),
      stderr: (text, at) =>
        void this.#output(log, hasTerminal ? 'stdout' : 'stderr', Buffer.from(hasTerminal ? onTerminal(text) : text), at),
    });
  }

  async #startMachine(launch: ContainerLaunch, argv: readonly string[], log: ContainerLog): Promise<MainProcess> {
    const { container } = this.options;
    const process = await this.#sandbox.run(launch, {
      ...machineProcess(launch, argv),
      stdin: container.stdin === true,
      ...(container.tty === true ? { terminal: initialSize } : {}),
    });
    this.#main = process;
    for (const stream of ['stdout', 'stderr'] as const) {
      const source = process[stream];
      source?.on('data', (chunk: Buffer) => {
        const full = this.#output(log, stream, chunk);
        if (full === undefined) return;
        source.pause();
        void full.then(() => source.resume());
      });
    }
    return { exited: process.exited, kill: (signal) => process.kill(signal) };
  }

  #execProgram(launch: ContainerLaunch, builtIn: NonNullable<ReturnType<typeof builtInCommand>>, client: ClientStreams): Promise<number> {
    const errors = client.tty ? client.stdout : client.stderr;
    client.stdin?.resume();
    const process = startBuiltInProcess({
      ...this.#builtInOptions(launch, builtIn),
      stdout: (text) => void client.stdout?.write(client.tty ? onTerminal(text) : text),
      stderr: (text) => void errors?.write(client.tty ? onTerminal(text) : text),
    });
    client.signal.addEventListener('abort', () => process.kill('SIGKILL'), { once: true });
    // What an exec started ends with the container, as it does when the container's first process ends.
    void this.#exited?.then(() => process.kill('SIGKILL'));
    return process.exited;
  }

  async #runMachineCommand(launch: ContainerLaunch, command: readonly string[], collector: OutputCollector): Promise<SandboxProcess> {
    const sandbox = await this.#sandbox.running(launch);
    const process = await sandbox.exec({ ...machineProcess(launch, command), stdin: false });
    for (const stream of [process.stdout, process.stderr]) stream?.on('data', (chunk: Buffer) => collector.add(chunk));
    return process;
  }

  #builtInOptions(
    launch: ContainerLaunch,
    { program, argv }: { readonly program: Program; readonly argv: readonly string[] },
  ): Omit<BuiltInProcessOptions, 'stdout' | 'stderr'> {
    const { netns, names, environment, etc, readFile } = launch;
    const shell = (command: string): Promise<CommandOutcome> => this.runCommand(['/bin/sh', '-c', command], new AbortController().signal);
    return { program, argv, netns, names, env: environment, hostname: etc.hostname, shell, readFile };
  }

  /** Output of the main process; a result tells to wait with the next. */
  #output(log: ContainerLog, stream: LogStream, output: Buffer, at?: Date): Promise<unknown> | undefined {
    log.write(stream, output, at);
    return this.#clients.write(stream, output);
  }
}
