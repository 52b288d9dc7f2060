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
import { isNotFound, type KubeClient } from '@weir/client';
import type { Dataplane } from '@weir/dataplane';
import type { Pod } from '@weir/kube';
import { compareAddresses } from '@weir/net';
import { AcceptedPolicyStore } from './accepted-policy-store.ts';
import type { AgentHealth } from './agent-health.ts';
import { type Attachment, AttachmentStore } from './attachment.ts';
import { EnforcementError, Enforcer } from './enforcer.ts';
import { type ExplainProblem, type ExplainRequest, explainFlow, type FlowExplanation } from './explain-flow.ts';
import { closeGate, GateRefusal, GateWaitError, openGate } from './gate.ts';
import { errorFields, type Logger } from './log.ts';
import { OwnAddresses } from './own-addresses.ts';
import type { AgentSettings } from './settings/agent-settings.ts';
import { Sources } from './sources.ts';
import { TroubleLog } from './trouble-log.ts';

/** How long a request at the gate waits for the API server, and then for the kernel, before it is told to ask again. */
const gatePatienceMs = 10_000;

/** A running agent. */
export interface Agent {
  /** Stops; what is in force stays in force. */
  stop(): Promise<void>;
  health(): AgentHealth;
  /**
   * Resolves when the agent has stopped; rejects with a fault of ours, after which the agent no longer
   * follows the cluster. Who does not handle the rejection leaves it to Node, which ends the process
   * with a non-zero exit: a supervisor starts a new one, and the rules stay meanwhile.
   */
  readonly finished: Promise<void>;
}

/** What an agent is made of. */
export interface NodeAgentParts {
  readonly settings: AgentSettings;
  readonly log: Logger;
  readonly client: KubeClient;
  readonly dataplane: Dataplane;
}

/** See {@link Agent}. */
export class NodeAgent implements Agent {
  readonly finished: Promise<void>;
  readonly #settings: AgentSettings;
  readonly #log: Logger;
  readonly #client: KubeClient;
  readonly #engine: Engine;
  readonly #dataplane: Dataplane;
  readonly #sources: Sources;
  readonly #enforcer: Enforcer;
  readonly #attachments: AttachmentStore;
  readonly #accepted: AcceptedPolicyStore;
  readonly #troubles: TroubleLog;
  readonly #ownAddresses = new OwnAddresses();
  #finish: { resolve: () => void; reject: (reason: unknown) => void } = { resolve: () => undefined, reject: () => undefined };
  /** The latest request of each pod that is at the gate. */
  readonly #entering = new Map<string, Attachment>();
  #gate: Server | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;
  #hasFault = false;

  constructor({ settings, log, client, dataplane }: NodeAgentParts) {
    this.finished = new Promise<void>((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    this.#settings = settings;
    this.#log = log;
    this.#client = client;
    this.#dataplane = dataplane;
    this.#troubles = new TroubleLog(log);
    this.#engine = new Engine({ node: settings.node, profile: settings.profile });
    this.#attachments = new AttachmentStore(settings.stateDirectory);
    this.#accepted = new AcceptedPolicyStore(settings.stateDirectory, log, () => this.#engine.acceptedPolicies());
    this.#enforcer = new Enforcer({
      engine: this.#engine,
      dataplane,
      log,
      ready: () => this.#sources.synced,
      onFault: (error) => this.#fault(error),
    });
    this.#sources = this.#makeSources();
  }

  /** Opens the gate and starts to follow the cluster. */
  async start(): Promise<void> {
    const { damage } = this.#attachments;
    if (damage !== undefined) {
      this.#log.error(
        { damage },
        'attached pods could not all be read; the others are known by their addresses until they are attached again',
      );
    }
    for (const attachment of this.#attachments.all()) this.#engine.attach(attachment);
    this.#engine.restoreAccepted(this.#accepted.load());
    mkdirSync(dirname(this.#settings.gateSocket), { recursive: true, mode: 0o700 });
    this.#gate = await openGate(this.#settings.gateSocket, {
      add: (attachment) => this.#add(attachment),
      remove: (uid) => this.#remove(uid),
      health: () => this.health(),
      dump: () => this.#engine.emitted(),
      explain: (request) => this.#explain(request),
    });
    this.#sources.start();
    this.#resyncTimer = setInterval(() => this.#enforcer.resync(), this.#settings.resyncSeconds * 1_000);
    this.#log.info({ dataplane: this.#dataplane.name, profile: this.#settings.profile }, 'agent started');
  }

  async stop(): Promise<void> {
    clearInterval(this.#resyncTimer);
    await this.#sources.stop();
    // Tells those who wait at the gate, so that closing it does not wait for them.
    await this.#enforcer.close();
    if (this.#gate !== undefined) await closeGate(this.#gate);
    this.#accepted.flush();
    await this.#dataplane.close();
    this.#client.close();
    this.#log.info('agent stopped; its rules stay in force');
    this.#finish.resolve();
  }

  health(): AgentHealth {
    const { inForce, failuresInARow, lastError, transactions } = this.#enforcer.state;
    return {
      node: this.#settings.node,
      ready: inForce && failuresInARow === 0 && !this.#hasFault,
      synced: this.#sources.synced,
      connected: this.#sources.connected,
      dataplane: this.#dataplane.name,
      profile: this.#settings.profile,
      transactions,
      failuresInARow,
      ...(lastError === undefined ? {} : { lastError }),
      endpoints: this.#attachments.size,
      refused: this.#engine.refusedPolicies().map(({ object, diagnostics, inForce: instead }) => ({
        policy: `${object.metadata.namespace ?? ''}/${object.metadata.name ?? ''}`,
        reasons: diagnostics.map((diagnostic) => diagnostic.message),
        inForce: instead,
      })),
      quarantined: this.#enforcer.quarantinedEndpoints().map(({ namespace, name, reason }) => ({ pod: `${namespace}/${name}`, reason })),
      unreadable: this.#engine.refusedObjects().map(({ kind, namespace, name, reason }) => ({
        object: namespace === '' ? `${kind} ${name}` : `${kind} ${namespace}/${name}`,
        reason,
      })),
    };
  }

  #makeSources(): Sources {
    return new Sources({
      client: this.#client,
      engine: this.#engine,
      readTimeoutMs: gatePatienceMs,
      listener: {
        changed: (kind) => {
          if (kind === 'networkPolicies') this.#accepted.changed();
          else this.#reportUnreadable();
          this.#enforcer.changed();
        },
        synced: () => {
          this.#forgetGonePods();
          this.#enforcer.changed();
          void this.#reportInForce();
        },
        failed: (kind, error) => {
          this.#troubles.trouble(
            `source ${kind}`,
            { kind, ...errorFields(error) },
            'trouble with the API server; the rules stay as they are',
          );
        },
        heard: (kind) => this.#troubles.over(`source ${kind}`, { kind }, 'the API server answers again'),
        onFault: (error) => this.#fault(error),
      },
    });
  }

  #reportUnreadable(): void {
    const [first] = this.#engine.refusedObjects();
    if (first === undefined) this.#troubles.over('unreadable', {}, 'all objects can be read');
    else this.#troubles.trouble('unreadable', { ...first }, 'an object of the API server cannot be read and counts as not there');
  }

  async #reportInForce(): Promise<void> {
    try {
      await this.#enforcer.settled(gatePatienceMs);
      this.#log.info({ milliseconds: this.#enforcer.state.lastReport?.milliseconds }, 'in sync and in force');
    } catch {
      // Stopped meanwhile, or the kernel refuses: both have their own lines in the log.
    }
  }

  /** What is in memory can no longer be trusted. The rules stay; a new process starts from what is true. */
  #fault(error: unknown): void {
    if (this.#hasFault) return;
    this.#hasFault = true;
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error({ ...errorFields(error), stack }, 'a fault of ours; the agent ends and its rules stay in force');
    this.#finish.reject(error);
  }

  /** Drops attachments of pods that went away while no agent ran. */
  #forgetGonePods(): void {
    for (const { uid, namespace, name } of this.#attachments.all()) {
      if (this.#sources.podUid(namespace, name) !== uid) this.#forget(uid);
    }
  }

  #forget(uid: string): void {
    this.#attachments.delete(uid);
    this.#engine.detach(uid);
  }

  #explain(request: ExplainRequest): FlowExplanation | ExplainProblem {
    if (!this.#enforcer.state.inForce) throw new GateWaitError('no state of this process is in the kernel yet: see weir agent health');
    return explainFlow({ engine: this.#engine, isOwnAddress: (address) => this.#ownAddresses.has(address) }, request);
  }

  async #add(attachment: Attachment): Promise<void> {
    if (!this.#sources.synced) throw new GateWaitError('the agent has not yet read pods, namespaces and policies from the API server');
    const { namespace, name, uid } = attachment;
    const pod = await this.#readEntering(attachment);
    const refusal = refusalOf(pod, attachment, this.#settings.node);
    if (refusal !== undefined) throw new GateRefusal(`pod ${namespace}/${name} ${refusal}`);
    this.#replaceRivals(attachment);
    this.#attachments.set(attachment);
    this.#sources.enter(pod);
    this.#engine.attach(attachment);
    this.#enforcer.changed();
    await this.#inKernel();
    const unreadable = this.#engine.refusalOfPod(namespace, name);
    if (unreadable !== undefined) throw new GateWaitError(`the pod stays closed because its object cannot be read: ${unreadable}`);
    const quarantine = this.#enforcer.quarantineOf(uid);
    if (quarantine !== undefined) throw new GateWaitError(`the pod stays closed because its rules cannot be enforced: ${quarantine}`);
    this.#log.debug({ pod: `${namespace}/${name}`, uid }, 'attached');
  }

  /** Reads what the pod's start depends on. What was asked of the gate about the pod meanwhile counts, not this request. */
  async #readEntering(attachment: Attachment): Promise<Pod> {
    const { namespace, name, uid } = attachment;
    this.#entering.set(uid, attachment);
    const reading = this.#sources.readForStart(namespace, name);
    await Promise.allSettled([reading]);
    if (this.#entering.get(uid) !== attachment) {
      throw new GateWaitError('the pod was taken off the node, or announced anew, while its policies were read');
    }
    this.#entering.delete(uid);
    return reading.catch((error: unknown) => {
      if (isNotFound(error)) throw new GateRefusal(`pod ${namespace}/${name} is not known to the API server`);
      throw new GateWaitError(`the API server could not be asked for the pod's policies: ${errorFields(error).error}`);
    });
  }

  /** A link and an address belong to one pod: whoever had them and was never taken off the node has lost them. */
  #replaceRivals(attachment: Attachment): void {
    for (const other of this.#attachments.all()) {
      const shares =
        other.interface === attachment.interface ||
        other.addresses.some((a) => attachment.addresses.some((b) => compareAddresses(a, b) === 0));
      if (other.uid === attachment.uid || !shares) continue;
      this.#log.warn({ pod: `${other.namespace}/${other.name}`, uid: other.uid }, 'its link or address was given to another pod');
      this.#forget(other.uid);
      this.#sources.leave(other.namespace, other.name, other.uid);
    }
  }

  async #remove(uid: string): Promise<void> {
    // A request to start it that is still on its way must not bring it back.
    this.#entering.delete(uid);
    const attachment = this.#attachments.get(uid);
    if (attachment !== undefined) {
      this.#forget(uid);
      this.#sources.leave(attachment.namespace, attachment.name, uid);
      this.#enforcer.changed();
    }
    // Also when it is not known (any more): an earlier request of the same kind may still be on its way.
    await this.#inKernel();
    this.#log.debug({ uid }, 'detached');
  }

  async #inKernel(): Promise<void> {
    await this.#enforcer.settled(gatePatienceMs).catch((error: unknown) => {
      throw error instanceof EnforcementError ? new GateWaitError(error.message) : error;
    });
  }
}

/** Why this pod cannot be attached like that; undefined when it can. */
function refusalOf(pod: Pod, { uid }: Attachment, node: string): string | undefined {
  if (pod.metadata.uid !== uid) return `has UID ${pod.metadata.uid ?? 'none'}, not ${uid}`;
  if (pod.spec?.hostNetwork === true) return 'is on the network of its node and has no link of its own';
  const assigned = pod.spec?.nodeName;
  return assigned === node ? undefined : `is assigned to ${assigned === undefined ? 'no node' : `node ${assigned}`}, not to ${node}`;
}
