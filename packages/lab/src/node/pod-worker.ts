/**
 * One pod on this node, from the moment it is assigned until nothing of it is left.
 *
 * ```
 *   connection joined ─▶ containers run
 *                            │ all ended, or deleted
 *   object gone ◀─ final delete ◀─ connection left ◀─ TERM, grace, KILL
 * ```
 * A pod that is active for longer than it may is ended like a deleted one, and stays as Failed.
 * No program of the pod runs before the gate has opened. What each step consists of is the business of
 * its own file: the network of `pod-connection`, the order of containers of `pod-containers`, one
 * container of `container-lifecycle`.
 */
import type { Container, Pod, PodStatus } from '@weir/kube';
import { shortHash } from '@weir/net';
import type { EtcFiles } from '../sandbox/root-directory.ts';
import type { SharedNamespace } from '../sandbox/runc-config.ts';
import { SandboxStartError } from '../sandbox/sandbox-process.ts';
import { type ContainerLaunch, prepareLaunch } from './container-launch.ts';
import type { ContainerLifecycle } from './container-lifecycle.ts';
import type { PodFacts } from './environment/pod-fields.ts';
import { networkNotReady, nodeResources } from './node-status.ts';
import { podRefusal } from './pod-admission.ts';
import { PodConnection } from './pod-connection.ts';
import { PodContainers, usualGraceSeconds } from './pod-containers.ts';
import type { PodContext } from './pod-context.ts';
import { PodNamespaces } from './pod-namespaces.ts';
import { PodStatusWriter } from './pod-status-writer.ts';
import { podStatus } from './status/pod-status.ts';
import type { PodFailure } from './status/status-facts.ts';
import { PodVolumes } from './volumes/pod-volumes.ts';

/** A timer cannot wait for longer; by then the pod is looked at again. */
const longestTimerMs = 2 ** 31 - 1;
const deadlineMessage = 'Pod was active on the node longer than the specified deadline';

/** The worker of one pod. */
export class PodWorker {
  readonly #context: PodContext;
  #pod: Pod;
  readonly #connection: PodConnection;
  readonly #containers: PodContainers;
  readonly #namespaces: PodNamespaces;
  readonly #volumes: PodVolumes;
  readonly #status: PodStatusWriter;
  readonly #startTime: string;
  readonly #stop = new AbortController();
  #deleted: () => void = () => undefined;
  readonly #deletion: Promise<void>;
  /** What this node has said of the pod last. */
  #reported: PodStatus | undefined;
  #failure: PodFailure | undefined;
  #deadline: NodeJS.Timeout | undefined;
  #isTerminating = false;
  #vanished = false;
  readonly #abandoned = new AbortController();
  /** Resolves when nothing is left to do for this pod. */
  readonly finished: Promise<void>;

  constructor(context: PodContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#reported = pod.status;
    this.#startTime = pod.status?.startTime ?? now();
    this.#status = new PodStatusWriter(() => this.#writeStatus());
    this.#connection = new PodConnection(context, pod, {
      onAttached: () => this.#status.changed(),
      onWait: (reason) => this.#waitAtGate(reason),
      onFailure: (message) => this.#failedNetwork(message),
      onStuck: (message) =>
        context.api.event(this.#pod, { type: 'Warning', reason: 'FailedKillPod', message: `error killing pod: ${message}` }),
      onNoPlugin: () =>
        context.api.event(this.#pod, { type: 'Warning', reason: 'NetworkNotReady', message: `network is not ready: ${networkNotReady}` }),
    });
    this.#volumes = new PodVolumes({
      pod,
      client: context.client,
      objects: context.objects,
      node: context.options.node,
      stateDirectory: context.options.stateDirectory,
      facts: () => this.#facts,
      onFailure: (message) => context.api.event(this.#pod, { type: 'Warning', reason: 'FailedMount', message }),
    });
    this.#containers = new PodContainers({
      context,
      pod,
      launch: (container) => this.#launch(container),
      onChange: () => this.#status.changed(),
      event: (event) => context.api.event(this.#pod, event),
    });
    const seed = `${context.options.node}/${pod.metadata.uid ?? ''}`;
    this.#namespaces = new PodNamespaces({ home: context.home, sandboxId: `weir-${context.options.cluster}-${shortHash(seed)}` }, pod);
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
    this.#containers.add(pod);
    this.#watchDeadline();
    if (this.#reported !== undefined && isOutdated(pod, this.#reported)) this.#status.changed();
    this.#volumes.podChanged();
    if (pod.metadata.deletionTimestamp === undefined) return;
    // Whoever deletes once more may have less patience.
    if (this.#isTerminating) void this.#containers.terminate(this.#graceMs);
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
    this.#abandoned.abort();
    this.#status.close();
    this.#stop.abort();
    this.#deleted();
    await this.#containers.abandon();
    await this.#namespaces.remove();
    this.#volumes.close();
  }

  async #live(): Promise<void> {
    const phase = this.#pod.status?.phase;
    if (phase !== 'Succeeded' && phase !== 'Failed') {
      this.#admit();
      if (this.#failure === undefined && (await this.#connection.join(this.#stop.signal))) {
        await this.#volumes.setUp(this.#stop.signal);
        await this.#containers.run(this.#stop.signal);
      }
      if (this.#abandoned.signal.aborted) return;
      this.#isTerminating = true;
      await this.#containers.terminate(this.#graceMs);
      await this.#namespaces.remove();
      clearTimeout(this.#deadline);
      if (this.netns !== '' || this.#failure !== undefined) this.#status.changed();
    }
    await this.#volumes.tearDown();
    await this.#connection.leave(this.#abandoned.signal);
    await this.#deletion;
    if (this.#abandoned.signal.aborted) return;
    await this.#status.flushed();
    if (!this.#vanished) await this.#context.api.finalDelete(this.#pod);
  }

  /** A pod that the node does not take has failed, and nothing of it is ever made. */
  #admit(): void {
    this.#failure = podRefusal(this.#pod, this.#context.options.hnsSocket === undefined ? 'linux' : 'windows');
    if (this.#failure !== undefined) this.#context.api.event(this.#pod, { type: 'Warning', ...this.#failure });
  }

  get #graceMs(): number {
    const { deletionGracePeriodSeconds, deletionTimestamp } = this.#pod.metadata;
    const specified = this.#pod.spec?.terminationGracePeriodSeconds ?? usualGraceSeconds;
    return this.#vanished ? 0 : 1000 * (deletionTimestamp === undefined ? specified : (deletionGracePeriodSeconds ?? specified));
  }

  /** Ends the pod when it has been active for too long. */
  #watchDeadline(): void {
    const seconds = this.#pod.spec?.activeDeadlineSeconds;
    clearTimeout(this.#deadline);
    if (seconds === undefined || this.#isTerminating || this.#stop.signal.aborted) return;
    const leftMs = Date.parse(this.#startTime) + 1_000 * seconds - Date.now();
    if (leftMs > longestTimerMs) this.#deadline = setTimeout(() => this.#watchDeadline(), longestTimerMs);
    else this.#deadline = setTimeout(() => this.#exceedDeadline(), Math.max(0, leftMs));
  }

  #exceedDeadline(): void {
    this.#failure = { reason: 'DeadlineExceeded', message: deadlineMessage };
    this.#context.api.event(this.#pod, { type: 'Normal', reason: 'DeadlineExceeded', message: deadlineMessage });
    this.#stop.abort();
  }

  #launch(container: Container): Promise<ContainerLaunch> {
    const facts = {
      ...this.#facts,
      netns: this.netns,
      namespaces: (etc: EtcFiles) => this.#sharedNamespaces(container, etc),
      volumes: this.#volumes,
    };
    return prepareLaunch(container, facts, this.#context);
  }

  get #facts(): PodFacts {
    return {
      pod: this.#pod,
      podAddresses: this.#connection.addresses,
      hostAddresses: this.#context.options.addresses,
      allocatable: nodeResources(this.#context.options),
    };
  }

  /** Those of the pod; an ephemeral container may ask for the processes of another container besides. */
  async #sharedNamespaces({ targetContainerName }: Container, etc: EtcFiles): Promise<readonly SharedNamespace[]> {
    const shared = await this.#namespaces.join(this.netns, etc);
    if (targetContainerName === undefined || targetContainerName === '' || shared.some(({ type }) => type === 'pid')) return shared;
    const pid = await this.#containers.find(targetContainerName)?.options.container.firstProcess();
    if (pid === undefined) throw new SandboxStartError(`the target container "${targetContainerName}" does not run`);
    return [...shared, { type: 'pid', path: `/proc/${pid}/ns/pid` }];
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
      reported: this.#reported,
      failure: this.#failure,
      now: now(),
    });
    this.#reported = status;
    await this.#context.api.writeStatus(this.#pod, status);
  }
}

/** Whether the object does not say what this node has said of it, or says more than that was about. */
function isOutdated({ metadata, spec, status }: Pod, reported: PodStatus): boolean {
  if (reported.observedGeneration !== metadata.generation || reported.phase !== status?.phase) return true;
  if ((spec?.readinessGates ?? []).length > 0) return true;
  return (reported.conditions ?? []).some(
    (own) => own.observedGeneration !== undefined && status?.conditions?.find(({ type }) => type === own.type)?.status !== own.status,
  );
}

function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
