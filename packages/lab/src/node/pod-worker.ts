/**
 * One pod on this node, from the moment it is assigned until nothing of it is left.
 *
 * ```
 *   connection joined ─▶ containers run
 *                            │ all ended, or deleted
 *   object gone ◀─ final delete ◀─ connection left ◀─ TERM, grace, KILL
 * ```
 * No program of the pod runs before the gate has opened. What each step consists of is the business of
 * its own file: the network of `pod-connection`, the order of containers of `pod-containers`, one
 * container of `container-lifecycle`.
 */
import type { Container, Pod } from '@weir/kube';
import { type ContainerLaunch, prepareLaunch } from './container-launch.ts';
import type { ContainerLifecycle } from './container-lifecycle.ts';
import { PodConnection } from './pod-connection.ts';
import { PodContainers } from './pod-containers.ts';
import type { PodContext } from './pod-context.ts';
import { podStatus } from './pod-status.ts';
import { PodStatusWriter } from './pod-status-writer.ts';

const defaultGraceSeconds = 30;

/** The worker of one pod. */
export class PodWorker {
  readonly #context: PodContext;
  #pod: Pod;
  readonly #connection: PodConnection;
  readonly #containers: PodContainers;
  readonly #status: PodStatusWriter;
  readonly #startTime: string;
  readonly #stop = new AbortController();
  #deleted: () => void = () => undefined;
  readonly #deletion: Promise<void>;
  #vanished = false;
  #abandoned = false;
  /** Resolves when nothing is left to do for this pod. */
  readonly finished: Promise<void>;

  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#startTime = pod.status?.startTime ?? now();
    this.#status = new PodStatusWriter(() => this.#writeStatus());
    this.#connection = new PodConnection(context, pod, {
      onAttached: () => this.#status.changed(),
      onWait: (reason) => this.#waitAtGate(reason),
      onFailure: (message) => this.#failedNetwork(message),
    });
    this.#containers = new PodContainers({
      context,
      pod,
      launch: (container) => this.#launch(container),
      onChange: () => this.#status.changed(),
      event: (event) => context.api.event(this.#pod, event),
    });
    this.#deletion = new Promise((resolve) => {
      this.#deleted = resolve;
    });
    this.update(pod);
    this.finished = this.#live();
  }

  get pod(): Pod {
    return this.#pod;
  }

  /** The namespace of the pod's network; empty until it has one. */
  get netns(): string {
    return this.#connection.netns;
  }

  /** The container of that name, if it is one of the pod's. */
  container(name: string): ContainerLifecycle | undefined {
    return this.#containers.find(name);
  }

  /** The object has changed. */
  update(pod: Pod): void {
    this.#pod = pod;
    if (pod.metadata.deletionTimestamp === undefined) return;
    this.#stop.abort();
    this.#deleted();
  }

  /** The object is gone from the API server: nobody waits for a grace period any more. */
  vanish(): void {
    this.#vanished = true;
    this.#status.close();
    this.#stop.abort();
    this.#deleted();
    void this.#containers.abandon();
  }

  /** The node's process ends: programs are killed, everything else is left for its successor. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#status.close();
    this.#stop.abort();
    this.#deleted();
    await this.#containers.abandon();
  }

  async #live(): Promise<void> {
    const phase = this.#pod.status?.phase;
    if (phase !== 'Succeeded' && phase !== 'Failed') {
      if (await this.#connection.join(this.#stop.signal)) await this.#containers.run(this.#stop.signal);
      if (this.#abandoned) return;
      await this.#containers.terminate(this.#graceMs);
      if (this.netns !== '') this.#status.changed();
    }
    await this.#connection.leave();
    await this.#deletion;
    if (this.#abandoned) return;
    await this.#status.flushed();
    if (!this.#vanished) await this.#context.api.finalDelete(this.#pod);
  }

  get #graceMs(): number {
    const { deletionGracePeriodSeconds, deletionTimestamp } = this.#pod.metadata;
    const specified = this.#pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    return this.#vanished ? 0 : 1000 * (deletionTimestamp === undefined ? specified : (deletionGracePeriodSeconds ?? specified));
  }

  #launch(container: Container): Promise<ContainerLaunch> {
    const { images, options } = this.#context;
    return prepareLaunch(container, { pod: this.#pod, netns: this.netns, podAddresses: this.#connection.addresses, images, options });
  }

  #waitAtGate(reason: string | undefined): void {
    this.#containers.waitingMessage = reason === undefined ? undefined : `waiting for the rules of the pod: ${reason}`;
    this.#status.changed();
    if (reason !== undefined) this.#failedNetwork(`the rules of the pod are not in force yet: ${reason}`);
  }

  #failedNetwork(message: string): void {
    this.#context.api.event(this.#pod, {
      type: 'Warning',
      reason: 'FailedCreatePodSandBox',
      message: `Failed to create pod sandbox: ${message}`,
    });
  }

  async #writeStatus(): Promise<void> {
    const status = podStatus({
      pod: this.#pod,
      startTime: this.#startTime,
      hostAddresses: this.#context.options.addresses,
      podAddresses: this.#connection.addresses,
      ...this.#containers.facts,
      now: now(),
    });
    this.#pod = { ...this.#pod, status: { ...this.#pod.status, ...status } };
    await this.#context.api.writeStatus(this.#pod, status);
  }
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
