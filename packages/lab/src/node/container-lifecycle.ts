/**
 * The life of one container: image, start, end, restart with growing delays, as a kubelet runs it.
 *
 * ```
 *   Waiting(ContainerCreating) ─▶ Running ─▶ Terminated ─▶ Waiting(CrashLoopBackOff) ─▶ Running …
 *   Waiting(ErrImagePull) ⇄ Waiting(ImagePullBackOff)          └▶ done, by restart policy
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerState, ContainerStatus } from '@weir/kube';
import { SandboxStartError } from '../sandbox/sandbox-process.ts';
import { type ContainerLaunch, LaunchError } from './container-launch.ts';
import type { ContainerPlan } from './container-plan.ts';
import type { PodEvent } from './pod-api.ts';
import type { MainProcess, PodContainer } from './pod-container.ts';
import type { ContainerFacts } from './pod-status.ts';

/** Which ends are followed by another start. */
export type RestartPolicy = 'Always' | 'OnFailure' | 'Never';

/** How a container lives. */
export interface LifecycleOptions {
  readonly container: PodContainer;
  /** What the next run is started with; rejects with a {@link LaunchError}. */
  readonly launch: () => Promise<ContainerLaunch>;
  readonly restartPolicy: RestartPolicy;
  /** `name_namespace(uid)`, for messages. */
  readonly podText: string;
  /** UID-like text that container ids are made from. */
  readonly idSeed: string;
  /** The status that an earlier process of the node had reported; its container is gone. */
  readonly earlier: ContainerStatus | undefined;
  readonly onChange: () => void;
  readonly event: (event: PodEvent) => void;
}

/** Delays before a restart in seconds: the first is immediate, then doubling from 10 up to 300. */
const restartDelaysSeconds = [0, 10, 20, 40, 80, 160, 300];
const pullDelaysSeconds = [10, 20, 40, 80, 160, 300];
/** How often is looked whether what a container could not start without is there. */
const launchRetrySeconds = 2;
/** A run of this length counts as healthy and resets the delays. */
const healthyRunMs = 600_000;
/** What is reported of a container whose end nobody saw, and of one that could not be started. */
const exitCodeUnknown = 255;
const exitCodeStartError = 128;

/** One container's life. */
export class ContainerLifecycle {
  readonly options: LifecycleOptions;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState = {};
  #restartCount = 0;
  #run = 0;
  #containerId: string | undefined;
  #main: MainProcess | undefined;
  readonly #stop = new AbortController();

  constructor(options: LifecycleOptions) {
    this.options = options;
    this.#recall(options.earlier);
  }

  /** What the status says of it. */
  get facts(): ContainerFacts {
    return {
      container: this.options.container.options.container,
      state: this.#state,
      lastState: this.#lastState,
      restartCount: this.#restartCount,
      containerId: this.#containerId,
    };
  }

  /** Why the container waits, before its first start. */
  set waitingMessage(message: string | undefined) {
    if (this.#state.waiting === undefined) return;
    this.#state = { waiting: { reason: 'ContainerCreating', ...(message === undefined ? {} : { message }) } };
  }

  /** Runs it until it has ended for good or {@link ContainerLifecycle.terminate} is called. */
  async run(): Promise<void> {
    if (this.#state.terminated !== undefined && !this.#restarts(this.#state.terminated.exitCode)) return;
    if (this.#state.terminated !== undefined) this.#restartCount++;
    for (let failures = 0; !this.#stop.signal.aborted; failures++, this.#restartCount++) {
      const launch = await this.#prepare();
      if (launch === undefined) return;
      const startedAt = Date.now();
      const exitCode = await this.#runOnce(launch);
      if (this.#stop.signal.aborted || !this.#restarts(exitCode)) return;
      if (Date.now() - startedAt >= healthyRunMs) failures = 0;
      await this.#backOff(restartDelaysSeconds[Math.min(failures, restartDelaysSeconds.length - 1)] ?? 0);
    }
  }

  /** Ends it: TERM, after the grace period KILL. Resolves when it has ended. */
  async terminate(graceMs: number): Promise<void> {
    this.#stop.abort();
    const main = this.#main;
    if (main === undefined) return;
    const { container } = this.facts;
    this.options.event({ type: 'Normal', reason: 'Killing', message: `Stopping container ${container.name}`, container: container.name });
    if (graceMs > 0) {
      main.kill('SIGTERM');
      const waiting = new AbortController();
      await Promise.race([main.exited, sleep(graceMs, undefined, { signal: waiting.signal }).catch(() => undefined)]);
      waiting.abort();
    }
    main.kill('SIGKILL');
    await main.exited;
  }

  /** Kills it now, without a word: the node's process is about to end. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    this.#main?.kill('SIGKILL');
    await this.#main?.exited;
  }

  /** Takes over what an earlier process reported: its containers ended with that process. */
  #recall(earlier: ContainerStatus | undefined): void {
    if (earlier === undefined) return;
    this.#restartCount = earlier.restartCount;
    this.#containerId = earlier.containerID;
    this.#run = earlier.restartCount;
    const ended = earlier.state?.terminated ?? (earlier.state?.running === undefined ? earlier.lastState?.terminated : undefined);
    if (ended !== undefined) this.#state = { terminated: ended };
    if (earlier.state?.running === undefined) return;
    this.#state = {
      terminated: {
        exitCode: exitCodeUnknown,
        reason: 'Unknown',
        startedAt: earlier.state.running.startedAt ?? now(),
        finishedAt: now(),
        ...(earlier.containerID === undefined ? {} : { containerID: earlier.containerID }),
      },
    };
  }

  /** Puts the next start together, waiting for what is missing; undefined when the end comes first. */
  async #prepare(): Promise<ContainerLaunch | undefined> {
    while (!this.#stop.signal.aborted) {
      try {
        const launch = await this.options.launch();
        if (launch.plan.kind !== 'unavailable') return this.#stop.signal.aborted ? undefined : launch;
        await this.#waitForImage(launch.plan);
      } catch (error) {
        if (!(error instanceof LaunchError)) throw error;
        this.#event('Warning', 'Failed', `Error: ${error.message}`);
        this.#set({ waiting: { reason: error.reason, message: error.message } });
        await this.#sleep(launchRetrySeconds);
      }
    }
    return undefined;
  }

  async #runOnce(launch: ContainerLaunch): Promise<number> {
    const { name, image = '' } = this.facts.container;
    if (this.#state.terminated !== undefined) this.#lastState = this.#state;
    this.#containerId = `weir://${this.options.idSeed}${String(this.#run).padStart(4, '0')}`;
    const startedAt = now();
    this.#event('Normal', 'Pulled', `Container image "${image}" already present on machine`);
    try {
      this.#main = await this.options.container.start(launch, this.#run++);
    } catch (error) {
      if (!(error instanceof SandboxStartError)) throw error;
      return this.#startFailed(error, startedAt);
    }
    this.#event('Normal', 'Created', `Created container: ${name}`);
    this.#event('Normal', 'Started', `Started container ${name}`);
    this.#set({ running: { startedAt } });
    // terminate() may have come while the program was being started.
    if (this.#stop.signal.aborted) this.#main.kill('SIGKILL');
    const exitCode = await this.#main.exited;
    this.#main = undefined;
    this.#ended(exitCode, exitCode === 0 ? 'Completed' : 'Error', startedAt);
    return exitCode;
  }

  #startFailed(error: SandboxStartError, startedAt: string): number {
    const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${error.message}: unknown`;
    this.#event('Warning', 'Failed', `Error: ${message}`);
    this.#ended(exitCodeStartError, 'StartError', startedAt, message);
    return exitCodeStartError;
  }

  #ended(exitCode: number, reason: string, startedAt: string, ...[message]: [string?]): void {
    this.#set({
      terminated: {
        exitCode,
        reason,
        ...(message === undefined ? {} : { message }),
        startedAt,
        finishedAt: now(),
        ...(this.#containerId === undefined ? {} : { containerID: this.#containerId }),
      },
    });
  }

  async #backOff(seconds: number): Promise<void> {
    if (seconds === 0) return;
    const { name } = this.facts.container;
    if (this.#state.terminated !== undefined) this.#lastState = this.#state;
    const message = `back-off ${seconds >= 60 ? `${Math.floor(seconds / 60)}m${seconds % 60}s` : `${seconds}s`} restarting failed container=${name} pod=${this.options.podText}`;
    this.#event('Warning', 'BackOff', `Back-off restarting failed container ${name} in pod ${this.options.podText}`);
    this.#set({ waiting: { reason: 'CrashLoopBackOff', message } });
    await this.#sleep(seconds);
  }

  /** The image will never come, but people may be watching: the two states alternate as on a real node. */
  async #waitForImage(plan: Extract<ContainerPlan, { kind: 'unavailable' }>): Promise<void> {
    const { image = '' } = this.facts.container;
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      if (plan.reason === 'InvalidImageName') {
        this.#event('Warning', 'InspectFailed', plan.message);
        this.#event('Warning', 'Failed', 'Error: InvalidImageName');
        this.#set({ waiting: { reason: 'InvalidImageName', message: plan.message } });
      } else {
        this.#event('Normal', 'Pulling', `Pulling image "${image}"`);
        this.#event('Warning', 'Failed', plan.message);
        this.#event('Warning', 'Failed', `Error: ${plan.reason}`);
        this.#set({ waiting: { reason: plan.reason, message: plan.message } });
        await this.#sleep(1);
        if (this.#stop.signal.aborted) return;
        this.#event('Normal', 'BackOff', `Back-off pulling image "${image}"`);
        this.#event('Warning', 'Failed', 'Error: ImagePullBackOff');
        this.#set({
          waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ${plan.reason}: ${plan.message}` },
        });
      }
      await this.#sleep(pullDelaysSeconds[Math.min(attempt, pullDelaysSeconds.length - 1)] ?? 300);
    }
  }

  #restarts(exitCode: number): boolean {
    const { restartPolicy } = this.options;
    return restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0);
  }

  #set(state: ContainerState): void {
    this.#state = state;
    this.options.onChange();
  }

  #event(type: PodEvent['type'], reason: string, message: string): void {
    this.options.event({ type, reason, message, container: this.facts.container.name });
  }

  async #sleep(seconds: number): Promise<void> {
    await sleep(seconds * 1000, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
