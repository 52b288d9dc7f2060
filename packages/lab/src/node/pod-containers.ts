/**
 * The containers of a pod in the order in which they live.
 *
 * ```
 *   start:  init containers, one after the other; a sidecar among them only has to have started
 *           ─▶ main containers, all at once
 *   end:    main containers ─▶ sidecars, the last one first
 * ```
 * Ephemeral containers come when somebody adds them, and end with the main ones.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Container, ContainerStatus, Pod } from '@weir/kube';
import { shortHash } from '@weir/net';
import type { ContainerLaunch } from './container-launch.ts';
import { ContainerLifecycle } from './container-lifecycle.ts';
import type { PodEvent } from './pod-api.ts';
import { PodContainer } from './pod-container.ts';
import type { PodContext } from './pod-context.ts';
import { usualRestartDelays } from './restart-delays.ts';
import type { RestartPolicy } from './restart-rule.ts';
import { isSidecar, type PodStatusFacts } from './status/status-facts.ts';

/** Where the containers belong and whom they tell. */
export interface PodContainersOptions {
  readonly context: Pick<PodContext, 'options' | 'home'>;
  readonly pod: Pod;
  /** What a container is started with, put together anew for each start. */
  readonly launch: (container: Container) => Promise<ContainerLaunch>;
  readonly onChange: () => void;
  readonly event: (event: PodEvent) => void;
}

/** What a container is besides its specification. */
interface ContainerRole {
  readonly restartPolicy: RestartPolicy;
  /** What an earlier process of the node said of the containers of its kind. */
  readonly earlier: readonly ContainerStatus[] | undefined;
}

/** A container without a word about it in the pod ends within this time. */
export const usualGraceSeconds = 30;

/** All containers of one pod. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #init: readonly ContainerLifecycle[];
  readonly #main: readonly ContainerLifecycle[];
  readonly #ephemeral: ContainerLifecycle[] = [];
  #isInitialized: boolean;
  #hasEnded = false;
  /** Aborted when no container starts any more; undefined before the first may. */
  #stop: AbortSignal | undefined;

  constructor(options: PodContainersOptions) {
    this.#options = options;
    const { spec, status } = options.pod;
    const restartPolicy = spec?.restartPolicy ?? 'Always';
    const initPolicy = restartPolicy === 'Never' ? 'Never' : 'OnFailure';
    this.#isInitialized = status?.conditions?.find(({ type }) => type === 'Initialized')?.status === 'True';
    const earlier = status?.containerStatuses;
    this.#main = (spec?.containers ?? []).map((container) =>
      this.#make(container, { restartPolicy: (container.restartPolicy as RestartPolicy | undefined) ?? restartPolicy, earlier }),
    );
    this.#init = (spec?.initContainers ?? []).map((container) =>
      this.#make(container, {
        restartPolicy: (container.restartPolicy as RestartPolicy | undefined) ?? initPolicy,
        earlier: status?.initContainerStatuses,
      }),
    );
    this.add(options.pod);
  }

  /** What the status says of them. */
  get facts(): Pick<PodStatusFacts, 'initContainers' | 'containers' | 'ephemeralContainers' | 'initialized' | 'ended'> {
    return {
      initContainers: this.#init.map(({ facts }) => facts),
      containers: this.#main.map(({ facts }) => facts),
      ephemeralContainers: this.#ephemeral.map(({ facts }) => facts),
      initialized: this.#isInitialized,
      ended: this.#hasEnded,
    };
  }

  /** The container of that name, if it is one of the pod's. */
  find(name: string): ContainerLifecycle | undefined {
    return this.#all.find(({ facts }) => facts.container.name === name);
  }

  /** Why none has started yet; undefined: for no particular reason. */
  set waitingMessage(message: string | undefined) {
    for (const lifecycle of this.#all) lifecycle.waitingMessage = message;
  }

  /** Takes up the ephemeral containers that the pod has got meanwhile. */
  add({ spec, status }: Pod): void {
    for (const container of spec?.ephemeralContainers ?? []) {
      if (this.find(container.name) !== undefined) continue;
      const lifecycle = this.#make(container, { restartPolicy: 'Never', earlier: status?.ephemeralContainerStatuses });
      this.#ephemeral.push(lifecycle);
      if (this.#stop !== undefined) void this.#guarded(lifecycle);
    }
  }

  /** Runs them until all have ended for good or `stop` comes. */
  async run(stop: AbortSignal): Promise<void> {
    this.#stop = stop;
    const stopped = untilAborted(stop);
    for (const lifecycle of this.#ephemeral) void this.#guarded(lifecycle);
    for (const lifecycle of this.#init) {
      if (stop.aborted) return;
      const life = this.#guarded(lifecycle);
      await Promise.race([isSidecar(lifecycle.facts.container) ? lifecycle.started : life, stopped]);
      if (!isSidecar(lifecycle.facts.container) && lifecycle.facts.state.terminated?.exitCode !== 0) return;
    }
    if (stop.aborted) return;
    this.#isInitialized = true;
    this.#options.onChange();
    await Promise.race([Promise.all(this.#main.map((lifecycle) => this.#guarded(lifecycle))), stopped]);
  }

  /** Ends all within the grace period and removes what they had; their logs stay. A later call can only shorten the time that is left. */
  async terminate(graceMs: number): Promise<void> {
    let ended: Promise<unknown> = Promise.all([...this.#main, ...this.#ephemeral].map((lifecycle) => lifecycle.terminate({ graceMs })));
    for (const lifecycle of this.#init.toReversed()) {
      const turn = ended;
      ended = Promise.all([turn, lifecycle.terminate({ graceMs, turn })]);
    }
    await ended;
    await this.#remove();
    this.#hasEnded = true;
  }

  /** Kills all now, without a word. */
  async abandon(): Promise<void> {
    await Promise.all(this.#all.map((lifecycle) => lifecycle.abandon()));
    await this.#remove();
  }

  get #all(): readonly ContainerLifecycle[] {
    return [...this.#main, ...this.#init, ...this.#ephemeral];
  }

  async #remove(): Promise<void> {
    await Promise.all(this.#all.map((lifecycle) => lifecycle.options.container.remove()));
  }

  /** A fault of ours in one container must not end the node: it is said, and the container counts as one that never ends. */
  async #guarded(lifecycle: ContainerLifecycle): Promise<void> {
    try {
      await lifecycle.run();
    } catch (error) {
      const message = `Error: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.event({ type: 'Warning', reason: 'Failed', message, container: lifecycle.facts.container.name });
      if (this.#stop !== undefined) await untilAborted(this.#stop);
    }
  }

  #make(container: Container, { restartPolicy, earlier }: ContainerRole): ContainerLifecycle {
    const { context, pod, launch, onChange, event } = this.#options;
    const { options, home } = context;
    const { uid = '', name = '', namespace = '' } = pod.metadata;
    const seed = `${uid}/${container.name}`;
    return new ContainerLifecycle({
      container: new PodContainer({
        container,
        home,
        sandboxId: `weir-${options.cluster}-${shortHash(`${options.node}/${seed}`)}`,
        logDirectory: join(options.stateDirectory, 'logs', uid, container.name),
      }),
      launch: () => launch(container),
      restartPolicy,
      restartDelays: options.restartDelays ?? usualRestartDelays,
      graceMs: 1_000 * (pod.spec?.terminationGracePeriodSeconds ?? usualGraceSeconds),
      podText: `${name}_${namespace}(${uid})`,
      idSeed: createHash('sha256').update(seed).digest('hex').slice(0, 60),
      earlier: earlier?.find((status) => status.name === container.name),
      onChange,
      event,
    });
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
