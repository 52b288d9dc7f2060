/**
 * One pod on this node, from the moment it is assigned until nothing of it is left.
 *
 * ```
 *   address ─▶ namespace and interfaces ─▶ start gate ─▶ init containers ─▶ containers
 *                                                                              │ all ended, or deleted
 *   object gone ◀─ final delete ◀─ address free ◀─ gate left ◀─ interfaces gone ◀┘ TERM, grace, KILL
 * ```
 * No program of the pod runs before the gate has opened, and its address is given to nobody before the
 * agent has forgotten it.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Container, ContainerStatus, Pod } from '@weir/kube';
import { shortHash } from '@weir/net';
import type { BuiltInImage } from '../images/built-in-images.ts';
import { nodeNetnsName } from '../network/netns-names.ts';
import { attachPod, detachPod } from '../network/pod-network.ts';
import type { SandboxHome } from '../sandbox/sandbox.ts';
import { containerEnvironment } from './container-environment.ts';
import { ContainerLifecycle } from './container-lifecycle.ts';
import { planContainer } from './container-plan.ts';
import type { NodeOptions } from './node-options.ts';
import { passGate } from './pass-gate.ts';
import type { PodAddresses } from './pod-addresses.ts';
import type { PodApi } from './pod-api.ts';
import { PodContainer } from './pod-container.ts';
import type { PodEndpoints } from './pod-endpoints.ts';
import { podFiles } from './pod-files.ts';
import { isSidecar, podStatus } from './pod-status.ts';
import { leaveGate } from './start-gate.ts';

/** What all pods of a node share. */
export interface PodWorkerContext {
  readonly options: NodeOptions;
  readonly api: PodApi;
  readonly addresses: PodAddresses;
  readonly home: SandboxHome;
  /** The pods' endpoints, on a Windows node. */
  readonly endpoints: PodEndpoints | undefined;
  /** The images that the node has. */
  readonly images: readonly BuiltInImage[];
}

const defaultGraceSeconds = 30;
const gateRetryMs = 2_000;
const networkRetryMs = 2_000;

/** The worker of one pod. */
export class PodWorker {
  readonly #context: PodWorkerContext;
  #pod: Pod;
  #podAddresses: readonly string[];
  #netns = '';
  #initContainers: readonly ContainerLifecycle[] = [];
  #containers: readonly ContainerLifecycle[] = [];
  readonly #startTime: string;
  readonly #stop = new AbortController();
  #deleted: () => void = () => undefined;
  readonly #deletion: Promise<void>;
  #vanished = false;
  #abandoned = false;
  #writing: Promise<unknown> | undefined;
  #dirty = false;
  /** Resolves when nothing is left to do for this pod. */
  readonly finished: Promise<void>;

  constructor(context: PodWorkerContext, pod: Pod) {
    this.#context = context;
    this.#pod = pod;
    this.#podAddresses = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
    this.#startTime = pod.status?.startTime ?? new Date().toISOString().replace(/\.\d+Z$/, 'Z');
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
    return this.#netns;
  }

  /** The container of that name, if it is one of the pod's. */
  container(name: string): { readonly lifecycle: ContainerLifecycle; readonly container: PodContainer } | undefined {
    const all = [...this.#containers, ...this.#initContainers];
    const lifecycle = all.find(({ facts }) => facts.container.name === name);
    return lifecycle === undefined ? undefined : { lifecycle, container: lifecycle.options.container };
  }

  /** Whether the pod's specification has a container of that name. */
  knows(name: string): boolean {
    const { spec } = this.#pod;
    return [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].some((container) => container.name === name);
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
    this.#stop.abort();
    this.#deleted();
    for (const lifecycle of this.#lifecycles()) void lifecycle.abandon();
  }

  /** The node's process ends: programs are killed, everything else is left for its successor. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#stop.abort();
    this.#deleted();
    await Promise.all(this.#lifecycles().map((lifecycle) => lifecycle.abandon()));
    await Promise.all(this.#lifecycles().map((lifecycle) => lifecycle.options.container.remove()));
  }

  async #live(): Promise<void> {
    const phase = this.#pod.status?.phase;
    if (phase !== 'Succeeded' && phase !== 'Failed') {
      if (await this.#joinNetwork()) await this.#runContainers();
      if (this.#abandoned) return;
      await this.#terminate();
      if (this.#containers.length > 0) this.#changed();
    }
    await this.#leaveNetwork();
    await this.#deletion;
    if (this.#abandoned) return;
    await this.#flushed();
    if (!this.#vanished) await this.#context.api.finalDelete(this.#pod);
  }

  /** Address, namespace and gate; false when the pod is deleted meanwhile. */
  async #joinNetwork(): Promise<boolean> {
    const { options } = this.#context;
    if (this.#pod.spec?.hostNetwork === true) {
      this.#netns = nodeNetnsName(options.cluster, options.node);
      this.#podAddresses = options.addresses;
      this.#makeContainers();
      this.#changed();
      return !this.#stop.signal.aborted;
    }
    let interfaceName: string | undefined;
    while (interfaceName === undefined) {
      if (this.#stop.signal.aborted) return false;
      interfaceName = await this.#attach();
      if (interfaceName === undefined) await this.#sleep(networkRetryMs);
    }
    this.#makeContainers();
    this.#changed();
    return this.#passGate(interfaceName);
  }

  async #attach(): Promise<string | undefined> {
    const { options, addresses, endpoints } = this.#context;
    const uid = this.#pod.metadata.uid ?? '';
    const kept = this.#podAddresses.length > 0 && addresses.reserve(uid, this.#podAddresses);
    const taken = kept ? this.#podAddresses : addresses.allocate(uid);
    if (taken === undefined) {
      this.#failedNetwork(`all addresses of ${options.podBlocks.join(', ')} are taken; the pod waits until one is free`);
      return undefined;
    }
    try {
      await endpoints?.create(uid, taken);
      const attached = await attachPod({ cluster: options.cluster, node: options.node, uid, addresses: taken });
      this.#podAddresses = taken;
      this.#netns = attached.netns;
      return attached.interface;
    } catch (error) {
      addresses.release(uid);
      this.#failedNetwork(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #passGate(interfaceName: string): Promise<boolean> {
    const { gateSocket } = this.#context.options;
    const { uid = '', namespace = '', name = '' } = this.#pod.metadata;
    if (gateSocket === undefined) return !this.#stop.signal.aborted;
    const isOpen = await passGate({
      gateSocket,
      endpoint: { uid, namespace, name, interface: interfaceName, addresses: this.#podAddresses },
      signal: this.#stop.signal,
      onWait: (reason) => {
        this.#setWaiting(`waiting for the rules of the pod: ${reason}`);
        this.#failedNetwork(`the rules of the pod are not in force yet: ${reason}`);
      },
    });
    if (isOpen) this.#setWaiting(undefined);
    return isOpen;
  }

  async #runContainers(): Promise<void> {
    for (const lifecycle of this.#initContainers) {
      if (this.#stop.signal.aborted) return;
      if (isSidecar(lifecycle.facts.container)) {
        void this.#guarded(lifecycle);
        await this.#started(lifecycle);
        continue;
      }
      await Promise.race([this.#guarded(lifecycle), this.#deletion]);
      if (lifecycle.facts.state.terminated?.exitCode !== 0) return;
    }
    if (this.#stop.signal.aborted) return;
    await Promise.race([Promise.all(this.#containers.map((lifecycle) => this.#guarded(lifecycle))), this.#deletion]);
  }

  /** A fault of ours in one container must not end the node: it is said, and the container counts as ended. */
  async #guarded(lifecycle: ContainerLifecycle): Promise<void> {
    try {
      await lifecycle.run();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#context.api.event(this.#pod, {
        type: 'Warning',
        reason: 'Failed',
        message: `Error: ${message}`,
        container: lifecycle.facts.container.name,
      });
      await this.#deletion;
    }
  }

  async #started(lifecycle: ContainerLifecycle): Promise<void> {
    while (lifecycle.facts.state.running === undefined && !this.#stop.signal.aborted) await this.#sleep(20);
  }

  /** Main containers first, then the sidecars that served them, in reverse order. */
  async #terminate(): Promise<void> {
    const { deletionGracePeriodSeconds, deletionTimestamp } = this.#pod.metadata;
    const specified = this.#pod.spec?.terminationGracePeriodSeconds ?? defaultGraceSeconds;
    const graceMs = this.#vanished ? 0 : 1000 * (deletionTimestamp === undefined ? specified : (deletionGracePeriodSeconds ?? specified));
    const deadline = Date.now() + graceMs;
    await Promise.all(this.#containers.map((lifecycle) => lifecycle.terminate(graceMs)));
    for (const lifecycle of this.#initContainers.toReversed()) await lifecycle.terminate(Math.max(0, deadline - Date.now()));
    await Promise.all(this.#lifecycles().map((lifecycle) => lifecycle.options.container.remove()));
  }

  async #leaveNetwork(): Promise<void> {
    const { options, addresses, endpoints } = this.#context;
    const uid = this.#pod.metadata.uid ?? '';
    if (this.#pod.spec?.hostNetwork === true) return;
    await detachPod({ cluster: options.cluster, node: options.node, uid });
    await endpoints?.delete(uid);
    if (options.gateSocket === undefined || (await leaveGate(options.gateSocket, uid))) addresses.release(uid);
    else void this.#releaseWhenLeft(options.gateSocket, uid);
  }

  /** The address rests until the agent has let go of it: another pod must not inherit its rules or connections. */
  async #releaseWhenLeft(gateSocket: string, uid: string): Promise<void> {
    do await sleep(gateRetryMs, undefined, { ref: false });
    while (!(await leaveGate(gateSocket, uid)));
    this.#context.addresses.release(uid);
  }

  #makeContainers(): void {
    const { spec, status } = this.#pod;
    const policy = spec?.restartPolicy ?? 'Always';
    this.#initContainers = (spec?.initContainers ?? []).map((container) =>
      this.#makeContainer(
        container,
        isSidecar(container) ? 'Always' : policy === 'Never' ? 'Never' : 'OnFailure',
        status?.initContainerStatuses,
      ),
    );
    this.#containers = (spec?.containers ?? []).map((container) => this.#makeContainer(container, policy, status?.containerStatuses));
  }

  #makeContainer(
    container: Container,
    restartPolicy: 'Always' | 'OnFailure' | 'Never',
    ...[earlier]: [readonly ContainerStatus[] | undefined]
  ): ContainerLifecycle {
    const { options, home, api } = this.#context;
    const { uid = '', name = '', namespace = '' } = this.#pod.metadata;
    const { etc, names } = podFiles({ pod: this.#pod, node: options.node, addresses: this.#podAddresses, dns: options.dns });
    const facts = { pod: this.#pod, hostname: etc.hostname, podAddresses: this.#podAddresses, hostAddresses: options.addresses };
    const environment = containerEnvironment(container, facts);
    const seed = `${uid}/${container.name}`;
    return new ContainerLifecycle({
      container: new PodContainer({
        container,
        environment,
        netns: this.#netns,
        names,
        etc,
        home,
        sandboxId: `weir-${options.cluster}-${shortHash(`${options.node}/${seed}`)}`,
        logDirectory: join(options.stateDirectory, 'logs', uid, container.name),
      }),
      plan: planContainer(container, { environment, images: this.#context.images, allowStandIn: options.standIn }),
      restartPolicy,
      podText: `${name}_${namespace}(${uid})`,
      idSeed: createHash('sha256').update(seed).digest('hex').slice(0, 60),
      earlier: earlier?.find((status) => status.name === container.name),
      onChange: () => this.#changed(),
      event: (event) => api.event(this.#pod, event),
    });
  }

  #lifecycles(): readonly ContainerLifecycle[] {
    return [...this.#initContainers, ...this.#containers];
  }

  #setWaiting(message: string | undefined): void {
    for (const lifecycle of this.#lifecycles()) lifecycle.waitingMessage = message;
    this.#changed();
  }

  #failedNetwork(message: string): void {
    this.#context.api.event(this.#pod, {
      type: 'Warning',
      reason: 'FailedCreatePodSandBox',
      message: `Failed to create pod sandbox: ${message}`,
    });
  }

  /** Writes the status: one write at a time, always the newest. */
  #changed(): void {
    this.#dirty = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#dirty && !this.#vanished && !this.#abandoned) {
      this.#dirty = false;
      const status = podStatus({
        pod: this.#pod,
        startTime: this.#startTime,
        hostAddresses: this.#context.options.addresses,
        podAddresses: this.#podAddresses,
        initContainers: this.#initContainers.map(({ facts }) => facts),
        containers: this.#containers.map(({ facts }) => facts),
        now: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
      });
      this.#pod = { ...this.#pod, status: { ...this.#pod.status, ...status } };
      await this.#context.api.writeStatus(this.#pod, status);
    }
  }

  async #flushed(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #sleep(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
