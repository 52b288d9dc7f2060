/** Timing one change after another, from the request to the last datagram that was treated wrongly. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Informer, isNotFound, podsPath } from '@weir/client';
import type { KubeObject, Pod } from '@weir/kube';
import { podNetnsName } from '../../src/index.ts';
import type { BenchCluster } from './bench-cluster.ts';
import { type Breakdown, breakdownOf, writtenAt } from './breakdown.ts';
import type { ProberProcess } from './prober-process.ts';
import type { ProberAnswer } from './prober-protocol.ts';
import type { Scenario } from './scenarios.ts';
import { timedRequest } from './timed-request.ts';
import type { TraceLog } from './trace-log.ts';
import { clients, idlePod, lanesFrom, type RunningPod } from './workload.ts';

/** What is measured on. */
export interface Bench {
  readonly cluster: BenchCluster;
  readonly prober: ProberProcess;
  readonly trace: TraceLog;
  readonly servers: readonly RunningPod[];
  readonly datagramsPerSecond: number;
}

/** One change. */
export interface Sample {
  /** From the request to the last wrong datagram, in milliseconds; 0 when there was none. */
  readonly totalMs: number;
  /** New pods: the same from the write that made the pod's address known. */
  readonly publishedMs?: number;
  /** Wrong datagrams. */
  readonly wrong: number;
  readonly longestGapMs: number;
  readonly breakdown?: Breakdown;
}

/** All lanes must have been right for so long. */
const quietMs = 60;
const timeoutMs = 20_000;

/** Allows and denies in turn, `repeat` times each. */
export async function measureScenario(bench: Bench, scenario: Scenario, repeat: number): Promise<{ allow: Sample[]; deny: Sample[] }> {
  const samples: { allow: Sample[]; deny: Sample[] } = { allow: [], deny: [] };
  // One of each goes ahead: connections are open and code is warm.
  for (let i = -1; i < repeat; i++) {
    const deny = await measureChange(bench, () => scenario.deny(), 'vanishes');
    const allow = await measureChange(bench, () => scenario.allow(), 'arrives');
    if (i < 0) continue;
    samples.deny.push(deny);
    samples.allow.push(allow);
  }
  return samples;
}

async function measureChange(bench: Bench, act: () => Promise<KubeObject>, wanted: 'arrives' | 'vanishes'): Promise<Sample> {
  const { since, answer: object } = await timedRequest(act);
  const answer = await settled(bench, since, wanted);
  bench.trace.refresh();
  const breakdown = breakdownOf(bench.trace, Number(object.metadata.resourceVersion), since);
  return { ...sampleOf(answer, since), ...(breakdown === undefined ? {} : { breakdown }) };
}

/** Starts pods that send from the moment on at which their network is there: those that may, and those that may not. */
export async function measureNewPods(bench: Bench, repeat: number): Promise<{ allow: Sample[]; deny: Sample[] }> {
  const samples: { allow: Sample[]; deny: Sample[] } = { allow: [], deny: [] };
  /** The first version of each pod with an address, by name. */
  const addressed = new Map<string, number>();
  const follower = new Informer<Pod>(bench.cluster.client, podsPath(clients), {
    upsert: ({ metadata, status }) => {
      const name = metadata.name ?? '';
      if (status?.podIP !== undefined && !addressed.has(name)) addressed.set(name, Number(metadata.resourceVersion));
    },
    remove: () => undefined,
  });
  follower.start();
  await follower.synced;
  try {
    for (let i = 0; i < repeat; i++) {
      samples.allow.push(await measureNewPod(bench, { name: `visitor-${i}`, wanted: 'arrives', addressed }));
      samples.deny.push(await measureNewPod(bench, { name: `stranger-${i}`, wanted: 'vanishes', addressed }));
    }
    return samples;
  } finally {
    await follower.stop();
  }
}

interface NewPod {
  readonly name: string;
  readonly wanted: 'arrives' | 'vanishes';
  readonly addressed: ReadonlyMap<string, number>;
}

async function measureNewPod(bench: Bench, { name, wanted, addressed }: NewPod): Promise<Sample> {
  const { client, name: cluster } = bench.cluster;
  const role = wanted === 'arrives' ? 'client' : 'stranger';
  const { since, answer: pod } = await timedRequest(() => client.create(podsPath(clients), idlePod(clients, name, { role })));
  bench.prober.send(lanesFrom(podNetnsName(cluster, pod.metadata.uid ?? ''), bench.servers), bench.datagramsPerSecond);
  const answer = await settled(bench, since, wanted);
  bench.trace.refresh();
  const published = writtenAt(bench.trace, addressed.get(name) ?? 0);
  // The sockets inside its namespace would keep it.
  bench.prober.send([], bench.datagramsPerSecond);
  await client.delete(podsPath(clients), name);
  await waitUntilGone(bench, name);
  if (published === undefined || answer.lastWrongAt === 0) return sampleOf(answer, since);
  return { ...sampleOf(answer, since), publishedMs: (answer.lastWrongAt - published) / 1_000 };
}

async function waitUntilGone({ cluster }: Bench, name: string): Promise<void> {
  for (;;) {
    try {
      await cluster.client.get<Pod>(podsPath(clients), name);
    } catch (error) {
      if (isNotFound(error)) return;
      throw error;
    }
    await sleep(10);
  }
}

async function settled(bench: Bench, since: number, wanted: 'arrives' | 'vanishes'): Promise<ProberAnswer> {
  const answer = await bench.prober.settle({ since, wanted, quietMs, timeoutMs });
  if (answer.settled) return answer;
  throw new Error(`datagrams that should be ${wanted === 'arrives' ? 'let through' : 'dropped'} still are not after ${timeoutMs} ms`);
}

function sampleOf(answer: ProberAnswer, since: number): Sample {
  return {
    totalMs: answer.lastWrongAt === 0 ? 0 : (answer.lastWrongAt - since) / 1_000,
    wrong: answer.wrong,
    longestGapMs: answer.longestGapUs / 1_000,
  };
}
