/**
 * The life of one container: image, runs, restarts with growing delays, as a kubelet leads it.
 *
 * ```
 *   Waiting(ContainerCreating) ─▶ Running ─▶ Terminated ─▶ Waiting(CrashLoopBackOff) ─▶ Running …
 *   Waiting(ErrImagePull) ⇄ Waiting(ImagePullBackOff)          └▶ done, by restart policy
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ContainerState, ContainerStatus } from '@weir/kube';
import { formatGoDuration } from '../images/agnhost/go-text.ts';
import { SandboxStartError } from '../sandbox/sandbox-process.ts';
import { type ContainerLaunch, LaunchError } from './container-launch.ts';
import { ContainerRun, type ContainerRunOptions, type RunEnd, type StopOrder } from './container-run.ts';
import type { PodEvent } from './pod-api.ts';
import type { PodContainer } from './pod-container.ts';
import { type RestartDelayBounds, RestartDelays } from './restart-delays.ts';
import { type RestartPolicy, startsAgain } from './restart-rule.ts';
import type { ContainerFacts } from './status/status-facts.ts';
import { waitForImage } from './unavailable-image.ts';

/** How a container lives. */
export interface LifecycleOptions {
  readonly container: PodContainer;
  /** What the next run is started with; rejects with a {@link LaunchError}. */
  readonly launch: () => Promise<ContainerLaunch>;
  readonly restartPolicy: RestartPolicy;
  readonly restartDelays: RestartDelayBounds;
  /** What a run is given that a probe or a hook ends. */
  readonly graceMs: number;
  /** `name_namespace(uid)`, for messages. */
  readonly podText: string;
  /** UID-like text that container ids are made from. */
  readonly idSeed: string;
  /** The status that an earlier process of the node had reported; its container is gone. */
  readonly earlier: ContainerStatus | undefined;
  readonly onChange: () => void;
  readonly event: (event: PodEvent) => void;
}

/** How often is looked whether what a container could not start without is there. */
const launchRetryMs = 2_000;
/** What is reported of a container whose end nobody saw, and of one that could not be started. */
const exitCodeUnknown = 255;
const exitCodeStartError = 128;

/** One container's life. */
export class ContainerLifecycle {
  readonly options: LifecycleOptions;
  #state: ContainerState = { waiting: { reason: 'ContainerCreating' } };
  #lastState: ContainerState = {};
  #restartCount = 0;
  #runs = 0;
  #containerId: string | undefined;
  #isStarted = false;
  #isReady = false;
  /** Whether a probe has ended the present run. */
  #isCondemned = false;
  #run: ContainerRun | undefined;
  #life: Promise<void> | undefined;
  #order: StopOrder | undefined;
  readonly #delays: RestartDelays;
  readonly #stop = new AbortController();
  #onFirstStart: () => void = () => undefined;
  /** Resolves when the container has started for the first time. */
  readonly started: Promise<void>;

  constructor(options: LifecycleOptions) {
    this.options = options;
    this.#delays = new RestartDelays(options.restartDelays);
    this.started = new Promise((resolve) => {
      this.#onFirstStart = resolve;
    });
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
      restarts: this.#willRestart,
      started: this.#isStarted,
      ready: this.#isReady,
    };
  }

  /** Why the container waits, before its first start. */
  set waitingMessage(message: string | undefined) {
    if (this.#state.waiting === undefined) return;
    this.#state = { waiting: { reason: 'ContainerCreating', ...(message === undefined ? {} : { message }) } };
  }

  /** Runs it until it has ended for good or {@link ContainerLifecycle.terminate} is called. */
  run(): Promise<void> {
    this.#life ??= this.#live();
    return this.#life;
  }

  /** Ends it in order. Resolves when it has ended; a later call can only shorten the time that is left. */
  async terminate(order: Omit<StopOrder, 'message'>): Promise<void> {
    this.#order = { ...order, message: `Stopping container ${this.facts.container.name}` };
    this.#stop.abort();
    await this.#run?.stop(this.#order);
    await this.#life?.catch(() => undefined);
  }

  /** Kills it now, without a word: the node's process is about to end, or nobody is interested any more. */
  async abandon(): Promise<void> {
    this.#stop.abort();
    await this.#run?.kill();
    await this.#life?.catch(() => undefined);
  }

  async #live(): Promise<void> {
    const { terminated } = this.#state;
    if (terminated !== undefined && !this.#restarts(terminated.exitCode)) return;
    for (let isRestart = terminated !== undefined; !this.#stop.signal.aborted; isRestart = true) {
      const launch = await this.#prepare();
      if (launch === undefined) return;
      if (isRestart) this.#restartCount++;
      const startedAt = Date.now();
      const exitCode = await this.#runOnce(launch);
      if (this.#stop.signal.aborted || !this.#restarts(exitCode)) return;
      const delayMs = this.#delays.after(Date.now() - startedAt);
      await this.#backOff(launch.plan.kind === 'program' && launch.plan.startsAgainAtOnce === true ? 0 : delayMs);
    }
  }

  /** Takes over what an earlier process reported: its containers ended with that process. */
  #recall(earlier: ContainerStatus | undefined): void {
    if (earlier === undefined) return;
    this.#restartCount = earlier.restartCount;
    this.#containerId = earlier.containerID;
    this.#runs = earlier.restartCount;
    const ended = earlier.state?.terminated ?? (earlier.state?.running === undefined ? earlier.lastState?.terminated : undefined);
    if (ended !== undefined) this.#state = { terminated: ended };
    if (earlier.state?.running === undefined) return;
    const startedAt = earlier.state.running.startedAt ?? now();
    this.#state = this.#terminated({ exitCode: exitCodeUnknown, reason: 'Unknown', message: '' }, startedAt);
  }

  /** Puts the next start together, waiting for what is missing; undefined when the end comes first. */
  async #prepare(): Promise<ContainerLaunch | undefined> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        const launch = await this.options.launch();
        if (launch.plan.kind !== 'unavailable') return this.#stop.signal.aborted ? undefined : launch;
        await waitForImage({
          image: this.facts.container.image ?? '',
          plan: launch.plan,
          attempt,
          set: (state) => this.#set(state),
          event: (event) => this.#event(event),
          sleep: (milliseconds) => this.#sleep(milliseconds),
        });
      } catch (error) {
        if (!(error instanceof LaunchError)) throw error;
        this.#event({ type: 'Warning', reason: 'Failed', message: `Error: ${error.message}` });
        this.#set({ waiting: { reason: error.reason, message: error.message } });
        await this.#sleep(launchRetryMs);
      }
    }
    return undefined;
  }

  async #runOnce(launch: ContainerLaunch): Promise<number> {
    const { image = '' } = this.facts.container;
    if (this.#state.terminated !== undefined) this.#lastState = this.#state;
    this.#isCondemned = false;
    this.#containerId = `weir://${this.options.idSeed}${String(this.#runs).padStart(4, '0')}`;
    const startedAt = now();
    this.#event({
      type: 'Normal',
      reason: 'Pulled',
      message: `Container image "${image}" already present on machine and can be accessed by the pod`,
    });
    try {
      this.#run = await ContainerRun.start(this.#runOptions(launch, startedAt));
    } catch (error) {
      if (!(error instanceof SandboxStartError)) throw error;
      return this.#startFailed(error, startedAt);
    }
    this.#event({ type: 'Normal', reason: 'Created', message: 'Container created' });
    this.#event({ type: 'Normal', reason: 'Started', message: 'Container started' });
    // The end may have been ordered while the program was being started.
    if (this.#stop.signal.aborted) void (this.#order === undefined ? this.#run.kill() : this.#run.stop(this.#order));
    const end = await this.#run.ended;
    this.#run = undefined;
    this.#set(this.#terminated(end, startedAt));
    return end.exitCode;
  }

  #runOptions(launch: ContainerLaunch, startedAt: string): ContainerRunOptions {
    const { container, graceMs, restartPolicy } = this.options;
    return {
      container,
      launch,
      run: this.#runs++,
      graceMs,
      sequel: restartPolicy === 'Never' ? '' : ', will be restarted',
      listener: {
        onRunning: () => this.#set({ running: { startedAt } }),
        onStarted: () => {
          this.#isStarted = true;
          this.#onFirstStart();
          this.options.onChange();
        },
        onReady: (ready) => {
          if (ready === this.#isReady) return;
          this.#isReady = ready;
          this.options.onChange();
        },
        onCondemned: () => {
          this.#isCondemned = true;
        },
        event: (event) => this.#event(event),
      },
    };
  }

  #startFailed(error: SandboxStartError, startedAt: string): number {
    const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: ${error.message}: unknown`;
    this.#event({ type: 'Warning', reason: 'Failed', message: `Error: ${message}` });
    this.#set(this.#terminated({ exitCode: exitCodeStartError, reason: 'StartError', message }, startedAt));
    return exitCodeStartError;
  }

  #terminated({ exitCode, reason, message }: RunEnd, startedAt: string): ContainerState {
    return {
      terminated: {
        exitCode,
        reason,
        ...(message === '' ? {} : { message }),
        startedAt,
        finishedAt: now(),
        ...(this.#containerId === undefined ? {} : { containerID: this.#containerId }),
      },
    };
  }

  async #backOff(delayMs: number): Promise<void> {
    if (delayMs === 0) return;
    const { name } = this.facts.container;
    const { podText } = this.options;
    if (this.#state.terminated !== undefined) this.#lastState = this.#state;
    const message = `back-off ${formatGoDuration(delayMs)} restarting failed container=${name} pod=${podText}`;
    this.#event({ type: 'Warning', reason: 'BackOff', message: `Back-off restarting failed container ${name} in pod ${podText}` });
    this.#set({ waiting: { reason: 'CrashLoopBackOff', message } });
    await this.#sleep(delayMs);
  }

  /** Whether the container, having ended, starts again. */
  get #willRestart(): boolean {
    const { terminated } = this.#state;
    if (terminated !== undefined) return this.#restarts(terminated.exitCode);
    return this.#state.waiting !== undefined && this.#lastState.terminated !== undefined;
  }

  #restarts(exitCode: number): boolean {
    const { container, restartPolicy } = this.options;
    if (this.#isCondemned && restartPolicy !== 'Never') return true;
    return startsAgain(container.options.container, restartPolicy, exitCode);
  }

  #set(state: ContainerState): void {
    this.#state = state;
    if (state.running === undefined) this.#isStarted = this.#isReady = false;
    this.options.onChange();
  }

  #event(event: Omit<PodEvent, 'container'>): void {
    this.options.event({ ...event, container: this.facts.container.name });
  }

  async #sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
