/**
 * The part of a CNI plugin on a Windows node: an endpoint of HNS per pod, there before the pod's link and
 * gone after it. Where an agent enforces policies the endpoint begins closed.
 */
import type { Server } from 'node:http';
import { join } from 'node:path';
import { HnsEmulator } from '../hns-emulator/hns-emulator.ts';
import { serveHns } from '../hns-emulator/hns-server.ts';
import { podInterfaceName } from '../network/netns-names.ts';
import type { NodeGate } from './node-gate.ts';
import type { NodeOptions } from './node-options.ts';

/** ACLs of a pod for which no agent has spoken yet, in the agent's name: it replaces them. */
const closed = (['In', 'Out'] as const).map((Direction) => ({
  Type: 'ACL',
  Settings: { Id: 'weir-isolated', Action: 'Block', Direction, RuleType: 'Switch', Priority: 3000 },
}));

/** The endpoints of a node's pods, by their UIDs. */
export class PodEndpoints {
  readonly #hns: HnsEmulator;
  readonly #server: Server;
  readonly #gate: NodeGate;

  private constructor(hns: HnsEmulator, server: Server, gate: NodeGate) {
    this.#hns = hns;
    this.#server = server;
    this.#gate = gate;
  }

  /** In the current network namespace, with what an earlier process left; undefined on a Linux node. */
  static async open({ hnsSocket, stateDirectory }: NodeOptions, gate: NodeGate): Promise<PodEndpoints | undefined> {
    if (hnsSocket === undefined) return undefined;
    const hns = new HnsEmulator(join(stateDirectory, 'hns.json'));
    return new PodEndpoints(hns, await serveHns(hnsSocket, hns), gate);
  }

  /** Ends the service; what is in force stays. */
  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#hns.close();
  }

  async create(uid: string, addresses: readonly string[]): Promise<void> {
    await this.#hns.createEndpoint({ addresses, interface: podInterfaceName(uid), policies: this.#gate.isKept ? closed : [] });
  }

  async delete(uid: string): Promise<void> {
    const id = this.#hns.endpointOf(podInterfaceName(uid));
    if (id !== undefined) await this.#hns.deleteEndpoint(id);
  }

  /** Deletes the endpoints of pods that are not among `uids`. */
  async keepOnly(uids: readonly string[]): Promise<void> {
    const kept = new Set(uids.map((uid) => this.#hns.endpointOf(podInterfaceName(uid))));
    for (const { ID } of this.#hns.endpoints()) if (!kept.has(ID)) await this.#hns.deleteEndpoint(ID);
  }
}
