/**
 * The steps of one change of a cluster's nodes, each of which leaves a description from which the rest can be computed.
 *
 * ```
 *   surge nodes come ─▶ per pool, one by one: drain ─▶ leave ─▶ come back ─▶ nodes nobody wants leave
 *                    ─▶ the new engine, everywhere ─▶ surge nodes leave
 * ```
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '@weir/client';
import { readProtection } from '../../node/protection-record.ts';
import type { ClusterConfig } from '../cluster-config.ts';
import { engineOf } from '../cluster-engine.ts';
import { clusterLayout } from '../cluster-layout.ts';
import type { NamedNode } from '../cluster-node.ts';
import { withNodes, withOldEngine, withoutChange, withoutLeft, withoutNodes, withTargetEngine } from './change-edits.ts';
import { type ChangeReport, ReportBuilder } from './change-report.ts';
import type { ClusterTarget, TargetPool } from './cluster-change.ts';
import { DescriptionEdits } from './description-edits.ts';
import { drainNode, uncordonNode } from './drain-node.ts';
import { deleteNodeObjects, type NodeEvent, tellOfNode } from './node-objects.ts';
import { ReadyNodes } from './ready-nodes.ts';
import { remainingWork } from './remaining-work.ts';
import { ServiceGaps } from './service-gaps.ts';

/** Who is told, and who may end it. */
interface RolloutOptions {
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal;
}

const lookMs = 30;
/** A pod whose rules cannot be in force stays closed, and is not waited for any longer. */
const inForceMs = 20_000;
/** An API server that does not answer by then knows of cordoned nodes only what the next change asks it. */
const apiServerMs = 20_000;

/** One change under way. */
export class NodeRollout {
  readonly #client: KubeClient;
  readonly #edits: DescriptionEdits;
  readonly #ready: ReadyNodes;
  readonly #gaps: ServiceGaps;
  readonly #report = new ReportBuilder();
  readonly #onProgress: (text: string) => void;
  readonly #signal: AbortSignal;
  #drainMs = 0;

  constructor(client: KubeClient, config: ClusterConfig, { onProgress, signal }: RolloutOptions) {
    this.#client = client;
    this.#edits = new DescriptionEdits(config);
    this.#onProgress = onProgress;
    this.#signal = signal ?? new AbortController().signal;
    this.#ready = new ReadyNodes(client, this.#signal);
    this.#gaps = new ServiceGaps(client);
    this.#gaps.start();
  }

  /** Resolves when nothing is left to be done. */
  async run(target: ClusterTarget): Promise<ChangeReport> {
    this.#drainMs = target.drainMs;
    const from = this.#edits.config.engine;
    await this.#settleCutOff(target);
    const work = remainingWork(this.#edits.config, target);
    await this.#leave(work.stale);
    await this.#join(work.joining, 'own');
    await allSettled(work.replacing.map(({ pool, nodes }) => this.#replacePool(pool, nodes)));
    await this.#leave(work.leaving);
    if (work.switchesEngine) await this.#switchEngine();
    await this.#leave(this.#edits.config.nodes.filter(({ temporary }) => temporary === true).map(({ name }) => name));
    await this.#edits.note(withoutChange);
    return this.#report.build(work.switchesEngine ? { from, to: target.engine } : undefined, this.#gaps.report());
  }

  /**
   * After the command of the change has died: nobody stays without an engine, or cordoned, until somebody completes it. The
   * description still tells of the change.
   */
  async holdOn(): Promise<void> {
    await this.#edits.apply(withOldEngine);
    await Promise.race([this.#ready.synced, sleep(apiServerMs, undefined, { ref: false })]);
    await this.#uncordon(() => true);
  }

  /** After a failure: nobody stays without an engine, or cordoned, longer than needed. Never rejects. */
  async retreat(): Promise<void> {
    try {
      if (this.#edits.config.engine !== 'none') await this.#edits.apply(withOldEngine);
      await this.#uncordon(() => true);
      await this.#edits.note(withoutChange);
    } catch (error) {
      // The description still tells of the change: the next start completes it.
      this.#onProgress(`the change of cluster "${this.#edits.config.name}" could not be taken back: ${String(error)}`);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#ready.stop(), this.#gaps.stop()]);
  }

  /** What an earlier change left in the middle. */
  async #settleCutOff(target: ClusterTarget): Promise<void> {
    await this.#edits.apply((config) => config);
    const { left = [] } = this.#edits.config.change ?? {};
    await deleteNodeObjects(this.#client, left);
    await this.#edits.note((config) => withoutLeft(config, left));
    await this.#ready.synced;
    const outdated = new Set(remainingWork(this.#edits.config, target).replacing.flatMap(({ nodes }) => nodes.map(({ name }) => name)));
    await this.#uncordon((name) => !outdated.has(name));
  }

  async #uncordon(isMeant: (name: string) => boolean): Promise<void> {
    const meant = this.#ready.list().filter(({ metadata }) => isMeant(metadata.name ?? ''));
    await Promise.all(meant.map((node) => uncordonNode(this.#client, node)));
  }

  async #replacePool(pool: TargetPool, outdated: readonly NamedNode[]): Promise<void> {
    await this.#join(pool.surge, 'surge');
    const waiting = [...outdated];
    const lane = async (): Promise<void> => {
      for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) await this.#replace(node);
    };
    await allSettled(Array.from({ length: Math.max(1, pool.atOnce) }, lane));
  }

  async #replace(node: NamedNode): Promise<void> {
    const { name } = node;
    await this.#drain(name);
    const beginMs = performance.now();
    await this.#takeAway([name]);
    await this.#edits.apply((config) => withNodes(withoutLeft(config, [name]), [node], 'own'));
    await this.#ready.until([name], () => this.#edits.config);
    const absentMs = Math.round(performance.now() - beginMs);
    this.#report.note(name, { absentMs });
    this.#tell({ node: name, type: 'Normal', reason: 'Upgrade', message: `Successfully reimaged node: ${name} (away for ${absentMs} ms)` });
  }

  async #join(nodes: readonly NamedNode[], kind: 'own' | 'surge'): Promise<void> {
    if (nodes.length === 0) return;
    this.#signal.throwIfAborted();
    await this.#edits.apply((config) => withNodes(config, nodes, kind));
    const names = nodes.map(({ name }) => name).filter((name) => this.#edits.config.nodes.some((node) => node.name === name));
    await this.#ready.until(names, () => this.#edits.config);
    if (kind === 'own') return;
    for (const name of names) {
      this.#report.note(name, { temporary: true });
      this.#tell({ node: name, type: 'Normal', reason: 'Surge', message: `Created a surge node: ${name}` });
    }
  }

  async #leave(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    await allSettled(names.map((name) => this.#drain(name)));
    for (const name of names) this.#noteProtection(name);
    await this.#takeAway(names);
    await this.#edits.note((config) => withoutLeft(config, names));
  }

  async #drain(node: string): Promise<void> {
    this.#signal.throwIfAborted();
    this.#tell({ node, type: 'Normal', reason: 'Drain', message: `Draining node: ${node}` });
    const beginMs = performance.now();
    const onBlocked = (pod: string): void =>
      this.#tell({ node, type: 'Warning', reason: 'Drain', message: `Eviction blocked by Too Many Requests (usually a pdb): ${pod}` });
    await drainNode(this.#client, { node, limitMs: this.#drainMs, signal: this.#signal, onBlocked });
    this.#report.note(node, { drainMs: Math.round(performance.now() - beginMs) });
  }

  async #takeAway(names: readonly string[]): Promise<void> {
    this.#ready.leaving(names);
    await this.#edits.apply((config) => withoutNodes(config, names));
    await deleteNodeObjects(this.#client, names);
  }

  async #switchEngine(): Promise<void> {
    const { nodes } = this.#edits.config;
    await this.#edits.apply(withTargetEngine);
    const names = nodes.map(({ name }) => name);
    await this.#ready.until(names, () => this.#edits.config);
    const { engine } = this.#edits.config;
    if (engine === 'none') return;
    await Promise.all(names.map((name) => this.#untilInForce(name)));
    for (const node of names) {
      const ms = this.#noteProtection(node);
      const message = `Network policies are enforced by ${engine}; pods of the node were unprotected for ${ms} ms`;
      this.#tell({ node, type: 'Normal', reason: 'NetworkPolicyEngine', message });
    }
  }

  async #untilInForce(name: string): Promise<void> {
    for (const deadline = Date.now() + inForceMs; this.#protectionOf(name).inForceSince === undefined; await sleep(lookMs)) {
      if (Date.now() < deadline) continue;
      const message = 'The rules of some pods of the node are not in force: these pods are closed';
      this.#tell({ node: name, type: 'Warning', reason: 'NetworkPolicyEngine', message });
      return;
    }
  }

  #protectionOf(name: string): ReturnType<typeof readProtection> {
    return readProtection(clusterLayout(this.#edits.config.name).nodeState(name));
  }

  /** Notes for how long pods of a node could talk without rules, where an engine was to come; answers it in milliseconds. */
  #noteProtection(name: string): number {
    const { change, nodes, ...cluster } = this.#edits.config;
    const node = nodes.find((each) => each.name === name);
    const isMeant = node !== undefined && change !== undefined && change.target.engine !== 'none';
    const { talkedSince, inForceSince } = this.#protectionOf(name);
    if (!isMeant || (talkedSince === undefined && engineOf(cluster, node) !== 'none')) return 0;
    const unprotectedMs = talkedSince === undefined ? 0 : Math.max(0, (inForceSince ?? Date.now()) - talkedSince);
    this.#report.note(name, { unprotectedMs });
    return unprotectedMs;
  }

  #tell(event: NodeEvent): void {
    this.#onProgress(`${event.node}: ${event.message}`);
    void tellOfNode(this.#client, event);
  }
}

/** Waits for all, and throws the first failure then: nothing goes on behind the caller's back. */
async function allSettled(actions: readonly Promise<unknown>[]): Promise<void> {
  const failed = (await Promise.allSettled(actions)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
