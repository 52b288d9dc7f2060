/**
 * The gate between the pods of a node and their network. Where there is an engine, its agent opens it pod by pod. A node
 * whose engine is yet to come lets its pods through, remembers them, and announces them all when the engine comes.
 */
import type { ResolvedName } from '../dns/resolved-name.ts';
import { announceToAgents } from './announce-names.ts';
import type { NodeOptions } from './node-options.ts';
import { type GatePassage, passGate } from './pass-gate.ts';
import { readProtection, writeProtection } from './protection-record.ts';
import { type GateEndpoint, leaveGate } from './start-gate.ts';

/** What the gate is told at its start. */
type GateOptions = Pick<NodeOptions, 'gateSocket' | 'awaitsEngine' | 'stateDirectory'>;

interface Passed {
  readonly endpoint: GateEndpoint;
  readonly left: AbortController;
}

/** See the file's head. */
export class NodeGate {
  readonly #options: GateOptions;
  #socket: string | undefined;
  /** Who went through while nobody kept the gate, by UID. */
  readonly #passed = new Map<string, Passed>();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#socket = options.gateSocket;
    // What talked without rules under an earlier process has ended with it.
    if (this.#socket !== undefined) this.#inForce();
  }

  /** Whether an agent keeps the gate. */
  get isKept(): boolean {
    return this.#socket !== undefined;
  }

  /** Tells the agents what a name resolved to; resolves when their rules know, or when that takes too long. */
  async announce(resolved: ResolvedName): Promise<void> {
    if (this.#socket !== undefined) await announceToAgents(this.#socket, resolved);
  }

  /** Resolves with true when the pod may start; false when it need not any more. */
  async pass(passage: Omit<GatePassage, 'gateSocket'>): Promise<boolean> {
    if (this.#socket !== undefined) return passGate({ ...passage, gateSocket: this.#socket });
    if (passage.signal.aborted) return false;
    this.#passed.set(passage.endpoint.uid, { endpoint: passage.endpoint, left: new AbortController() });
    if (this.#options.awaitsEngine === true) this.#talks();
    return true;
  }

  /** The pod is gone; whether its rules are, too, and its address is free. */
  async leave(uid: string): Promise<boolean> {
    this.#passed.get(uid)?.left.abort();
    this.#passed.delete(uid);
    return this.#socket === undefined || leaveGate(this.#socket, uid);
  }

  /** An agent keeps the gate from now on; resolves when it knows of all pods that are through already. */
  async keep(socket: string): Promise<void> {
    if (this.#socket !== undefined) return;
    this.#socket = socket;
    await Promise.all([...this.#passed.values()].map((passed) => this.#introduce(socket, passed)));
    this.#inForce();
  }

  async #introduce(gateSocket: string, { endpoint, left }: Passed): Promise<void> {
    await passGate({ gateSocket, endpoint, signal: left.signal, onWait: () => undefined, retryLastMs: announceRetryMs });
    this.#passed.delete(endpoint.uid);
  }

  #talks(): void {
    const record = readProtection(this.#options.stateDirectory);
    if (record.talkedSince === undefined) writeProtection(this.#options.stateDirectory, { talkedSince: Date.now() });
  }

  #inForce(): void {
    const record = readProtection(this.#options.stateDirectory);
    if (record.inForceSince === undefined) writeProtection(this.#options.stateDirectory, { ...record, inForceSince: Date.now() });
  }
}

/** The agent starts at this moment, and the pods talk meanwhile: asked often. */
const announceRetryMs = 50;
