/**
 * Cost of the engine on one node of a large cluster: run with
 * `node --conditions=source --import tsx packages/calc/bench/calc.bench.ts [namespaces] [pods] [policies] [unique]`.
 *
 * The world is fixed: pods spread evenly over namespaces, 80 on this node; one policy in ten uses a
 * port name, one in five a namespace peer, one in ten a negation, one in ten a block with a hole.
 * `unique` gives every pod labels of its own. Counts do not depend on the machine; times do.
 */
import { performance } from 'node:perf_hooks';
import type { Namespace, NetworkPolicy, NetworkPolicyPeer, Pod } from '@weir/kube';
import { Engine, type Work } from '../src/index.ts';

const [namespaceCount = 1000, podCount = 20_000, policyCount = 2000] = process.argv.slice(2, 5).map(Number);
const isUnique = process.argv[5] === 'unique';
/** Odd, so that local pods are in many namespaces. */
const localEvery = Math.max(1, Math.floor(podCount / 80)) | 1;

function namespaceAt(i: number, team: string = `team${i % 20}`): Namespace {
  return { metadata: { name: `ns${i}`, labels: { 'kubernetes.io/metadata.name': `ns${i}`, team, tier: `tier${i % 3}` } } };
}

function podAt(i: number, version: string = `v${i % 4}`): Pod {
  const own = isUnique ? { 'pod-name': `pod${i}`, 'pod-template-hash': `h${i}` } : {};
  return {
    metadata: {
      namespace: `ns${i % namespaceCount}`,
      name: `pod${i}`,
      uid: `uid${i}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app: `app${Math.floor(i / namespaceCount) % 8}`, version, managed: 'helm', ...own },
    },
    spec: {
      nodeName: i % localEvery === 0 ? 'n0' : `n${1 + (i % 249)}`,
      containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 8000 + (i % 3) }] }],
    },
    status: { phase: 'Running', podIPs: [{ ip: `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}` }] },
  };
}

function peerAt(i: number): NetworkPolicyPeer {
  if (i % 10 === 3) return { ipBlock: { cidr: `192.${i % 200}.0.0/16`, except: [`192.${i % 200}.1.0/24`] } };
  if (i % 10 === 4) return { podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: [`app${i % 8}`] }] } };
  if (i % 5 === 0)
    return { namespaceSelector: { matchLabels: { team: `team${i % 20}` } }, podSelector: { matchLabels: { app: `app${i % 8}` } } };
  return { podSelector: { matchLabels: { app: `app${(i + 1) % 8}` } } };
}

function policyAt(i: number, port: number = 80): NetworkPolicy {
  const ports = [i % 10 === 7 ? { port: 'http' } : { port }];
  return {
    metadata: { namespace: `ns${i % namespaceCount}`, name: `policy${i}`, uid: `policy${i}` },
    spec: {
      podSelector: i % 2 === 0 ? {} : { matchLabels: { app: `app${i % 8}` } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [{ from: [peerAt(i), peerAt(i + 1)], ports }],
      egress: [{ to: [peerAt(i + 2)], ports }],
    },
  };
}

const engine = new Engine({ node: 'n0' });

/** Milliseconds of one action with its flush. */
function timed(act: () => void): number {
  const start = performance.now();
  act();
  engine.flush();
  return performance.now() - start;
}

function report(what: string, times: readonly number[], before: Work): void {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor((sorted.length - 1) * share)] ?? 0).toFixed(3);
  const { selectorsEvaluated, addressesTouched, programsBuilt } = engine.work;
  const per = (now: number, then: number): string => ((now - then) / times.length).toFixed(1);
  const counts = `selectors ${per(selectorsEvaluated, before.selectorsEvaluated)}, addresses ${per(addressesTouched, before.addressesTouched)}`;
  console.log(`${what}: median ${at(0.5)} ms, p99 ${at(0.99)} ms; each: ${counts}, programs ${per(programsBuilt, before.programsBuilt)}`);
}

function repeat(what: string, count: number, act: (i: number) => void): void {
  const before = engine.work;
  const times = Array.from({ length: count }, (_, i) => timed(() => act(i)));
  report(what, times, before);
}

const pods = Array.from({ length: podCount }, (_, i) => podAt(i));
const heapBefore = process.memoryUsage().heapUsed;
const first = timed(() => {
  for (let i = 0; i < namespaceCount; i++) engine.upsertNamespace(namespaceAt(i));
  for (let i = 0; i < policyCount; i++) engine.upsertNetworkPolicy(policyAt(i));
  for (const pod of pods) engine.upsertPod(pod);
  for (const source of ['pods', 'namespaces', 'networkPolicies'] as const) engine.setInSync(source);
});
const { heapUsed, rss } = process.memoryUsage();
console.log(
  `first state: ${first.toFixed(0)} ms, heap +${((heapUsed - heapBefore) / 1e6).toFixed(0)} MB, RSS ${(rss / 1e6).toFixed(0)} MB (input included)`,
);
console.log(JSON.stringify({ sizes: engine.sizes, work: engine.work }));

repeat('pod relabelled', 1000, (i) => engine.upsertPod(podAt((i * 37) % podCount, `w${i % 5}`)));
repeat('pod removed', 1000, (i) => engine.deletePod(`ns${i % namespaceCount}`, `pod${i}`));
repeat('pod added', 1000, (i) => engine.upsertPod(podAt(i)));
repeat('policy changed', 200, (i) => engine.upsertNetworkPolicy(policyAt((i * localEvery) % policyCount, 1000 + i)));
repeat('namespace relabelled', 200, (i) => engine.upsertNamespace(namespaceAt(i, `team${(i + 7) % 20}`)));
