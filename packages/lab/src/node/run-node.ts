/**
 * One lab node: the kubelet's job in one process inside the node's network namespace.
 *
 * ```
 *   API server ──informer(spec.nodeName)──▶ one worker per pod ──▶ namespaces, gate, programs
 *        ▲                                     │ status, Events, final delete
 *        └──────────── heartbeat ◀─────────────┘
 *   API server ──unix socket──▶ exec, attach, logs
 * ```
 */
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Informer, KubeClient, loadKubeconfig, podsPath } from '@weir/client';
import type { Pod } from '@weir/kube';
import { type Logger, pino, stdTimeFunctions } from 'pino';
import { ClusterNames } from '../dns/cluster-names.ts';
import { corednsImage } from '../dns/coredns-program.ts';
import { engineImages } from '../engine-pods/engine-images.ts';
import { builtInImages } from '../images/built-in-images.ts';
import { listHosts } from '../network/external-host.ts';
import type { SandboxHome } from '../sandbox/sandbox.ts';
import { ensurePodMasquerade } from '../services/pod-masquerade.ts';
import { startServiceProxy } from '../services/service-proxy.ts';
import { removeLogs, removeOldContainers, removeOldPodNetworks, removeOldVolumes } from './left-overs.ts';
import { NodeGate } from './node-gate.ts';
import type { NodeOptions } from './node-options.ts';
import { registerNode, relabelNode, reportNotReady } from './node-registration.ts';
import { openNodeServer } from './node-server.ts';
import { PodAddresses } from './pod-addresses.ts';
import { createPodApi } from './pod-api.ts';
import type { PodContext } from './pod-context.ts';
import { PodEndpoints } from './pod-endpoints.ts';
import { PodWorker } from './pod-worker.ts';
import { KeyedObjects } from './volumes/keyed-objects.ts';

/** A node that runs. */
export interface RunningNode {
  /** Ends all programs of the node's pods and the node; objects and namespaces stay for a successor. */
  stop(): Promise<void>;
  /** What the node is told has changed; what counts while it runs are the engine, and with it the gate. */
  update(options: NodeOptions): void;
  /** Rejects when the node cannot go on; never resolves before {@link RunningNode.stop}. */
  readonly finished: Promise<void>;
}

const reportTimeoutMs = 2_000;
/** Who asks for `cmd` or `powershell` is told that a Windows node of the lab has none. */
const windowsPrograms = "the lab's Windows nodes have agnhost and the programs of this machine, such as bash, and none of Windows' own";

/** Starts the node; resolves when its server listens and pods are being watched. */
export async function runNode(options: NodeOptions): Promise<RunningNode> {
  const stopped = new AbortController();
  const client = new KubeClient(await loadKubeconfig(options.kubeconfig), { userAgent: `weir-node/${options.node}` });
  const home = await prepareNode(options);
  const log = pino({ base: { node: options.node }, timestamp: stdTimeFunctions.isoTime });
  const api = createPodApi(client, options.node, stopped.signal);
  const names = new ClusterNames({ client, domain: options.dns.domain, hosts: () => listHosts(options.cluster), log });
  const { hasKubeForward } = options;
  const proxy = startServiceProxy({
    client,
    node: options.node,
    nodeAddresses: options.addresses,
    podBlocks: options.podBlocks,
    pods: () => informer.list(),
    hasKubeForward,
    log,
  });
  const gate = new NodeGate(options);
  const images = imagesOf(options, names, gate);
  const endpoints = await PodEndpoints.open(options, gate);
  const objects = new KeyedObjects(client);
  const services = (): ReturnType<typeof proxy.services> => proxy.services();
  const pods = new NodePods(
    { options, gate, api, client, objects, services, addresses: new PodAddresses(options.podBlocks), home, endpoints, images },
    log,
  );
  const server = await openNodeServer(options.socket, (namespace, name) => pods.find(namespace, name));
  const informer = new Informer<Pod>(
    client,
    podsPath(),
    {
      upsert: (pod) => {
        pods.upsert(pod);
        proxy.podChanged(pod);
      },
      remove: (pod) => {
        pods.remove(pod);
        proxy.podChanged(pod);
      },
      synced: () => pods.begin(),
    },
    {
      fieldSelector: `spec.nodeName=${options.node}`,
      onError: (error) => log.warn({ err: error }, 'the API server cannot be followed at the moment'),
    },
  );
  void registerNode(client, options, { log, stopped: stopped.signal });
  informer.start();
  return {
    finished: informer.finished,
    update: (changed) => {
      keepGate(gate, changed, log);
      void relabelNode(client, changed, { log, stopped: stopped.signal });
    },
    stop: async () => {
      await Promise.race([
        reportNotReady(client, options).catch(() => undefined),
        new Promise((resolve) => setTimeout(resolve, reportTimeoutMs).unref()),
      ]);
      stopped.abort();
      await informer.stop();
      await pods.abandon();
      await Promise.all([proxy.stop(), names.stop(), objects.stop(), endpoints?.close()]);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      client.close();
    },
  };
}

/** Those for every pod, and the engine's for its own. */
function imagesOf({ agent, stateDirectory }: NodeOptions, names: ClusterNames, gate: NodeGate): PodContext['images'] {
  const usual = [...builtInImages, corednsImage(names, (resolved) => gate.announce(resolved))];
  if (agent === undefined) return () => usual;
  const ofEngine = engineImages(agent, stateDirectory);
  return (pod) => [...ofEngine(pod), ...usual];
}

/** An agent keeps the gate from now on, where none did before. */
function keepGate(gate: NodeGate, { gateSocket }: NodeOptions, log: Logger): void {
  if (gateSocket === undefined || gate.isKept) return;
  gate.keep(gateSocket).then(
    () => log.info('the rules of all pods are in force'),
    (error: unknown) => log.error({ err: error }, 'it could not be written down since when the rules of all pods are in force'),
  );
}

/** Makes the node as it is before any pod starts; nothing of an earlier process runs. */
async function prepareNode(options: NodeOptions): Promise<SandboxHome> {
  const home = prepareState(options);
  await removeOldContainers(home);
  // A packet with an address that nobody knows would find no way back.
  if (options.podCidrs !== undefined) {
    await ensurePodMasquerade({ nodeAddresses: options.addresses, podBlocks: options.podBlocks, podCidrs: options.podCidrs });
  }
  return home;
}

function prepareState(options: NodeOptions): SandboxHome {
  mkdirSync(options.stateDirectory, { recursive: true, mode: 0o700 });
  mkdirSync(join(options.stateDirectory, 'logs'), { recursive: true, mode: 0o700 });
  return {
    directory: options.stateDirectory,
    ...(options.programDirectory === undefined ? {} : { programDirectory: options.programDirectory }),
    ...(options.hnsSocket === undefined ? {} : { noteOnPrograms: windowsPrograms }),
  };
}

/** The workers of the node's pods, by UID. Nothing starts before the first list is complete: only then are left-overs known. */
class NodePods {
  readonly #context: PodContext;
  readonly #workers = new Map<string, PodWorker>();
  #waiting: Map<string, Pod> | undefined = new Map();

  readonly #log: Logger;

  constructor(context: PodContext, log: Logger) {
    this.#context = context;
    this.#log = log;
  }

  find(namespace: string, name: string): PodWorker | undefined {
    // A namesake that is still being torn down may be there as well: the youngest is meant.
    const all = [...this.#workers.values()].filter(({ pod }) => pod.metadata.namespace === namespace && pod.metadata.name === name);
    return all.at(-1);
  }

  upsert(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    if (this.#waiting !== undefined) {
      this.#waiting.set(uid, pod);
      return;
    }
    const worker = this.#workers.get(uid);
    if (worker === undefined) this.#start(uid, pod);
    else worker.update(pod);
  }

  remove(pod: Pod): void {
    const uid = pod.metadata.uid ?? '';
    this.#waiting?.delete(uid);
    this.#workers.get(uid)?.vanish();
  }

  /** The first list is complete. Addresses of existing pods are reserved before any new one is given out. */
  begin(): void {
    const pods = this.#waiting ?? new Map<string, Pod>();
    const { options, addresses } = this.#context;
    for (const [uid, { status, spec }] of pods) {
      const finished = status?.phase === 'Succeeded' || status?.phase === 'Failed';
      const own = (status?.podIPs ?? []).map(({ ip }) => ip);
      if (!finished && spec?.hostNetwork !== true && own.length > 0) addresses.reserve(uid, own);
    }
    for (const uid of readdirSync(join(options.stateDirectory, 'logs'))) if (!pods.has(uid)) void this.#removeLogs(uid);
    void removeOldVolumes(options, [...pods.keys()]).catch((error: unknown) =>
      this.#log.warn({ err: error }, 'volumes of pods that are gone could not be removed'),
    );
    void this.#cleanThenStart(pods);
  }

  async abandon(): Promise<void> {
    await Promise.all([...this.#workers.values()].map((worker) => worker.abandon()));
  }

  async #cleanThenStart(pods: ReadonlyMap<string, Pod>): Promise<void> {
    try {
      await removeOldPodNetworks(this.#context.options, [...pods.keys()]);
      await this.#context.endpoints?.keepOnly([...pods.keys()]);
    } catch (error) {
      this.#log.error({ err: error }, 'left-over interfaces could not be removed');
    }
    const all = this.#waiting ?? pods;
    this.#waiting = undefined;
    for (const [uid, pod] of all) this.#start(uid, pod);
  }

  #start(uid: string, pod: Pod): void {
    const worker = new PodWorker(this.#context, pod);
    this.#workers.set(uid, worker);
    void this.#watch(uid, worker);
  }

  async #watch(uid: string, worker: PodWorker): Promise<void> {
    try {
      await worker.finished;
    } catch (error) {
      this.#log.error(
        { err: error, pod: `${worker.pod.metadata.namespace ?? ''}/${worker.pod.metadata.name ?? ''}` },
        'a pod could not be run to its end',
      );
    }
    this.#workers.delete(uid);
    await this.#removeLogs(uid);
  }

  async #removeLogs(uid: string): Promise<void> {
    try {
      await removeLogs(this.#context.options, uid);
    } catch (error) {
      this.#log.warn({ err: error, uid }, 'the logs of a pod that is gone could not be removed');
    }
  }
}
