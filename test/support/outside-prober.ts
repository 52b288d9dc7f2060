/**
 * Connections from a host outside a cluster to its pods and services, again and again while the cluster changes: which of
 * those that policies deny were answered, and for how long those that must work were not.
 */
import { Informer, KubeClient, loadKubeconfig, podsPath } from '@weir/client';
import { connectTcp } from '@weir/kernel';
import type { Pod } from '@weir/kube';
import { addHost } from '@weir/lab';

/** Where to ask. */
export interface OutsideProberOptions {
  readonly cluster: string;
  readonly kubeconfig: string;
  /** The label of the pods that nobody outside may reach: `app=<label>`. */
  readonly guarded: string;
  readonly port: number;
  /** An address that must answer; undefined: none is asked. */
  readonly service?: string;
}

/** What was seen. */
export interface OutsideView {
  /** Attempts that were not allowed, and those of them that were answered, by pod. */
  readonly denied: number;
  readonly leaks: readonly string[];
  /** Pods that were tried. */
  readonly pods: number;
  /** How often the service answered, and the longest time between two answers, in milliseconds. */
  readonly answers: number;
  readonly longestSilenceMs: number;
}

const everyMs = 50;
const patienceMs = 1_000;

/** Probes until it is stopped. */
export class OutsideProber {
  readonly #options: OutsideProberOptions;
  readonly #netns: string;
  readonly #client: KubeClient;
  readonly #pods: Informer<Pod>;
  readonly #under = new Set<Promise<void>>();
  readonly #tried = new Set<string>();
  readonly #leaks: string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #denied = 0;
  #answers = 0;
  #lastAnswerMs = 0;
  #longestSilenceMs = 0;

  private constructor(options: OutsideProberOptions, client: KubeClient, netns: string) {
    this.#options = options;
    this.#netns = netns;
    this.#client = client;
    this.#pods = new Informer<Pod>(
      client,
      podsPath('default'),
      { upsert: () => undefined, remove: () => undefined },
      { labelSelector: `app=${options.guarded}` },
    );
  }

  /** Adds a host of its own to the cluster's network; it goes with the cluster. */
  static async begin(options: OutsideProberOptions, host: { readonly name: string; readonly address: string }): Promise<OutsideProber> {
    const netns = await addHost({ cluster: options.cluster, name: host.name, addresses: [host.address] });
    const prober = new OutsideProber(options, new KubeClient(await loadKubeconfig(options.kubeconfig)), netns);
    prober.#pods.start();
    await prober.#pods.synced;
    prober.#lastAnswerMs = performance.now();
    prober.#timer = setInterval(() => prober.#round(), everyMs);
    return prober;
  }

  /** Whether one connection from outside is answered. */
  isAnswered(address: string, port = this.#options.port): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connectTcp({ netns: this.#netns, address, port });
      const end = (isAnswered: boolean): void => {
        socket.destroy();
        resolve(isAnswered);
      };
      socket.setTimeout(patienceMs, () => end(false));
      socket.once('connect', () => end(true));
      socket.once('error', () => end(false));
    });
  }

  /** Ends it, and tells what was seen. */
  async stop(): Promise<OutsideView> {
    clearInterval(this.#timer);
    await Promise.all(this.#under);
    await this.#pods.stop();
    this.#client.close();
    const openMs = this.#options.service === undefined ? 0 : performance.now() - this.#lastAnswerMs;
    return {
      denied: this.#denied,
      leaks: this.#leaks,
      pods: this.#tried.size,
      answers: this.#answers,
      longestSilenceMs: Math.round(Math.max(this.#longestSilenceMs, openMs)),
    };
  }

  #round(): void {
    for (const { status, metadata } of this.#pods.list()) {
      if (status?.podIP !== undefined) this.#track(this.#tryDenied(metadata.name ?? '', status.podIP));
    }
    if (this.#options.service !== undefined) this.#track(this.#askService(this.#options.service));
  }

  async #tryDenied(pod: string, address: string): Promise<void> {
    this.#denied++;
    this.#tried.add(pod);
    if (await this.isAnswered(address)) this.#leaks.push(pod);
  }

  async #askService(address: string): Promise<void> {
    if (!(await this.isAnswered(address))) return;
    const now = performance.now();
    this.#longestSilenceMs = Math.max(this.#longestSilenceMs, now - this.#lastAnswerMs);
    this.#lastAnswerMs = now;
    this.#answers++;
  }

  #track(attempt: Promise<void>): void {
    this.#under.add(attempt);
    void attempt.finally(() => this.#under.delete(attempt));
  }
}
