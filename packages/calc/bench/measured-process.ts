/**
 * The process that a world is measured in: lists it from the server's socket with the client's informers,
 * brings it into an engine, and then changes it event by event.
 *
 *   node --expose-gc measured-process.js WORLD SOCKET CHURN_EVENTS     (started by calc.bench.js)
 *
 * The first state's time runs from the first request to the delta: it includes the transfer, decoding and
 * compiling. An event's time runs from the bytes of its watch frame to the delta.
 */
import { performance } from 'node:perf_hooks';
import { Engine, type Sizes, type Work } from '@weir/calc';
import { Informer, KubeClient, namespacesPath, networkPoliciesPath, podsPath } from '@weir/client';
import {
  type KubeObject,
  type Namespace,
  type NetworkPolicy,
  namespacePolicyFields,
  networkPolicyFields,
  type Pod,
  podPolicyFields,
} from '@weir/kube';
import { peakRss as peakRssBytes } from './peak-rss.ts';
import { podDocument } from './pod-document.ts';
import { measuredNode, namespaceOf, podOf, policyOf, type World, worlds } from './world.ts';

/** Times of one kind of event, in milliseconds, and the work of one. */
export interface EventResult {
  readonly what: string;
  readonly median: number;
  readonly p99: number;
  readonly selectors: number;
  readonly addresses: number;
  readonly programs: number;
}

/** What the measured process says of its world. Bytes; milliseconds. */
export interface WorldResult {
  readonly firstStateMs: number;
  /** Of all threads; on a busy machine it says more than the time that passed. */
  readonly firstStateCpuMs: number;
  readonly rssBefore: number;
  readonly rss: number;
  readonly peakRss: number;
  readonly heap: number;
  readonly heapBefore: number;
  readonly sizes: Sizes;
  readonly work: Readonly<Work>;
  readonly events: readonly EventResult[];
  readonly churn: { readonly events: number; readonly ms: number; readonly heapBefore: number; readonly heapAfter: number } | undefined;
}

const [worldName = '', socket = '', churnText = '0'] = process.argv.slice(2);
const churnEvents = Number(churnText);
const world = worlds.find(({ name }) => name === worldName) as World;

/** How many events of a kind; policies and namespaces cost more. */
const podSamples = 1_000;
const otherSamples = 200;
/** Where events are slow, fewer of them do. */
const samplingMs = 15_000;

const client = new KubeClient({ server: `unix:${socket}` });
const engine = new Engine({ node: measuredNode });
let onPodEvent: (() => void) | undefined;

const namespaces = new Informer<Namespace>(
  client,
  namespacesPath,
  {
    upsert: (object) => engine.upsertNamespace(object),
    remove: ({ metadata }) => engine.deleteNamespace(metadata.name ?? ''),
  },
  { fields: namespacePolicyFields },
);
const policies = new Informer<NetworkPolicy>(
  client,
  networkPoliciesPath(),
  {
    upsert: (object) => engine.upsertNetworkPolicy(object),
    remove: ({ metadata }) => engine.deleteNetworkPolicy(metadata.namespace ?? '', metadata.name ?? ''),
  },
  { fields: networkPolicyFields },
);
const pods = new Informer<Pod>(
  client,
  podsPath(),
  {
    upsert: (object) => {
      engine.upsertPod(object);
      onPodEvent?.();
    },
    remove: ({ metadata }) => {
      engine.deletePod(metadata.namespace ?? '', metadata.name ?? '');
      onPodEvent?.();
    },
  },
  { fields: podPolicyFields },
);
const informers = [namespaces, policies, pods];

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function firstState(): Promise<Omit<WorldResult, 'events' | 'churn'>> {
  const heapBefore = heapUsed();
  const rssBefore = process.memoryUsage().rss;
  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  for (const informer of informers) informer.start();
  await Promise.all(informers.map((informer) => informer.synced));
  for (const source of engine.sources) engine.setInSync(source);
  engine.flush();
  const firstStateMs = performance.now() - start;
  const { user, system } = process.cpuUsage(cpuBefore);
  const peakRss = peakRssBytes();
  const { rss } = process.memoryUsage();
  return {
    firstStateMs,
    firstStateCpuMs: (user + system) / 1000,
    rssBefore,
    rss,
    peakRss,
    heap: heapUsed(),
    heapBefore,
    sizes: engine.sizes,
    work: engine.work,
  };
}

function measure(what: string, frames: readonly Buffer[], apply: (object: KubeObject) => void): EventResult {
  const before = engine.work;
  const times: number[] = [];
  const end = performance.now() + samplingMs;
  for (const frame of frames) {
    const start = performance.now();
    if (start > end) break;
    apply((JSON.parse(frame.toString('utf8')) as { object: KubeObject }).object);
    engine.flush();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const { selectorsEvaluated, addressesTouched, programsBuilt } = engine.work;
  return {
    what,
    median: times[Math.floor((times.length - 1) * 0.5)] ?? 0,
    p99: times[Math.floor((times.length - 1) * 0.99)] ?? 0,
    selectors: (selectorsEvaluated - before.selectorsEvaluated) / times.length,
    addresses: (addressesTouched - before.addressesTouched) / times.length,
    programs: (programsBuilt - before.programsBuilt) / times.length,
  };
}

function frameOf(type: string, object: KubeObject): Buffer {
  return Buffer.from(JSON.stringify({ type, object }));
}

function measureEvents(): EventResult[] {
  const { pods: podCount, policies: policyCount, namespaces: namespaceCount } = world;
  const podAt = (i: number): number => (i * 7919) % podCount;
  const upsertPod = (pod: KubeObject): void => engine.upsertPod(pod);
  const newPods = Array.from({ length: podSamples }, (_, i) => podOf(world, podAt(i), 1));
  const changed = newPods.map((pod, i) => ({ ...pod, labels: { ...pod.labels, version: `w${i % 5}` } }));
  const localNamespaces = new Set<number>();
  for (let i = 0; i < podCount; i++) if (podOf(world, i).node === measuredNode) localNamespaces.add(i % namespaceCount);
  // Policies of the namespaces that local pods are in: others cost next to nothing.
  const local = Array.from({ length: policyCount }, (_, i) => i).filter((i) => localNamespaces.has(i % namespaceCount));
  return [
    measure(
      'pod added',
      newPods.map((pod) => frameOf('ADDED', podDocument(pod, 1))),
      upsertPod,
    ),
    measure(
      'pod relabelled',
      changed.map((pod) => frameOf('MODIFIED', podDocument(pod, 2))),
      upsertPod,
    ),
    measure(
      'pod removed',
      changed.map((pod) => frameOf('DELETED', podDocument(pod, 3))),
      ({ metadata }) => engine.deletePod(metadata.namespace ?? '', metadata.name ?? ''),
    ),
    measure(
      'policy changed',
      Array.from({ length: otherSamples }, (_, i) => frameOf('MODIFIED', policyOf(world, local[i % local.length] ?? 0, 1000 + i))),
      (policy) => engine.upsertNetworkPolicy(policy),
    ),
    measure(
      'namespace relabelled',
      Array.from({ length: otherSamples }, (_, i) => frameOf('MODIFIED', namespaceOf((i * 37) % namespaceCount, (i + 7) % 20))),
      (namespace) => engine.upsertNamespace(namespace),
    ),
  ];
}

async function measureChurn(events: number): Promise<WorldResult['churn']> {
  const heapBefore = heapUsed();
  const start = performance.now();
  let seen = 0;
  await new Promise<void>((resolve) => {
    onPodEvent = () => {
      engine.flush();
      seen++;
      if (seen === events) resolve();
    };
    process.send?.({ churn: events });
  });
  const ms = performance.now() - start;
  return { events, ms, heapBefore, heapAfter: heapUsed() };
}

// Without the server there is nothing to measure.
process.on('disconnect', () => process.exit(1));
const state = await firstState();
const churn = churnEvents === 0 ? undefined : await measureChurn(churnEvents);
const events = churnEvents === 0 ? measureEvents() : [];
const result: WorldResult = { ...state, events, churn };
await new Promise((resolve) => process.send?.({ result }, resolve));
await Promise.all(informers.map((informer) => informer.stop()));
client.close();
process.exit(0);
