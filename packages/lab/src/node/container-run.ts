/**
 * One run of a container, from its program's start to its end.
 *
 * ```
 *   program starts ─▶ postStart ─▶ probes ─▶ ended by itself
 *                         │ fails     │ say so
 *                         └───────────┴──▶ preStop ─▶ its turn ─▶ TERM ─▶ grace over ─▶ KILL
 * ```
 */
import type { ContainerLaunch } from './container-launch.ts';
import type { ContainerTarget } from './container-target.ts';
import { runHook } from './lifecycle-hook.ts';
import type { PodEvent } from './pod-api.ts';
import type { MainProcess, PodContainer } from './pod-container.ts';
import { ContainerProbes, type VitalProbe } from './probes/container-probes.ts';

/** How a run ended. */
export interface RunEnd {
  readonly exitCode: number;
  /** As in `state.terminated`. */
  readonly reason: 'Completed' | 'Error' | 'OOMKilled' | 'StartError' | 'Unknown';
  /** What it left to say; empty: nothing. */
  readonly message: string;
}

/** How a run is to be ended. */
export interface StopOrder {
  /** From now to KILL; 0 is KILL at once. */
  readonly graceMs: number;
  /** For the Event. */
  readonly message: string;
  /** When TERM may be sent, besides: others may have to be gone first. The grace period does not wait. */
  readonly turn?: Promise<unknown>;
}

/** What a run consists of and whom it tells. */
export interface ContainerRunOptions {
  readonly container: PodContainer;
  readonly launch: ContainerLaunch;
  /** Counts the runs of the container from 0. */
  readonly run: number;
  /** What a run is given that ends because of itself. */
  readonly graceMs: number;
  /** What follows on a failed probe, for the Event: `, will be restarted` or nothing. */
  readonly sequel: string;
  readonly listener: RunListener;
}

/** Told of the states in which a run is. */
interface RunListener {
  onRunning(): void;
  onStarted(): void;
  onReady(ready: boolean): void;
  /** A probe ends the run. */
  onCondemned(): void;
  event(event: Omit<PodEvent, 'container'>): void;
}

/** What is left for TERM when preStop, or the wait for its turn, has used up the grace period. */
const leastGraceMs = 2_000;

/** A run whose program has started. */
export class ContainerRun {
  readonly #options: ContainerRunOptions;
  readonly #main: MainProcess;
  readonly #target: ContainerTarget;
  /** Aborted when hooks have no time left, or nobody to be of use to. */
  readonly #hooks = new AbortController();
  #probes: ContainerProbes | undefined;
  #killAt = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;
  #hasTerm = false;
  readonly ended: Promise<RunEnd>;

  private constructor(options: ContainerRunOptions, main: MainProcess) {
    const { container, launch } = options;
    this.#options = options;
    this.#main = main;
    this.#target = {
      container: container.options.container,
      host: launch.podAddress,
      run: (command, signal) => container.runCommand(command, signal),
    };
    this.ended = this.#main.exited.then((exitCode) => this.#end(exitCode));
    void this.#begin();
  }

  /** Starts the program; throws SandboxStartError when there is none. */
  static async start(options: ContainerRunOptions): Promise<ContainerRun> {
    return new ContainerRun(options, await options.container.start(options.launch, options.run));
  }

  /** Ends it; an order that comes later can only shorten the time that is left. */
  async stop({ graceMs, message, turn }: StopOrder): Promise<void> {
    this.#killAt = Math.min(this.#killAt, Date.now() + graceMs);
    if (graceMs === 0) this.#hasTerm = true;
    this.#arm();
    if (!this.#isStopping) {
      this.#isStopping = true;
      this.#options.listener.event({ type: 'Normal', reason: 'Killing', message });
      this.#probes?.stopVital();
      if (graceMs > 0) await this.#askToEnd(turn);
    }
    await this.ended;
  }

  /** Kills it without a word. */
  async kill(): Promise<void> {
    this.#isStopping = true;
    this.#main.kill('SIGKILL');
    await this.ended;
  }

  async #begin(): Promise<void> {
    const { listener, graceMs } = this.#options;
    const { lifecycle } = this.#target.container;
    if (lifecycle?.postStart !== undefined) {
      try {
        await runHook(lifecycle.postStart, this.#target, this.#hooks.signal);
      } catch {
        if (this.#hooks.signal.aborted) return;
        listener.event({ type: 'Warning', reason: 'FailedPostStartHook', message: 'PostStartHook failed' });
        await this.stop({ graceMs, message: 'FailedPostStartHook' });
        return;
      }
    }
    if (this.#hooks.signal.aborted) return;
    listener.onRunning();
    if (this.#isStopping) return;
    this.#probes = new ContainerProbes(this.#target, {
      onStarted: () => listener.onStarted(),
      onReady: (ready) => listener.onReady(ready),
      onFailed: (kind, probe) => this.#condemn(kind, probe.terminationGracePeriodSeconds),
      event: (event) => listener.event(event),
    });
  }

  #condemn(kind: VitalProbe, graceSeconds: number | undefined): void {
    const { listener, sequel, graceMs } = this.#options;
    listener.onCondemned();
    const message = `Container ${this.#target.container.name} failed ${kind} probe${sequel}`;
    void this.stop({ graceMs: graceSeconds === undefined ? graceMs : graceSeconds * 1_000, message });
  }

  /** What comes before KILL: preStop, the others, TERM. */
  async #askToEnd(turn: Promise<unknown> | undefined): Promise<void> {
    const hook = this.#target.container.lifecycle?.preStop;
    const { signal } = this.#hooks;
    const outOfTime = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    try {
      if (hook !== undefined && !signal.aborted) await Promise.race([runHook(hook, this.#target, signal), outOfTime]);
    } catch {
      if (!signal.aborted) this.#options.listener.event({ type: 'Warning', reason: 'FailedPreStopHook', message: 'PreStopHook failed' });
    }
    if (turn !== undefined && !signal.aborted) await Promise.race([turn, outOfTime]);
    this.#hasTerm = true;
    if (hook !== undefined || turn !== undefined) {
      this.#killAt = Math.max(this.#killAt, Date.now() + leastGraceMs);
      this.#arm();
    }
    this.#main.kill('SIGTERM');
  }

  #arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#outOfTime(), Math.max(0, this.#killAt - Date.now()));
  }

  /** The grace period is over: for what comes before TERM, or for the program. */
  #outOfTime(): void {
    const waitsForTerm = this.#isStopping && !this.#hasTerm && !this.#hooks.signal.aborted;
    this.#hooks.abort();
    if (!waitsForTerm) this.#main.kill('SIGKILL');
  }

  async #end(exitCode: number): Promise<RunEnd> {
    clearTimeout(this.#timer);
    this.#isStopping = true;
    this.#hooks.abort();
    this.#probes?.stop();
    const { container } = this.#options;
    const reason = container.wasOutOfMemory ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error';
    return { exitCode, reason, message: await container.lastWords(exitCode) };
  }
}
