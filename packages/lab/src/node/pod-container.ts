/**
 * One container of a pod: its main process (in-process program or runc), its log, `exec` and `attach`.
 *
 * ```
 *   main process ──▶ log file ──▶ followers
 *        │    └────▶ attached clients
 *        └ a built-in program has no sandbox until the first exec of a program of the machine
 * ```
 */

import type { Readable, Writable } from 'node:stream';
import type { TerminalSize } from '@weir/kernel';
import type { Container } from '@weir/kube';
import { assert } from '@weir/net';
import type { Program } from '../images/program.ts';
import { Sandbox, type SandboxHome } from '../sandbox/sandbox.ts';
import type { SandboxProcess, SandboxProcessOptions } from '../sandbox/sandbox-process.ts';
import { AttachedClients } from './attached-clients.ts';
import { type BuiltInProcessOptions, startBuiltInProcess } from './built-in-process.ts';
import type { ContainerLaunch } from './container-launch.ts';
import { ContainerLog, type LogStream } from './container-log.ts';
import { builtInCommand, type ContainerPlan } from './container-plan.ts';

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

/** Streams of a client of exec or attach. */
export interface ClientStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly tty: boolean;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
  onResize(callback: (size: TerminalSize) => void): void;
}

const initialSize: TerminalSize = { columns: 80, rows: 24 };

/** A container over all its runs. */
export class PodContainer {
  readonly options: PodContainerOptions;
  readonly #logs: ContainerLog[] = [];
  readonly #clients = new AttachedClients();
  #sandbox: Sandbox | undefined;
  #idle: Promise<Sandbox> | undefined;
  #main: SandboxProcess | undefined;
  #exited: Promise<number> | undefined;
  /** What the current run was started with. */
  #launch: ContainerLaunch | undefined;

  constructor(options: PodContainerOptions) {
    this.options = options;
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
  async start(launch: ContainerLaunch, run: number): Promise<MainProcess> {
    const { plan } = launch;
    assert(plan.kind !== 'unavailable', 'only an image that is there can be started');
    this.#launch = launch;
    const log = new ContainerLog(`${this.options.logDirectory}/${run}.log`);
    this.#logs.push(log);
    if (this.#logs.length > 2) this.#logs.shift();
    try {
      const process = plan.kind === 'program' ? this.#startProgram(launch, plan, log) : await this.#startMachine(launch, plan.argv, log);
      this.#exited = process.exited.then(async (code) => {
        this.#exited = undefined;
        this.#main = undefined;
        log.close();
        await this.#dropSandbox();
        return code;
      });
      return { exited: this.#exited, kill: (signal) => process.kill(signal) };
    } catch (error) {
      log.close();
      await this.#dropSandbox();
      throw error;
    }
  }

  /** Runs a command for a client; resolves with its exit code. Throws SandboxStartError when there is no such program. */
  async exec(command: readonly string[], client: ClientStreams): Promise<number> {
    const launch = this.#launch;
    assert(this.running && launch !== undefined, 'only a running container takes commands');
    const builtIn = builtInCommand(this.options.container, command);
    if (builtIn !== undefined) return this.#execProgram(launch, builtIn, client);
    const sandbox = await this.#machineSandbox(launch);
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

  /** Runs a shell command for a built-in program and collects its output. */
  async #shell(launch: ContainerLaunch, command: string): Promise<{ readonly output: string; readonly exitCode: number }> {
    const sandbox = await this.#machineSandbox(launch);
    const process = await sandbox.exec({ ...machineProcess(launch, ['/bin/sh', '-c', command]), stdin: false });
    let output = '';
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        output += chunk.toString('utf8');
      });
    }
    return { exitCode: await process.exited, output };
  }

  /** Ends everything and removes the sandbox. */
  async remove(): Promise<void> {
    for (const log of this.#logs) log.close();
    await this.#dropSandbox();
  }

  #startProgram(launch: ContainerLaunch, plan: Extract<ContainerPlan, { kind: 'program' }>, log: ContainerLog): MainProcess {
    const hasTerminal = this.options.container.tty === true;
    return startBuiltInProcess({
      ...this.#builtInOptions(launch, plan),
      stdout: (text) => void this.#output(log, 'stdout', Buffer.from(hasTerminal ? onTerminal(text) : text)),
      stderr: (text) => void this.#output(log, hasTerminal ? 'stdout' : 'stderr', Buffer.from(hasTerminal ? onTerminal(text) : text)),
    });
  }

  async #startMachine(launch: ContainerLaunch, argv: readonly string[], log: ContainerLog): Promise<MainProcess> {
    const { container } = this.options;
    await this.#dropSandbox();
    const sandbox = this.#newSandbox(launch);
    const process = await sandbox.run({
      ...machineProcess(launch, argv),
      stdin: container.stdin === true,
      ...(container.tty === true ? { terminal: initialSize } : {}),
    });
    this.#main = process;
    this.#idle = Promise.resolve(sandbox);
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

  #builtInOptions(
    launch: ContainerLaunch,
    { program, argv }: { readonly program: Program; readonly argv: readonly string[] },
  ): Omit<BuiltInProcessOptions, 'stdout' | 'stderr'> {
    const { netns, names, environment, etc } = launch;
    const shell = (command: string): ReturnType<BuiltInProcessOptions['shell']> => this.#shell(launch, command);
    return { program, argv, netns, names, env: environment, hostname: etc.hostname, shell };
  }

  /** Output of the main process; a result tells to wait with the next. */
  #output(log: ContainerLog, stream: LogStream, output: Buffer): Promise<unknown> | undefined {
    log.write(stream, output);
    return this.#clients.write(stream, output);
  }

  /** The sandbox in which programs of the machine run: the container's own, or an idle one made now. */
  #machineSandbox(launch: ContainerLaunch): Promise<Sandbox> {
    this.#idle ??= this.#startIdle(launch);
    return this.#idle;
  }

  async #startIdle(launch: ContainerLaunch): Promise<Sandbox> {
    const sandbox = this.#newSandbox(launch);
    try {
      await sandbox.idle();
      return sandbox;
    } catch (error) {
      this.#idle = undefined;
      throw error;
    }
  }

  #newSandbox({ netns, etc, mounts }: ContainerLaunch): Sandbox {
    const { home, sandboxId } = this.options;
    this.#sandbox = new Sandbox({ home, id: sandboxId, netns, etc, mounts });
    return this.#sandbox;
  }

  async #dropSandbox(): Promise<void> {
    await this.#idle?.catch(() => undefined);
    this.#idle = undefined;
    const sandbox = this.#sandbox;
    this.#sandbox = undefined;
    await sandbox?.remove();
  }
}

/** What a process of the machine gets of its container, main process and `exec` alike. */
function machineProcess(
  { environment, workingDirectory, user }: ContainerLaunch,
  argv: readonly string[],
): Pick<SandboxProcessOptions, 'argv' | 'env' | 'cwd' | 'user'> {
  return { argv, env: environment, cwd: workingDirectory, user };
}

/** Joins a process with a client's streams; resolves with the exit code when all output is through. */
async function connectClient(process: SandboxProcess, client: ClientStreams): Promise<number> {
  if (client.stdin !== undefined && process.stdin !== undefined) {
    client.stdin.on('error', () => undefined);
    // A terminal has no half-close: end of input reaches its program as a typed control character or not at all.
    client.stdin.pipe(process.stdin, { end: !client.tty });
  }
  for (const [source, sink] of [
    [process.stdout, client.stdout],
    [process.stderr, client.stderr],
  ] as const) {
    if (sink === undefined) source?.resume();
    else source?.pipe(sink, { end: false });
  }
  if (client.tty) client.onResize((size) => process.resize(size));
  client.signal.addEventListener('abort', () => process.disconnect(), { once: true });
  if (client.signal.aborted) process.disconnect();
  return process.exited;
}

/** A terminal moves to the next line and back to its start. */
function onTerminal(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}
