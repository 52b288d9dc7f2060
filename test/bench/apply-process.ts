/**
 * One measurement of `apply.bench.ts`, in a process of its own, as an agent that has just started:
 *
 *   apply-process.ts BACKEND NETNS policies|blocks COUNT
 *
 * Prints an {@link ApplyFigures} and leaves nothing behind.
 */
import { type Attachment, Engine } from '@weir/calc';
import type { Dataplane } from '@weir/dataplane';
import type { NetworkPolicy } from '@weir/kube';
import { defined, parseAddress } from '@weir/net';
import { interruption } from '@weir/testkit';
import { peakRss } from '../../packages/calc/bench/peak-rss.ts';
import { backEnds } from '../packets/back-ends.ts';

import { appPolicy, blocksPolicy, measuredNode, policyCluster, remotePod } from './policy-cluster.ts';

/** What came of one measurement; times in milliseconds. */
export interface ApplyFigures {
  /** From the policies' JSON to the delta. */
  readonly calcMs: number;
  /** From the delta to the kernel, from empty. */
  readonly loadMs: number;
  /** Of that, processor time of this process, which other work on the machine changes little; without programs that it runs. */
  readonly loadCpuMs: number;
  readonly elements: number;
  /** In bytes, the most until everything was loaded. */
  readonly peakRss: number;
  /** Single changes afterwards, from the delta to the kernel: medians. */
  readonly changes: Readonly<Record<string, number>>;
}

const podInterface = 'w';
const repeats = 51;
/** A change of blocks takes longer. */
const blockRepeats = 9;

const [name = '', netns = '', workload = '', count = ''] = process.argv.slice(2);
const interrupted = interruption();

/** The engine of a node that knows everything but policies. */
function startedEngine(): { readonly engine: Engine; readonly attachments: readonly Attachment[] } {
  const engine = new Engine({ node: measuredNode });
  const { namespaces, pods } = policyCluster();
  for (const each of namespaces) engine.upsertNamespace(each);
  for (const each of pods) engine.upsertPod(each);
  const attachments = pods
    .filter(({ spec }) => spec?.nodeName === measuredNode)
    .map(({ metadata: { uid = '', namespace = '', name: pod = '' }, status }, i) => {
      const addresses = [defined(parseAddress(status?.podIP ?? ''), 'a pod has an address')];
      return { uid, namespace, name: pod, interface: `${podInterface}${i}`, addresses };
    });
  for (const each of attachments) engine.attach(each);
  return { engine, attachments };
}

function openDataplane(attachments: readonly Attachment[]): Dataplane {
  const backEnd = defined(
    backEnds.find((each) => each.name === name),
    `${name} is a back end`,
  );
  const pods = policyCluster().pods.flatMap((pod) => {
    const attachment = attachments.find(({ uid }) => uid === pod.metadata.uid);
    const ip = pod.status?.podIP ?? '';
    return attachment === undefined ? [] : [{ pod, node: measuredNode, interface: attachment.interface ?? '', addresses: [ip] }];
  });
  return backEnd.open({
    netns,
    podInterface,
    pods: () => pods,
    onReplace: (error) => {
      throw error;
    },
  });
}

/** Milliseconds of applying what the engine says now. */
async function applied(engine: Engine, dataplane: Dataplane): Promise<number> {
  interrupted.throwIfAborted();
  const delta = engine.flush();
  const before = performance.now();
  const { quarantined } = await dataplane.apply(delta);
  const milliseconds = performance.now() - before;
  if (quarantined.length > 0) throw new Error(`refused: ${JSON.stringify(quarantined.slice(0, 3))}`);
  return milliseconds;
}

/** The median of a change that is made again and again. */
async function medianOf(times: number, change: (round: number) => Promise<number>): Promise<number> {
  const list: number[] = [];
  for (let round = 0; round < times; round++) list.push(await change(round));
  return list.sort((a, b) => a - b)[times >> 1] ?? Number.NaN;
}

async function changesOf(engine: Engine, dataplane: Dataplane): Promise<Record<string, number>> {
  if (workload === 'blocks') {
    const oneBlock = await medianOf(blockRepeats, (round) => {
      engine.upsertNetworkPolicy(blocksPolicy(Number(count), (round + 1) % 2));
      return applied(engine, dataplane);
    });
    return { 'one block of them': oneBlock };
  }
  const onePod = await medianOf(repeats, (round) => {
    if (round % 2 === 0) engine.upsertPod(remotePod(5, 1));
    else engine.deletePod(remotePod(5, 1).metadata.namespace ?? '', remotePod(5, 1).metadata.name ?? '');
    return applied(engine, dataplane);
  });
  const onePolicy = await medianOf(repeats, (round) => {
    engine.upsertNetworkPolicy(appPolicy(round, 20_000 + round));
    return applied(engine, dataplane);
  });
  return { 'one pod': onePod, 'one policy': onePolicy };
}

async function measure(engine: Engine, dataplane: Dataplane, texts: readonly string[]): Promise<ApplyFigures> {
  const before = performance.now();
  for (const text of texts) engine.upsertNetworkPolicy(JSON.parse(text) as NetworkPolicy);
  for (const source of engine.sources) engine.setInSync(source);
  const delta = engine.flush();
  const loadedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const report = await dataplane.apply(delta);
  const loadMs = performance.now() - loadedAt;
  const { user, system } = process.cpuUsage(cpuBefore);
  if (report.quarantined.length > 0) throw new Error(`refused: ${JSON.stringify(report.quarantined.slice(0, 3))}`);
  const figures = {
    calcMs: loadedAt - before,
    loadMs,
    loadCpuMs: (user + system) / 1_000,
    elements: report.elementsAdded,
    peakRss: peakRss(),
  };
  return { ...figures, changes: await changesOf(engine, dataplane) };
}

const policies = workload === 'blocks' ? [blocksPolicy(Number(count))] : Array.from({ length: Number(count) }, (_, i) => appPolicy(i));
const texts = policies.map((policy) => JSON.stringify(policy));
const { engine, attachments } = startedEngine();
const dataplane = openDataplane(attachments);
try {
  console.log(JSON.stringify(await measure(engine, dataplane, texts)));
} finally {
  await dataplane.remove();
  await dataplane.close();
}
