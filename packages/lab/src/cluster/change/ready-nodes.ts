/** Waiting until nodes are there: the node says that it is ready, and so does its agent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Informer, type KubeClient, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import { waitsForPlugin } from '../../node/node-status.ts';
import { agentStatus } from '../agent-status.ts';
import type { ClusterConfig } from '../cluster-config.ts';
import { engineOf } from '../cluster-engine.ts';
import { ClusterError } from '../cluster-error.ts';
import { clusterLayout } from '../cluster-layout.ts';

const lookMs = 30;
const readyMs = 120_000;

/** The nodes of one cluster as its API server tells of them. */
export class ReadyNodes {
  readonly #nodes: Informer<Node>;
  readonly #signal: AbortSignal;
  /** UIDs of nodes that leave: who comes back under the same name is another one. */
  readonly #leaving = new Set<string>();

  constructor(client: KubeClient, signal: AbortSignal) {
    this.#nodes = new Informer<Node>(client, nodesPath, { upsert: () => undefined, remove: () => undefined });
    this.#signal = signal;
    this.#nodes.start();
  }

  /** Resolves when the first list is there. */
  get synced(): Promise<void> {
    return this.#nodes.synced;
  }

  stop(): Promise<void> {
    return this.#nodes.stop();
  }

  list(): readonly Node[] {
    return this.#nodes.list();
  }

  /** These nodes are about to go: only others of their names count from now on. */
  leaving(names: readonly string[]): void {
    for (const { metadata } of this.list()) if (names.includes(metadata.name ?? '')) this.#leaving.add(metadata.uid ?? '');
  }

  /** Resolves when they are ready, and so is what enforces on them; `config` may change meanwhile. Throws {@link ClusterError}. */
  async until(names: readonly string[], config: () => ClusterConfig): Promise<void> {
    for (const deadline = Date.now() + readyMs; ; await sleep(lookMs, undefined, { signal: this.#signal })) {
      const waiting = await this.#firstWaiting(names, config());
      if (waiting === undefined) return;
      if (Date.now() > deadline) {
        const log = clusterLayout(config().name).log(waiting);
        throw new ClusterError('failed', `node ${waiting} of cluster "${config().name}" is not ready after ${readyMs / 1_000} s (${log})`);
      }
    }
  }

  async #firstWaiting(names: readonly string[], config: ClusterConfig): Promise<string | undefined> {
    const present = this.list().filter(({ metadata }) => !this.#leaving.has(metadata.uid ?? ''));
    const unready = names.find((name) => !isReady(present.find(({ metadata }) => metadata.name === name)));
    if (unready !== undefined) return unready;
    const guarded = config.nodes.filter((node) => names.includes(node.name) && engineOf(config, node) !== 'none');
    const states = await Promise.all(
      guarded.map(async ({ name }) => ({ name, ...(await agentStatus(clusterLayout(config.name).gateSocket(name))) })),
    );
    return states.find(({ ready }) => !ready)?.name;
  }
}

function isReady(node: Node | undefined): boolean {
  if (node !== undefined && waitsForPlugin(node)) return true;
  return node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
}
