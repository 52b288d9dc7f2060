/**
 * The process that a world is measured in: from its objects in memory to the answers.
 *
 *   node --expose-gc measured-process.js WORLD     (started by analysis.bench.js)
 */
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { explainFlow } from '@weir/analyze';
import { type Connectivity, computeConnectivity } from '@weir/connectivity';
import { diffSnapshots } from '@weir/diff';
import type { KubeObject, LabelSelector, NetworkPolicy, NetworkPolicySpec } from '@weir/kube';
import { type FlowQuestion, judgeQuestion, type Outcome, podName } from '@weir/model';
import { defined, portRangesContain, protocolNumber } from '@weir/net';
import { loadSnapshot, type Snapshot, withPolicy } from '@weir/snapshot';
import { pick } from '../../calc/bench/world.ts';
import { blocksCluster, clusterOf, policyOf, seed, type World, worlds } from './world.ts';

/** How long something took: by the clock, and of all processors, which says more on a busy machine. */
export interface Taken {
  readonly ms: number;
  readonly cpuMs: number;
}

/** What the measured process says. Bytes; questions in microseconds. */
export interface WorldResult {
  readonly pods: number;
  readonly policies: number;
  readonly labelSets: number;
  readonly load: Taken;
  readonly classify: Taken;
  readonly allPairs: Taken;
  readonly classes: number;
  readonly traffic: number;
  /** Pairs of pods that the answers are about, and how many of them, with the traffic, are allowed. */
  readonly pairs: number;
  readonly allowed: number;
  readonly peakRss: number;
  readonly rssBefore: number;
  readonly judgedUs: number;
  /** The mean, with the first question about a pod, for which its policies are looked up. */
  readonly judgedCpuUs: number;
  /** The same asked of the classes, by the names of pods. */
  readonly lookedUpUs: number;
  readonly explainedUs: number;
  readonly edits: readonly EditsResult[];
  readonly broadEdits: readonly BroadEditsResult[];
}

/** One policy edited, of several kinds: the snapshot after it, and what changes between both. Medians but for the longest difference, in milliseconds. */
export interface EditsResult {
  readonly kind: EditKind;
  readonly edits: number;
  /** How many of the edits change connections. */
  readonly changing: number;
  readonly edit: Taken;
  readonly diff: Taken;
  /** The first difference of this kind; that of the first kind is the first of the process. */
  readonly first: Taken;
  /** The longest of the others. */
  readonly longest: Taken;
}

/** A policy of the cluster edited that selects the pods of some teams, or all. */
export interface BroadEditsResult {
  readonly pods: number;
  readonly edits: readonly { readonly kind: string; readonly connections: number; readonly pairs: number; readonly diff: Taken }[];
}

type EditKind = 'another port' | 'a peer less' | 'everybody let in' | 'nobody let in' | 'egress alone';

/** How many policies are edited, one after the other, each in the first snapshot. */
const edited = 12;

/** What is done to a policy, from what mostly changes little to what changes much. */
const editKinds: Readonly<Record<EditKind, (spec: NetworkPolicySpec, port: number) => NetworkPolicySpec>> = {
  'another port': (spec, port) => ({
    ...spec,
    ...(spec.ingress === undefined ? {} : { ingress: spec.ingress.map((rule) => ({ ...rule, ports: [{ port }] })) }),
    ...(spec.egress === undefined ? {} : { egress: spec.egress.map((rule) => ({ ...rule, ports: [{ port }] })) }),
  }),
  'a peer less': (spec) => ({ ...spec, ingress: (spec.ingress ?? []).map((rule) => ({ ...rule, from: rule.from?.slice(0, -1) ?? [] })) }),
  'everybody let in': (spec) => ({ ...spec, ingress: [{}] }),
  'nobody let in': (spec) => ({ ...spec, ingress: [] }),
  'egress alone': (spec) => ({ ...spec, policyTypes: ['Egress'], egress: [{}] }),
};

/** What is done to a policy that denies one team a port. */
const broadEdits: Readonly<Record<string, BroadRule>> = {
  'another port': { action: 'Deny', from: { matchLabels: { team: 'team-3' } }, port: 8010 },
  'allows what it denied': { action: 'Allow', from: { matchLabels: { team: 'team-3' } }, port: 8000 },
  'denies everybody': { action: 'Deny', from: {}, port: 8000 },
};

interface BroadRule {
  readonly action: 'Deny' | 'Allow';
  readonly from: LabelSelector;
  readonly port: number;
}

const [worldName = ''] = process.argv.slice(2);
const world = worlds.find(({ name }) => name === worldName);
const result = measure(world === undefined ? blocksCluster() : objectsOf(world));
process.send?.({ result }, () => process.disconnect());

function objectsOf(of: World): KubeObject[] {
  return [...clusterOf(of), ...Array.from({ length: of.policies }, (_, index) => policyOf(of, index))];
}

function measure(objects: readonly KubeObject[]): WorldResult {
  globalThis.gc?.();
  const rssBefore = process.memoryUsage.rss();
  const [snapshot, load] = taken(() => loadSnapshot(objects));
  const [connectivity, classify] = taken(() => computeConnectivity(snapshot, { family: 4 }));
  const [allowed, allPairs] = taken(() => countAllowed(connectivity));
  const peakRss = peakRssOfProcess();
  const pods = snapshot.endpoints.size;
  return {
    pods,
    policies: snapshot.policies.length,
    labelSets: new Set([...snapshot.endpoints.values()].map(({ namespace, labels }) => JSON.stringify([namespace, labels.pod]))).size,
    load,
    classify,
    allPairs,
    classes: connectivity.ends.classes.length,
    traffic: connectivity.traffic.length,
    pairs: pods * (pods - 1),
    allowed,
    peakRss,
    rssBefore,
    ...measureQuestions(snapshot, connectivity),
    edits: measureEdits(snapshot, objects),
    broadEdits:
      world === undefined || world.isMutual
        ? []
        : [['team-3', 'team-5', 'team-7', 'team-9'], undefined].map((teams) => measureBroadEdits(snapshot, objects, teams)),
  };
}

/** Of every pair of ends that has a pod, and all traffic, what is allowed: each row is asked for. A part of what is outside is one end. */
function countAllowed(connectivity: Connectivity): number {
  const { ends, traffic } = connectivity;
  const sizes = ends.classes.map(({ ends: members }) => members.length);
  const sources = sizes.map((_, at) => at);
  let sum = 0;
  for (const each of traffic) {
    for (const source of sources) {
      const all = connectivity.allowed(source, each);
      const row = ends.pods.has(source) ? all : all.and(ends.pods);
      if (row.isEmpty) continue;
      const size = sizes[source] ?? 0;
      for (const destination of row.members()) sum += size * (sizes[destination] ?? 0);
      if (row.has(source)) sum -= size;
    }
  }
  return sum;
}

function measureQuestions(
  snapshot: Snapshot,
  connectivity: Connectivity,
): Pick<WorldResult, 'judgedUs' | 'judgedCpuUs' | 'lookedUpUs' | 'explainedUs'> {
  const pods = [...snapshot.endpoints.values()];
  const podAt = (index: number, question: number): (typeof pods)[number] =>
    defined(pods[pick(seed, index, question, pods.length)], 'a pod');
  // Where every policy selects every pod a question costs all of them.
  const questions = Array.from({ length: world?.isMutual === true ? 200 : 50_000 }, (_, index): FlowQuestion => {
    const [source, destination] = [podAt(index, 101), podAt(index, 102)];
    return {
      source: snapshot.world.endAt(defined(source.addresses[0], 'an address')),
      destination: snapshot.world.endAt(defined(destination.addresses[0], 'an address')),
      protocol: protocolNumber.TCP,
      destinationPort: 8000 + pick(seed, index, 103, 100),
    };
  });
  const [judged, { cpuMs }] = taken(() => questions.map((question) => timed(() => judgeQuestion(snapshot.world, question))[1]));
  const lookUp = lookUpIn(connectivity);
  const lookedUp = questions.map(({ source, destination, destinationPort = 0 }) => {
    const [from, to] = [nameOf(source), nameOf(destination)];
    return timed(() => lookUp(from, to, destinationPort))[1];
  });
  const explained = questions.slice(0, 50).map(({ source, destination, destinationPort }) => {
    const request = { source: nameOf(source), destination: nameOf(destination), protocol: 'TCP' as const, port: destinationPort ?? 0 };
    return timed(() => explainFlow(snapshot, request))[1];
  });
  return {
    judgedUs: median(judged) * 1000,
    judgedCpuUs: (cpuMs * 1000) / questions.length,
    lookedUpUs: median(lookedUp) * 1000,
    explainedUs: median(explained) * 1000,
  };
}

/** Answers for two pods and a port of TCP. */
function lookUpIn(connectivity: Connectivity): (source: string, destination: string, port: number) => Outcome {
  const { ends, traffic } = connectivity;
  const classOf = new Map(ends.classes.flatMap(({ ends: members }, at) => members.map((end) => [nameOf(end), at] as const)));
  const tcp = traffic.filter(({ protocol }) => protocol === protocolNumber.TCP);
  const classOfPort = Array.from({ length: 65_536 }, (_, port) => tcp.find(({ ports = [] }) => portRangesContain(ports, port)));
  return (source, destination, port) =>
    connectivity.between(classOf.get(source) ?? -1, classOf.get(destination) ?? -1, defined(classOfPort[port], 'a class of ports'));
}

/** Policies edited one after the other, each in the first snapshot. */
function measureEdits(snapshot: Snapshot, objects: readonly KubeObject[]): readonly EditsResult[] {
  const policies = objects.filter((object): object is NetworkPolicy => object.kind === 'NetworkPolicy');
  return (Object.keys(editKinds) as EditKind[]).map((kind) => {
    const edits = Array.from({ length: edited }, (_, index) => {
      const old = defined(policies[pick(seed, index, 104, policies.length)], 'a policy');
      const policy = { ...old, spec: editKinds[kind](old.spec ?? {}, 9000 + index) };
      const [after, edit] = taken(() => withPolicy(snapshot, { policy, objects }));
      const [{ connections }, diff] = taken(() => diffSnapshots(snapshot, after));
      return { edit, diff, changes: connections.length > 0 };
    });
    return {
      kind,
      edits: edits.length,
      changing: edits.filter(({ changes }) => changes).length,
      edit: medianTaken(edits.map(({ edit }) => edit)),
      diff: medianTaken(edits.map(({ diff }) => diff)),
      first: defined(edits[0], 'an edit').diff,
      longest: edits.slice(1).reduce((longest, { diff }) => (diff.ms > longest.ms ? diff : longest), { ms: 0, cpuMs: 0 }),
    };
  });
}

function measureBroadEdits(snapshot: Snapshot, objects: readonly KubeObject[], teams: readonly string[] | undefined): BroadEditsResult {
  const policyWith = ({ action, from, port }: BroadRule): KubeObject => {
    const policy: KubeObject & { readonly spec: unknown } = {
      apiVersion: 'policy.networking.k8s.io/v1alpha1',
      kind: 'AdminNetworkPolicy',
      metadata: { name: 'broad', uid: 'broad' },
      spec: {
        priority: 10,
        subject: { namespaces: teams === undefined ? {} : { matchExpressions: [{ key: 'team', operator: 'In', values: teams }] } },
        ingress: [{ action, from: [{ namespaces: from }], ports: [{ portNumber: { port, protocol: 'TCP' } }] }],
      },
    };
    return policy;
  };
  const policy = policyWith({ action: 'Deny', from: { matchLabels: { team: 'team-3' } }, port: 8000 });
  const before = withPolicy(snapshot, { policy, objects });
  const isIn = ({ labels }: (typeof before.world.endpoints)[number]): boolean =>
    teams === undefined || teams.includes(labels.namespace['team'] ?? '');
  const edits = Object.entries(broadEdits).map(([kind, rule]) => {
    const after = withPolicy(before, { policy: policyWith(rule), objects: [...objects, policy] });
    const [{ connections }, diff] = taken(() => diffSnapshots(before, after));
    return { kind, connections: connections.length, pairs: connections.reduce((sum, { pairs }) => sum + pairs, 0), diff };
  });
  return { pods: before.world.endpoints.filter(isIn).length, edits };
}

function medianTaken(all: readonly Taken[]): Taken {
  return { ms: median(all.map(({ ms }) => ms)), cpuMs: median(all.map(({ cpuMs }) => cpuMs)) };
}

function nameOf(end: FlowQuestion['source']): string {
  return end.kind === 'endpoint' ? podName(end.endpoint) : '';
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}

function taken<T>(run: () => T): [T, Taken] {
  const before = process.cpuUsage();
  const [value, ms] = timed(run);
  const { user, system } = process.cpuUsage(before);
  return [value, { ms, cpuMs: (user + system) / 1000 }];
}

function timed<T>(run: () => T): [T, number] {
  const start = performance.now();
  const value = run();
  return [value, performance.now() - start];
}

/** Not `ru_maxrss`: that is handed down through fork and exec, so a large parent would be measured. */
function peakRssOfProcess(): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}
