/**
 * The containers of a pod in the order in which they live.
 *
 * ```
 *   start:  init containers, one after the other; a sidecar among them only has to have started
 *           ─▶ main containers, all at once
 *   end:    main containers ─▶ sidecars, the last one first
 * ```
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, ContainerStatus, Pod } from '@weir/kube';
import { shortHash } from '@weir/net';
import type { ContainerLaunch } from './container-launch.ts';
import { ContainerLifecycle, type RestartPolicy } from './container-lifecycle.ts';
import type { PodEvent } from './pod-api.ts';
import { PodContainer } from './pod-container.ts';
import type { PodContext } from './pod-context.ts';
import { type ContainerFacts, isSidecar } from './pod-status.ts';

/** Where the containers belong and whom they tell. */
export interface PodContainersOptions {
  readonly context: Pick<PodContext, 'options' | 'home'>;
  readonly pod: Pod;
  /** What a container is started with, put together anew for each start. */
  readonly launch: (container: Container) => Promise<ContainerLaunch>;
  readonly onChange: () => void;
  readonly event: (event: PodEvent) => void;
}

/** All containers of one pod. */
export class PodContainers {
  readonly #options: PodContainersOptions;
  readonly #init: readonly ContainerLifecycle[];
  readonly #main: readonly ContainerLifecycle[];

  constructor(options: PodContainersOptions) {
    this.#options = options;
    const { spec, status } = options.pod;
    const policy = spec?.restartPolicy ?? 'Always';
    const initPolicy = policy === 'Never' ? 'Never' : 'OnFailure';
    this.#init = (spec?.initContainers ?? []).map((container) =>
      this.#make(container, isSidecar(container) ? 'Always' : initPolicy, status?.initContainerStatuses),
    );
    this.#main = (spec?.containers ?? []).map((container) => this.#make(container, policy, status?.containerStatuses));
  }

  /** What is known of each. */
  get facts(): { readonly initContainers: readonly ContainerFacts[]; readonly containers: readonly ContainerFacts[] } {
    return { initContainers: this.#init.map(({ facts }) => facts), containers: this.#main.map(({ facts }) => facts) };
  }

  /** The container of that name, if it is one of the pod's. */
  find(name: string): ContainerLifecycle | undefined {
    return this.#all.find(({ facts }) => facts.container.name === name);
  }

  /** Why none has started yet; undefined: for no particular reason. */
  set waitingMessage(message: string | undefined) {
    for (const lifecycle of this.#all) lifecycle.waitingMessage = message;
  }

  /** Runs them until all have ended for good or `stop` comes. */
  async run(stop: AbortSignal): Promise<void> {
    const stopped = new Promise<void>((resolve) => {
      if (stop.aborted) resolve();
      stop.addEventListener('abort', () => resolve(), { once: true });
    });
    for (const lifecycle of this.#init) {
      if (stop.aborted) return;
      if (isSidecar(lifecycle.facts.container)) {
        void this.#guarded(lifecycle, stopped);
        await untilStarted(lifecycle, stop);
        continue;
      }
      await Promise.race([this.#guarded(lifecycle, stopped), stopped]);
      if (lifecycle.facts.state.terminated?.exitCode !== 0) return;
    }
    if (stop.aborted) return;
    await Promise.race([Promise.all(this.#main.map((lifecycle) => this.#guarded(lifecycle, stopped))), stopped]);
  }

  /** Ends all within the grace period and removes what they had; their logs stay. */
  async terminate(graceMs: number): Promise<void> {
    const deadline = Date.now() + graceMs;
    await Promise.all(this.#main.map((lifecycle) => lifecycle.terminate(graceMs)));
    for (const lifecycle of this.#init.toReversed()) await lifecycle.terminate(Math.max(0, deadline - Date.now()));
    await this.#remove();
  }

  /** Kills all now, without a word. */
  async abandon(): Promise<void> {
    await Promise.all(this.#all.map((lifecycle) => lifecycle.abandon()));
    await this.#remove();
  }

  get #all(): readonly ContainerLifecycle[] {
    return [...this.#main, ...this.#init];
  }

  async #remove(): Promise<void> {
    await Promise.all(this.#all.map((lifecycle) => lifecycle.options.container.remove()));
  }

  /** A fault of ours in one container must not end the node: it is said, and the container counts as ended. */
  async #guarded(lifecycle: ContainerLifecycle, stopped: Promise<void>): Promise<void> {
    try {
      await lifecycle.run();
    } catch (error) {
      const message = `Error: ${error instanceof Error ? error.message : String(error)}`;
      this.#options.event({ type: 'Warning', reason: 'Failed', message, container: lifecycle.facts.container.name });
      await stopped;
    }
  }

  #make(container: Container, restartPolicy: RestartPolicy, ...[earlier]: [readonly ContainerStatus[] | undefined]): ContainerLifecycle {
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
      podText: `${name}_${namespace}(${uid})`,
      idSeed: createHash('sha256').update(seed).digest('hex').slice(0, 60),
      earlier: earlier?.find((status) => status.name === container.name),
      onChange,
      event,
    });
  }
}

async function untilStarted(lifecycle: ContainerLifecycle, stop: AbortSignal): Promise<void> {
  while (lifecycle.facts.state.running === undefined && !stop.aborted) await sleep(20, undefined, { signal: stop }).catch(() => undefined);
}
