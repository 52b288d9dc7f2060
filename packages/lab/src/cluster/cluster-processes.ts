/**
 * The processes of one cluster as its description says, also when that changes: nodes come and go while the others run.
 * One change at a time.
 */
import { assert } from '@weir/net';
import { childDefinitions } from './child-definitions.ts';
import { type ClusterConfig, readClusterConfig } from './cluster-config.ts';
import { engineOf } from './cluster-engine.ts';
import { clusterLayout } from './cluster-layout.ts';
import { ensureNode, ensurePodRoutes } from './cluster-network.ts';
import type { ClusterNode } from './cluster-node.ts';
import { removeNodeRemains } from './node-remains.ts';
import { type ChildDefinition, type ChildStatus, SupervisedChild } from './supervised-child.ts';

/** All of them, the control plane first. */
export class ClusterProcesses {
  readonly #onChange: (status: ChildStatus) => void;
  #config: ClusterConfig;
  #children: readonly SupervisedChild[];
  #turn: Promise<void> = Promise.resolve();

  constructor(config: ClusterConfig, onChange: (status: ChildStatus) => void) {
    this.#onChange = onChange;
    this.#config = config;
    this.#children = childDefinitions(config, clusterLayout(config.name)).map((definition) => this.#make(definition));
  }

  get children(): readonly SupervisedChild[] {
    return this.#children;
  }

  /** Starts them; their network is there. */
  start(): void {
    for (const child of this.#children) child.start();
  }

  /** Ends them: nodes and agents before the control plane, of which they take their leave. */
  async stop(): Promise<void> {
    await this.#turn.catch(() => undefined);
    const [controlPlane, ...others] = this.#children;
    assert(controlPlane !== undefined, 'a cluster has a control plane');
    await Promise.all(others.map((child) => child.stop()));
    await controlPlane.stop();
  }

  /** Reads the description again: nodes that are gone from it end, and go with all that they had; new ones start. */
  reload(): Promise<void> {
    const turn = this.#turn.catch(() => undefined).then(() => this.#reload());
    this.#turn = turn;
    return turn;
  }

  async #reload(): Promise<void> {
    const config = await readClusterConfig(this.#config.name);
    if (config === undefined) throw new Error(`the description of cluster "${this.#config.name}" is gone`);
    const definitions = childDefinitions(config, clusterLayout(config.name));
    const kept = this.#children.filter((child) => definitions.some((definition) => isSame(child.definition, definition)));
    const ending = this.#children.filter((child) => !kept.includes(child));
    await Promise.all(ending.map((child) => child.stop()));
    const gone = this.#config.nodes.filter((node) => !config.nodes.some((other) => isSameNode(node, other)));
    await Promise.all(gone.map(({ name }) => removeNodeRemains(config, name)));
    if (config.network.podCidrs.join() !== this.#config.network.podCidrs.join()) await ensurePodRoutes(config);
    for (const node of config.nodes) await ensureNode(config, node);
    const told = this.#toldAnew(config);
    this.#config = config;
    this.#children = definitions.map((definition) => kept.find((child) => isSame(child.definition, definition)) ?? this.#make(definition));
    for (const child of this.#children.filter((each) => !kept.includes(each))) child.start();
    for (const child of kept.filter(({ definition }) => told.has(definition.name))) child.signal('SIGHUP');
  }

  /** Nodes that stay and get another engine: their processes read again what they are told. */
  #toldAnew(config: ClusterConfig): ReadonlySet<string> {
    const before = new Map(this.#config.nodes.map((node) => [node.name, engineOf(this.#config, node)]));
    return new Set(config.nodes.filter((node) => before.get(node.name) !== engineOf(config, node)).map(({ name }) => name));
  }

  #make(definition: ChildDefinition): SupervisedChild {
    return new SupervisedChild(definition, this.#onChange);
  }
}

function isSame(a: ChildDefinition, b: ChildDefinition): boolean {
  return a.name === b.name && a.command.join('\0') === b.command.join('\0');
}

/** A node of the same name at another place is another node. */
function isSameNode(a: ClusterNode, b: ClusterNode): boolean {
  return a.name === b.name && a.addresses.join() === b.addresses.join();
}
