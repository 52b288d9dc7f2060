/**
 * Edits of a running cluster's description, one after the other: written first, the supervisor told then, so that what
 * is cut off is carried out at its next start. What is asked for meanwhile is carried out together.
 */
import { type ClusterConfig, writeClusterConfig } from '../cluster-config.ts';
import { writeNodeFiles } from '../cluster-files.ts';
import { clusterLayout } from '../cluster-layout.ts';
import type { ClusterNode } from '../cluster-node.ts';
import { askSupervisor } from '../supervisor-socket.ts';

/** A description out of another. */
export type DescriptionEdit = (config: ClusterConfig) => ClusterConfig;

/** The supervisor ends and starts processes meanwhile. */
const supervisorMs = 120_000;

/** The description of one cluster; its holder has the cluster's change lock. */
export class DescriptionEdits {
  #config: ClusterConfig;
  readonly #waiting: DescriptionEdit[] = [];
  #last: Promise<void> = Promise.resolve();
  #next: Promise<void> | undefined;

  constructor(config: ClusterConfig) {
    this.#config = config;
  }

  /** The description as it was written last. */
  get config(): ClusterConfig {
    return this.#config;
  }

  /** Resolves when the cluster's processes are as the edited description says. Throws what the supervisor says. */
  apply(edit: DescriptionEdit): Promise<void> {
    this.#waiting.push(edit);
    this.#next ??= this.#last.catch(() => undefined).then(() => this.#carryOut());
    this.#last = this.#next;
    return this.#next;
  }

  /** Writes an edit that concerns no process. */
  async note(edit: DescriptionEdit): Promise<void> {
    const turn = this.#last.catch(() => undefined).then(() => this.#write(edit(this.#config)));
    this.#last = turn;
    this.#next = undefined;
    await turn;
  }

  async #carryOut(): Promise<void> {
    this.#next = undefined;
    const edited = this.#waiting.splice(0).reduce((config, edit) => edit(config), this.#config);
    await this.#writeNodes(edited);
    await this.#write(edited);
    await askSupervisor(clusterLayout(edited.name).supervisorSocket, 'POST', '/nodes', supervisorMs);
  }

  async #write(config: ClusterConfig): Promise<void> {
    await writeClusterConfig(config);
    this.#config = config;
  }

  async #writeNodes(edited: ClusterConfig): Promise<void> {
    const { nodes, engine } = this.#config;
    const isKnown = (node: ClusterNode): boolean => nodes.includes(node) && edited.engine === engine;
    const changed = edited.nodes.filter((node) => !isKnown(node));
    if (changed.length === 0) return;
    // Loaded here because the certificate library is slow to load.
    const { ClusterPki } = await import('../../pki/cluster-pki.ts');
    const pki = await ClusterPki.open(clusterLayout(edited.name).pki, edited.name);
    await Promise.all(changed.map((node) => writeNodeFiles(edited, pki, node)));
  }
}
