/**
 * A pod's place in the network, and the start gate in front of it.
 *
 * ```
 *   join:   address ─▶ namespace and interfaces ─▶ start gate
 *   leave:  interfaces gone ─▶ gate left ─▶ address free
 * ```
 * An address is given to nobody before the agent has forgotten the pod that had it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pod } from '@weir/kube';
import { nodeNetnsName } from '../network/netns-names.ts';
import { attachPod, detachPod } from '../network/pod-network.ts';
import type { PodContext } from './pod-context.ts';

/** Who is told how joining goes. */
export interface ConnectionListener {
  /** The pod has its addresses. */
  onAttached(): void;
  /** The pod waits at the gate for this reason; undefined: not any more. */
  onWait(reason: string | undefined): void;
  /** A step failed and will be tried again. */
  onFailure(message: string): void;
  /** What is to be taken away is still there, and will be tried again. */
  onStuck(message: string): void;
  /** Nobody is there to give the pod an address. */
  onNoPlugin(): void;
}

const gateRetryMs = 2_000;
const networkRetryMs = 2_000;
/** A kubelet looks at such a pod again that often. */
const pluginRetryMs = 10_000;

/** The network of one pod. */
export class PodConnection {
  readonly #context: Pick<PodContext, 'options' | 'addresses' | 'endpoints' | 'gate'>;
  readonly #pod: Pod;
  readonly #listener: ConnectionListener;
  #addresses: readonly string[];
  #netns = '';

  constructor(context: Pick<PodContext, 'options' | 'addresses' | 'endpoints' | 'gate'>, pod: Pod, listener: ConnectionListener) {
    this.#context = context;
    this.#pod = pod;
    this.#listener = listener;
    this.#addresses = (pod.status?.podIPs ?? []).map(({ ip }) => ip);
  }

  /** The pod's addresses; until it has joined, those that it had under an earlier process of the node. */
  get addresses(): readonly string[] {
    return this.#addresses;
  }

  /** The namespace of the pod's network; empty until it has one. */
  get netns(): string {
    return this.#netns;
  }

  /** Joins, retrying what fails; false when `stop` comes first. */
  async join(stop: AbortSignal): Promise<boolean> {
    const { options } = this.#context;
    if (this.#usesHost) {
      this.#netns = nodeNetnsName(options.cluster, options.node);
      this.#addresses = options.addresses;
      this.#listener.onAttached();
      return !stop.aborted;
    }
    if (options.podBlocks.length === 0) return this.#waitForPlugin(stop);
    let interfaceName: string | undefined;
    while (interfaceName === undefined) {
      if (stop.aborted) return false;
      interfaceName = await this.#attach();
      if (interfaceName === undefined) await sleep(networkRetryMs, undefined, { signal: stop }).catch(() => undefined);
    }
    this.#listener.onAttached();
    return this.#passGate(interfaceName, stop);
  }

  /** Takes everything away, retrying what fails; nothing is left to do for a pod that never joined. `stop` ends the retries. */
  async leave(stop: AbortSignal): Promise<void> {
    if (this.#usesHost || this.#context.options.podBlocks.length === 0) return;
    while (!stop.aborted && !(await this.#detach())) await sleep(networkRetryMs, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return;
    if (await this.#context.gate.leave(this.#uid)) this.#context.addresses.release(this.#uid);
    else void this.#releaseWhenLeft();
  }

  get #uid(): string {
    return this.#pod.metadata.uid ?? '';
  }

  get #usesHost(): boolean {
    return this.#pod.spec?.hostNetwork === true;
  }

  /** A plugin comes with another node only: so this ends with the pod. */
  async #waitForPlugin(stop: AbortSignal): Promise<false> {
    while (!stop.aborted) {
      this.#listener.onNoPlugin();
      await sleep(pluginRetryMs, undefined, { signal: stop }).catch(() => undefined);
    }
    return false;
  }

  async #attach(): Promise<string | undefined> {
    const { options, addresses, endpoints } = this.#context;
    const uid = this.#uid;
    const kept = this.#addresses.length > 0 && addresses.reserve(uid, this.#addresses);
    const taken = kept ? this.#addresses : addresses.allocate(uid);
    if (taken === undefined) {
      this.#listener.onFailure(`all addresses of ${options.podBlocks.join(', ')} are taken; the pod waits until one is free`);
      return undefined;
    }
    try {
      await endpoints?.create(uid, taken);
      const attached = await attachPod({ cluster: options.cluster, node: options.node, uid, addresses: taken });
      this.#addresses = taken;
      this.#netns = attached.netns;
      return attached.interface;
    } catch (error) {
      addresses.release(uid);
      this.#listener.onFailure(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #detach(): Promise<boolean> {
    const { options, endpoints } = this.#context;
    try {
      await detachPod({ cluster: options.cluster, node: options.node, uid: this.#uid });
      await endpoints?.delete(this.#uid);
      return true;
    } catch (error) {
      this.#listener.onStuck(error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  async #passGate(interfaceName: string, stop: AbortSignal): Promise<boolean> {
    const { namespace = '', name = '' } = this.#pod.metadata;
    const isOpen = await this.#context.gate.pass({
      endpoint: { uid: this.#uid, namespace, name, interface: interfaceName, addresses: this.#addresses },
      signal: stop,
      onWait: (reason) => this.#listener.onWait(reason),
    });
    if (isOpen) this.#listener.onWait(undefined);
    return isOpen;
  }

  /** The address rests until the agent has let go of it: another pod must not inherit its rules or connections. */
  async #releaseWhenLeft(): Promise<void> {
    do await sleep(gateRetryMs, undefined, { ref: false });
    while (!(await this.#context.gate.leave(this.#uid)));
    this.#context.addresses.release(this.#uid);
  }
}
