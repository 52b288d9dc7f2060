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
import type { Server } from 'node:http';
import { dirname } from 'node:path';
import { addressPairs, Engine } from '@weir/calc';
import { type KubeClient, makeDirectory } from '@weir/client';
import type { Dataplane } from '@weir/dataplane';
import { type EnforcementTarget, enforcementTarget, systemOf } from '@weir/model';
import type { AgentHealth } from './agent-health.ts';
import { AgentReport } from './agent-report.ts';
import { Enforcer } from './enforcement/enforcer.ts';
import { EstablishedConnections } from './enforcement/established-connections.ts';
import { NodeInterfaces } from './enforcement/node-interfaces.ts';
import { OwnAddresses } from './enforcement/own-addresses.ts';
import { TransactionTiming } from './enforcement/transaction-timing.ts';
import { type ExplainProblem, type ExplainRequest, type ExplainSubject, explainFlow, type FlowExplanation } from './explain-flow.ts';
import { FlowLog } from './flows/flow-log.ts';
import { openFlowSink } from './flows/flow-sink.ts';
import { closeLocalServer, MustWaitError } from './local-server.ts';
import { errorFields, type Logger } from './log/log.ts';
import { MemoryGuard } from './memory/memory-guard.ts';
import { agentCollectors } from './metrics/agent-metrics.ts';
import { flowMetrics } from './metrics/flow-metrics.ts';
import type { MetricsCollector } from './metrics/metrics-registry.ts';
import { SyncLatency } from './metrics/sync-latency.ts';
import { AnswerStore } from './names/answer-store.ts';
import { DomainNames } from './names/domain-names.ts';
import { openNamesSocket } from './names/names-socket.ts';
import { AgentOperations } from './operations/agent-operations.ts';
import { type PairsInForce, pairsInForce } from './pairs-in-force.ts';
import type { AgentSettings } from './settings/agent-settings.ts';
import { AcceptedPolicyStore } from './sources/accepted-policy-store.ts';
import { SourceNews, type SourceNewsParts } from './sources/source-news.ts';
import { Sources } from './sources/sources.ts';
import { AddressRest } from './start-gate/address-rest.ts';
import { AddressRestStore } from './start-gate/address-rest-store.ts';
import { AttachmentStore } from './start-gate/attachment.ts';
import { openGate } from './start-gate/gate.ts';
import { PodAdmission } from './start-gate/pod-admission.ts';
import { NodeStatus } from './status/node-status.ts';

/** How long a request at the gate waits for the API server, and then for the kernel, before it is told to ask again. */
const gatePatienceMs = 10_000;
/** A line of the flow log tells no more names of one address. */
const toldNamesMax = 5;

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
  /** Metrics of what is around the agent. */
  readonly collectors?: readonly MetricsCollector[];
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
  readonly #connections: EstablishedConnections;
  readonly #enforcer: Enforcer;
  readonly #attachments: AttachmentStore;
  readonly #accepted: AcceptedPolicyStore;
  readonly #restStore: AddressRestStore;
  readonly #ownAddresses = new OwnAddresses();
  readonly #interfaces: NodeInterfaces;
  readonly #admission: PodAdmission;
  readonly #names: DomainNames;
  readonly #memory: MemoryGuard;
  readonly #report: AgentReport;
  readonly #operations: AgentOperations;
  readonly #status: NodeStatus;
  readonly #flowLog: FlowLog | undefined;
  #finish: { resolve: () => void; reject: (reason: unknown) => void } = { resolve: () => undefined, reject: () => undefined };
  #gate: Server | undefined;
  #namesServer: Server | undefined;
  #resyncTimer: NodeJS.Timeout | undefined;
  #holdTimer: NodeJS.Timeout | undefined;
  #fault: string | undefined;

  constructor({ settings, log, client, dataplane, collectors = [] }: NodeAgentParts) {
    this.finished = new Promise<void>((resolve, reject) => {
      this.#finish = { resolve, reject };
    });
    this.#settings = settings;
    this.#log = log;
    this.#client = client;
    this.#dataplane = dataplane;
    this.#attachments = new AttachmentStore(settings.stateDirectory);
    // Nobody announces again what an earlier process was told and a damaged file has lost.
    const localPods = this.#attachments.damage === undefined ? settings.localPods : 'listed';
    this.#engine = new Engine({ node: settings.node, target: targetOf(settings, dataplane), localPods });
    this.#accepted = new AcceptedPolicyStore(settings.stateDirectory, log, () => this.#engine.acceptedPolicies());
    this.#connections = new EstablishedConnections({
      engine: this.#engine,
      dataplane,
      isOwnAddress: (address) => this.#ownAddresses.has(address),
      isQuarantined: (uid) => this.#enforcer.endpoints.quarantineOf(uid) !== undefined,
    });
    const latency = new SyncLatency();
    const timing = new TransactionTiming();
    const rest = new AddressRest(settings.addressRestSeconds * 1_000);
    this.#restStore = new AddressRestStore(settings.stateDirectory, log, rest);
    this.#status = new NodeStatus({
      settings,
      log,
      client,
      engine: this.#engine,
      enforcer: () => this.#enforcer,
      sources: () => this.#sources,
    });
    this.#interfaces = new NodeInterfaces(this.#engine, () => this.#enforcer.changed());
    this.#enforcer = new Enforcer({
      engine: this.#engine,
      dataplane,
      log,
      connections: this.#connections,
      ready: () => this.#sources.synced,
      onReleased: (released) => this.#restStore.release(released),
      onFault: (error) => this.#failed(error),
      progress: [this.#interfaces, timing, latency, this.#status],
    });
    this.#sources = this.#makeSources({ latency, timing });
    this.#admission = new PodAdmission({
      node: settings.node,
      engine: this.#engine,
      enforcer: this.#enforcer,
      sources: this.#sources,
      attachments: this.#attachments,
      rest,
      restStore: this.#restStore,
      log,
      patienceMs: gatePatienceMs,
    });
    this.#names = this.#makeNames();
    this.#memory = new MemoryGuard({
      limitMb: settings.memoryLimitMb,
      stateDirectory: settings.stateDirectory,
      log,
      sizes: () => ({ ...this.#engine.sizes }),
      onFull: (error) => this.#finish.reject(error),
    });
    this.#report = this.#makeReport();
    this.#operations = this.#makeOperations(collectors, latency);
    this.#flowLog = settings.flowLog === undefined ? undefined : this.#makeFlowLog(settings.flowLog);
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
    this.#restStore.load();
    this.#names.restore();
    makeDirectory(dirname(this.#settings.gateSocket), 0o700);
    this.#gate = await openGate(this.#settings.gateSocket, {
      add: (attachment) => this.#admission.add(attachment),
      remove: (uid) => this.#admission.remove(uid),
      health: () => this.health(),
      dump: () => this.#engine.emitted(),
      pairs: () => this.#pairs(),
      explain: (request) => this.#explain(request),
    });
    const { namesSocket } = this.#settings;
    if (namesSocket !== undefined) this.#namesServer = await openNamesSocket(namesSocket, (answer) => this.#names.learn(answer));
    await this.#operations.start();
    const holdMs = this.#memory.begin();
    if (holdMs === 0) this.#follow();
    else this.#holdTimer = setTimeout(() => this.#follow(), holdMs);
    this.#flowLog?.start();
    this.#resyncTimer = setInterval(() => this.#enforcer.resync(), this.#settings.resyncSeconds * 1_000);
    this.#log.info({ dataplane: this.#dataplane.name, profile: this.#settings.profile }, 'agent started');
  }

  #follow(): void {
    this.#memory.release();
    this.#sources.start();
  }

  #pairs(): PairsInForce {
    const pairs = addressPairs(this.#engine.emittedState, this.#engine.emitted(), (address) => this.#ownAddresses.has(address));
    return pairsInForce(pairs, this.#enforcer.endpoints);
  }

  async stop(): Promise<void> {
    clearInterval(this.#resyncTimer);
    clearTimeout(this.#holdTimer);
    this.#memory.end();
    await this.#sources.stop();
    // Tells those who wait at the gate, so that closing it does not wait for them.
    await this.#enforcer.close();
    await this.#status.stop();
    for (const server of [this.#namesServer, this.#gate]) if (server !== undefined) await closeLocalServer(server);
    await this.#operations.stop();
    this.#accepted.flush();
    this.#restStore.flush();
    this.#names.flush();
    await this.#dataplane.close();
    await this.#flowLog?.close();
    this.#client.close();
    this.#log.info('agent stopped; its rules stay in force');
    this.#finish.resolve();
  }

  health(): AgentHealth {
    return this.#report.health();
  }

  #makeSources(timings: Pick<SourceNewsParts, 'latency' | 'timing'>): Sources {
    return new Sources({
      client: this.#client,
      engine: this.#engine,
      readTimeoutMs: gatePatienceMs,
      listener: new SourceNews({
        engine: this.#engine,
        enforcer: this.#enforcer,
        accepted: this.#accepted,
        ...timings,
        log: this.#log,
        admission: () => this.#admission,
        patienceMs: gatePatienceMs,
        onFault: (error) => this.#failed(error),
      }),
    });
  }

  #makeNames(): DomainNames {
    const store = new AnswerStore({
      stateDirectory: this.#settings.stateDirectory,
      log: this.#log,
      current: () => this.#names.kept(),
      wallMs: () => Date.now(),
    });
    return new DomainNames({
      engine: this.#engine,
      enforcer: this.#enforcer,
      store,
      patienceMs: gatePatienceMs,
      nowMs: () => performance.now(),
    });
  }

  #makeReport(): AgentReport {
    return new AgentReport({
      settings: this.#settings,
      engine: this.#engine,
      dataplane: this.#dataplane,
      enforcer: this.#enforcer,
      sources: this.#sources,
      attachments: this.#attachments,
      memory: this.#memory,
      fault: () => this.#fault,
    });
  }

  #makeOperations(collectors: readonly MetricsCollector[], latency: SyncLatency): AgentOperations {
    return new AgentOperations({
      settings: this.#settings,
      probed: () => this.#report.probed(),
      onTick: () => {
        this.#memory.check();
        this.#status.tick();
        this.#names.tick();
        this.#interfaces.tick();
      },
      collectors: [
        ...collectors,
        () => flowMetrics(this.#flowLog?.counts),
        () => this.#memory.metrics(),
        () => this.#status.metrics(),
        ...agentCollectors({
          engine: this.#engine,
          enforcer: this.#enforcer,
          dataplane: this.#dataplane,
          connections: this.#connections,
          sources: this.#sources,
          attachments: this.#attachments,
          latency,
          policyLimit: this.#settings.metricsPolicies,
        }),
      ],
    });
  }

  #makeFlowLog(path: string): FlowLog {
    return new FlowLog({
      engine: this.#engine,
      dataplane: this.#dataplane,
      sink: openFlowSink(path, this.#settings.flowLogMb),
      log: this.#log,
      isOwnAddress: (address) => this.#ownAddresses.has(address),
      namesOf: (address) => this.#names.namesOf(address, toldNamesMax),
    });
  }

  /** What is in memory can no longer be trusted. The rules stay; a new process starts from what is true. */
  #failed(error: unknown): void {
    if (this.#fault !== undefined) return;
    this.#fault = errorFields(error).error;
    const stack = error instanceof Error ? error.stack : undefined;
    this.#log.error({ ...errorFields(error), stack }, 'a fault of ours; the agent ends and its rules stay in force');
    this.#finish.reject(error);
  }

  #explain(request: ExplainRequest): FlowExplanation | ExplainProblem {
    if (!this.#enforcer.state.inForce) throw new MustWaitError('no state of this process is in the kernel yet: see weir agent health');
    const subject: ExplainSubject = {
      engine: this.#engine,
      isOwnAddress: (address) => this.#ownAddresses.has(address),
      quarantineOf: (uid) => this.#enforcer.endpoints.quarantineOf(uid),
      refusedHosts: () => this.#enforcer.hosts.refused(),
      lastFailure: this.#enforcer.state.lastError,
    };
    return explainFlow(subject, request);
  }
}

/** The behaviour that policies are read with. */
function targetOf({ profile, windowsExpandUnsupported, namesSocket }: AgentSettings, { name }: Dataplane): EnforcementTarget {
  return { ...enforcementTarget(profile, systemOf(name), windowsExpandUnsupported), hearsOfNames: namesSocket !== undefined };
}
