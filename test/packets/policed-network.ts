/**
 * A packet network with an engine and a data plane on each of its nodes: what a cluster with an
 * agent on every node does, in one process.
 */
import { type Delta, Engine } from '@weir/calc';
import type { Dataplane } from '@weir/dataplane';
import { defined, parseAddress } from '@weir/net';
import { eventsBetween, type World } from '@weir/testkit';
import { type BackEnd, nftablesBackEnd } from './back-ends.ts';
import { type LinkedPod, PacketNetwork } from './packet-network.ts';

interface PolicedNode {
  readonly engine: Engine;
  readonly dataplane: Dataplane;
  readonly attached: Map<string, LinkedPod>;
}

const nothing: World = { namespaces: [], pods: [], networkPolicies: [] };

/** The same back end on every node, or each node's own by its name. */
export type NodeBackEnds = BackEnd | ((node: string) => BackEnd);

/** Nodes that enforce the policies of the world that they were last told of. */
export class PolicedNetwork {
  readonly network = new PacketNetwork();
  #backEnds: NodeBackEnds;
  readonly #nodes = new Map<string, PolicedNode>();
  /** Why a data plane had to replace its table; stays empty when all goes as it should. */
  readonly replaced: string[] = [];
  #world: World = nothing;

  constructor(backEnds: NodeBackEnds = nftablesBackEnd) {
    this.#backEnds = backEnds;
  }

  /** Moves on to a world: links, then on every node the events, one flush, one delta. */
  async moveTo(world: World): Promise<void> {
    this.network.realise(world);
    await this.tell(world);
  }

  /** Tells all nodes of a world of which the pods have their links already. */
  async tell(world: World): Promise<void> {
    await this.#record(world);
  }

  /** Tells all nodes, and returns what their data planes were given. */
  async #record(world: World): Promise<[Dataplane, Delta][]> {
    const given: [Dataplane, Delta][] = [];
    const events = eventsBetween(this.#world, world);
    this.#world = world;
    for (const { metadata } of world.nodes ?? []) this.#startNode(metadata.name ?? '', world);
    for (const [name, node] of this.#nodes) {
      for (const event of events) event(node.engine);
      this.#announce(name, node);
      const delta = node.engine.flush();
      given.push([node.dataplane, delta]);
      const report = await node.dataplane.apply(delta);
      if (report.quarantined.length > 0) throw new Error(`${name} refused ${JSON.stringify(report.quarantined)}`);
    }
    return given;
  }

  /** The next world starts from nothing: fresh engines and data planes, of other back ends if they are given; nothing in any kernel. */
  async reset(next: NodeBackEnds = this.#backEnds): Promise<void> {
    for (const { dataplane } of this.#nodes.values()) {
      await dataplane.remove();
      await dataplane.close();
    }
    this.#nodes.clear();
    this.#world = nothing;
    this.#backEnds = next;
  }

  /**
   * Goes to the other world and back, and gives what does the same again without asking the engines:
   * change after change as fast as kernels take them, which ends where it began after an even number.
   */
  async alternation(one: World, other: World): Promise<(back: boolean) => Promise<void>> {
    const there = await this.#record(other);
    const back = await this.#record(one);
    return async (isBack) => {
      for (const [dataplane, delta] of isBack ? back : there) await dataplane.apply(delta);
    };
  }

  /** The engine and the data plane of a node that was told of a world. */
  node(name: string): { readonly engine: Engine; readonly dataplane: Dataplane } {
    return defined(this.#nodes.get(name), `node ${name} is there`);
  }

  /** Differences between what a node's kernel holds and what it should hold, of all nodes. */
  async drift(): Promise<string[]> {
    const drifted: string[] = [];
    for (const [name, { dataplane }] of this.#nodes) drifted.push(...(await dataplane.resync()).drifted.map((each) => `${name}: ${each}`));
    return drifted;
  }

  /** The rules in force on a node that have to do with the addresses, for a failure message. */
  async describe(addresses: readonly string[]): Promise<string> {
    const parts: string[] = [];
    for (const [name, { engine }] of this.#nodes) {
      const { endpoints, addresses: classes, programs } = engine.emitted();
      const concerned = endpoints.upserts.filter((endpoint) => endpoint.addresses.some((each) => isOneOf(each, addresses)));
      const keys = new Set(concerned.flatMap(({ ingress, egress }) => [ingress, egress]));
      parts.push(
        `${name}: endpoints ${JSON.stringify(concerned)}`,
        `${name}: classes ${JSON.stringify(classes.upserts.filter(({ address }) => isOneOf(address, addresses)))}`,
        `${name}: programs ${JSON.stringify(programs.upserts.filter(({ key }) => keys.has(key)))}`,
      );
    }
    return parts.join('\n');
  }

  async close(): Promise<void> {
    try {
      await this.reset();
    } finally {
      this.network.close();
    }
  }

  #startNode(name: string, world: World): void {
    if (this.#nodes.has(name)) return;
    const pods = (): LinkedPod[] => [...this.network.linkedPods().values()].filter(({ node }) => node === name);
    const backEnd = typeof this.#backEnds === 'function' ? this.#backEnds(name) : this.#backEnds;
    const { target } = backEnd;
    const dataplane = backEnd.open({
      netns: this.network.nodeNetns(name),
      podInterface: this.network.podInterfacePrefix,
      pods,
      onReplace: (error) => this.replaced.push(error.message),
      target,
    });
    const engine = new Engine(target === undefined ? { node: name } : { node: name, target });
    // A node that joins later lists what is there, as an agent does.
    for (const event of eventsBetween(nothing, world)) event(engine);
    for (const source of engine.sources) engine.setInSync(source);
    this.#nodes.set(name, { engine, dataplane, attached: new Map() });
  }

  /** What the start gate tells an agent: pods with their links that came, went or changed. */
  #announce(name: string, { engine, attached }: PolicedNode): void {
    const linked = this.network.linkedPods();
    for (const [uid, before] of attached) {
      if (linked.get(uid) === before) continue;
      engine.detach(uid);
      attached.delete(uid);
    }
    for (const [uid, each] of linked) {
      if (each.node !== name || attached.has(uid)) continue;
      const { namespace = '', name: podName = '' } = each.pod.metadata;
      const addresses = each.addresses.map((text) => defined(parseAddress(text), `${text} is an address`));
      engine.attach({ uid, namespace, name: podName, interface: each.interface, addresses });
      attached.set(uid, each);
    }
  }
}

function isOneOf(address: { readonly family: 4 | 6; readonly words: readonly number[] }, texts: readonly string[]): boolean {
  return texts.some((text) => JSON.stringify(parseAddress(text)) === JSON.stringify(address));
}
