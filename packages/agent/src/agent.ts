/**
 * One agent: wiring of sources, engine, data plane and start gate.
 *
 *   API server ──▶ sources ──▶ engine (calc) ──▶ enforcer ──▶ data plane ──▶ kernel
 *                     ▲            ▲                │
 *                     └── reads ── gate ◀── in the kernel ──┘
 *
 * Rules stay in force when the agent stops or dies. Before all sources are in sync nothing is sent
 * to the kernel, so what an earlier process left stays until it can be replaced as a whole.
 */
import { mkdirSync } from 'node:fs';
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { Engine } from '@weir/calc';
import { ApiError, KubeClient, loadKubeconfig } from '@weir/client';
import { createNftablesDataplane, type Dataplane } from '@weir/dataplane';
import { AcceptedPolicyStore } from './accepted-policy-store.ts';
import { type Attachment, AttachmentStore } from './attachment.ts';
import { Enforcer } from './enforcer.ts';
import { type GateHandler, GateRefusal, GateWaitError, openGate } from './gate.ts';
import { createLogger, errorFields, type Logger } from './log.ts';
import { type AgentOptions, type ResolvedAgentOptions, resolveAgentOptions } from './options.ts';
import { Sources } from './sources.ts';

/** How long a request at the gate waits for the kernel before it is told to ask again. */
const gatePatienceMs = 10_000;

/** A policy whose newest version is not in force, and what is instead. */
export interface RefusedPolicyReport {
  readonly policy: string;
  readonly reasons: readonly string[];
  /** `accepted`: its last accepted version; `closed`: it isolates what it selects and allows nothing. */
  readonly inForce: 'accepted' | 'closed';
}

/** What `GET /v1/health` answers. */
export interface AgentHealth {
  readonly node: string;
  /** Whether a whole state is in force. */
  readonly ready: boolean;
  readonly synced: boolean;
  readonly connected: boolean;
  readonly dataplane: string;
  readonly profile: string;
  readonly transactions: number;
  readonly failuresInARow: number;
  readonly lastError?: string;
  readonly endpoints: number;
  readonly refused: readonly RefusedPolicyReport[];
}

/** A running agent. */
export interface Agent {
  /** Stops; what is in force stays in force. */
  stop(): Promise<void>;
  health(): AgentHealth;
}

/** Starts an agent in the current network namespace; throws when options, kubeconfig or socket are bad. */
export async function runAgent(options: AgentOptions): Promise<Agent> {
  const resolved = resolveAgentOptions(options);
  const log = createLogger(resolved.node, resolved.logLevel);
  const client = new KubeClient(await loadKubeconfig(resolved.kubeconfig), { userAgent: `weir-agent/${resolved.node}` });
  const dataplane = createNftablesDataplane({ podInterfaces: resolved.podInterfaces });
  const agent = new NodeAgent({ options: resolved, log, client, dataplane });
  await agent.start();
  return agent;
}

/** Takes every trace of agents out of the kernel of the current network namespace. */
export async function cleanupAgent(): Promise<void> {
  const dataplane = createNftablesDataplane({ podInterfaces: [] });
  try {
    await dataplane.remove();
  } finally {
    await dataplane.close();
  }
}

class NodeAgent implements Agent {
  readonly #options: ResolvedAgentOptions;
  readonly #log: Logger;
  readonly #engine: Engine;
  readonly #dataplane: Dataplane;
  readonly #sources: Sources;
  readonly #enforcer: Enforcer;
  readonly #attachments: AttachmentStore;
  readonly #accepted: AcceptedPolicyStore;
  #gate: Server | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;

  constructor(parts: { options: ResolvedAgentOptions; log: Logger; client: KubeClient; dataplane: Dataplane }) {
    this.#options = parts.options;
    this.#log = parts.log;
    this.#dataplane = parts.dataplane;
    this.#engine = new Engine({ node: parts.options.node });
    this.#attachments = new AttachmentStore(parts.options.stateDirectory);
    this.#accepted = new AcceptedPolicyStore(parts.options.stateDirectory, parts.log, () => this.#engine.acceptedPolicies());
    this.#enforcer = new Enforcer({
      engine: this.#engine,
      dataplane: parts.dataplane,
      log: parts.log,
      ready: () => this.#sources.synced,
    });
    this.#sources = new Sources(parts.client, this.#engine, {
      changed: (kind) => {
        if (kind === 'networkPolicies') this.#accepted.changed();
        this.#enforcer.changed();
      },
      failed: (kind, error) => this.#log.warn({ kind, ...errorFields(error) }, 'trouble with the API server; the rules stay as they are'),
    });
  }

  async start(): Promise<void> {
    if (this.#attachments.damaged)
      this.#log.error('the file of attached pods could not be read; pods are known from the API until they are attached again');
    for (const attachment of this.#attachments.all()) this.#engine.attach(attachment);
    this.#engine.restoreAccepted(this.#accepted.load());
    mkdirSync(dirname(this.#options.gateSocket), { recursive: true, mode: 0o700 });
    this.#gate = await openGate(this.#options.gateSocket, this.#gateHandler());
    this.#sources.start();
    this.#resyncTimer = setInterval(() => void this.#enforcer.resync(), this.#options.resyncSeconds * 1_000);
    this.#log.info({ dataplane: this.#dataplane.name, profile: this.#options.profile }, 'agent started');
    void this.#reportSync();
  }

  async stop(): Promise<void> {
    clearInterval(this.#resyncTimer);
    const gate = this.#gate;
    if (gate !== undefined) await new Promise<void>((resolve) => gate.close(() => resolve()));
    await this.#sources.stop();
    this.#accepted.flush();
    await this.#enforcer.close();
    await this.#dataplane.close();
    this.#log.info('agent stopped; its rules stay in force');
  }

  health(): AgentHealth {
    const state = this.#enforcer.state;
    return {
      node: this.#options.node,
      ready: state.inForce && state.failuresInARow === 0,
      synced: this.#sources.synced,
      connected: this.#sources.connected,
      dataplane: this.#dataplane.name,
      profile: this.#options.profile,
      transactions: state.transactions,
      failuresInARow: state.failuresInARow,
      ...(state.lastError === undefined ? {} : { lastError: state.lastError }),
      endpoints: this.#attachments.all().length,
      refused: this.#engine.refusedPolicies().map(({ object, diagnostics, inForce }) => ({
        policy: `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`,
        reasons: diagnostics.map((diagnostic) => diagnostic.message),
        inForce,
      })),
    };
  }

  async #reportSync(): Promise<void> {
    try {
      await this.#sources.whenSynced();
      this.#forgetGonePods();
      await this.#enforcer.settled();
      this.#log.info({ milliseconds: this.#enforcer.state.lastReport?.milliseconds }, 'in sync and in force');
    } catch {
      // Stopped before the first list: stop() says so.
    }
  }

  /** Drops attachments of pods that went away while no agent ran. */
  #forgetGonePods(): void {
    for (const { uid, namespace, name } of this.#attachments.all()) {
      if (this.#sources.podUid(namespace, name) === uid) continue;
      this.#attachments.delete(uid);
      this.#engine.detach(uid);
      this.#enforcer.changed();
    }
  }

  #gateHandler(): GateHandler {
    return {
      add: (attachment) => this.#add(attachment),
      remove: (uid) => this.#remove(uid),
      health: () => this.health(),
      dump: () => this.#engine.emitted(),
    };
  }

  async #add(attachment: Attachment): Promise<void> {
    if (!this.#sources.synced) throw new GateWaitError('the agent has not yet read pods, namespaces and policies from the API server');
    const { namespace, name, uid } = attachment;
    const pod = await this.#sources.readForStart(namespace, name).catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 404) throw new GateRefusal(`pod ${namespace}/${name} is not known to the API server`);
      throw new GateWaitError(`the API server could not be asked for the pod's policies: ${errorFields(error).error}`);
    });
    if (pod.metadata.uid !== uid) throw new GateRefusal(`pod ${namespace}/${name} has UID ${pod.metadata.uid ?? 'none'}, not ${uid}`);
    this.#attachments.set(attachment);
    this.#engine.attach(attachment);
    this.#enforcer.changed();
    await this.#inKernel();
    this.#log.debug({ pod: `${namespace}/${name}`, uid }, 'attached');
  }

  async #remove(uid: string): Promise<void> {
    if (!this.#attachments.delete(uid)) return;
    this.#engine.detach(uid);
    this.#enforcer.changed();
    await this.#inKernel();
    this.#log.debug({ uid }, 'detached');
  }

  async #inKernel(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const reason = this.#enforcer.state.lastError ?? 'no answer yet';
        reject(new GateWaitError(`the rules are not in the kernel after ${gatePatienceMs / 1_000} s (${reason})`));
      }, gatePatienceMs);
    });
    try {
      await Promise.race([this.#enforcer.settled(), patience]);
    } finally {
      clearTimeout(timer);
    }
  }
}
