/**
 * What linting costs: of 10 000 pods and 10 000 policies as the benchmark of analysis has them, with a service for each
 * deployment, and what each rule takes of it. What several rules ask for is counted by itself.
 *
 *   npm run bench:lint                shared labels
 *   npm run bench:lint -- unique      labels of its own for each pod
 *   npm run bench:lint -- blocks      policies with many blocks instead
 */
import { performance } from 'node:perf_hooks';
import type { KubeObject, Pod } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { clusterOf, policyOf, type World, worlds } from '../../connectivity/bench/world.ts';
import { LintContext } from '../src/context/lint-context.ts';
import { lint } from '../src/index.ts';
import { draftsOf } from '../src/lint-rule.ts';
import { lintRules } from '../src/rule-registry.ts';
import { semanticFindings } from '../src/rules/semantics/semantic-findings.ts';

/** By the clock and of all processors, in milliseconds. */
interface Taken {
  readonly ms: number;
  readonly cpuMs: number;
}

function taken<T>(run: () => T): [T, Taken] {
  const before = process.cpuUsage();
  const start = performance.now();
  const value = run();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return [value, { ms, cpuMs: (user + system) / 1000 }];
}

function objectsOf(world: World): KubeObject[] {
  const cluster = clusterOf(world);
  const policies = Array.from({ length: world.policies }, (_, index) => policyOf(world, index));
  return [...cluster, ...servicesOf(cluster), ...policies];
}

/** A service in front of the pods of each app of a namespace, whose port is another one than theirs. */
function servicesOf(cluster: readonly KubeObject[]): KubeObject[] {
  const pods = cluster.filter((object): object is Pod => object.kind === 'Pod');
  const apps = new Map(pods.map(({ metadata }) => [`${metadata.namespace ?? ''}/${metadata.labels?.['app'] ?? ''}`, metadata]));
  return [...apps.values()].map(({ namespace = '', labels = {} }) => {
    const app = labels['app'] ?? '';
    const spec = { selector: { app }, ports: [{ port: 80, targetPort: 'http' }] };
    return { apiVersion: 'v1', kind: 'Service', metadata: { namespace, name: app }, spec } as KubeObject;
  });
}

function print(what: string, { ms, cpuMs }: Taken, found?: number): void {
  console.log(
    `  ${what.padEnd(26)} ${ms.toFixed(0).padStart(6)} ms ${cpuMs.toFixed(0).padStart(6)} ms of processors${found === undefined ? '' : `, ${found} found`}`,
  );
}

/** Two policies of Cilium that say the same of as many blocks, with a denial beside it, so that each block may be left out and several tiers decide. */
function manyBlocks(count: number): KubeObject[] {
  const toCIDR = Array.from({ length: count }, (_, i) => `20.${i >> 8}.${i & 255}.0/24`);
  const egress = [{ toCIDR, toPorts: [{ ports: [{ port: '443', protocol: 'TCP' }] }] }];
  const spec = { endpointSelector: { matchLabels: { app: 'web' } }, egress, egressDeny: [{ toCIDR: ['192.0.2.0/25'] }] };
  const policies = ['one', 'other'].map((name) => ({ kind: 'CiliumNetworkPolicy', metadata: { namespace: 'shop', name }, spec }));
  const pod = {
    kind: 'Pod',
    metadata: { namespace: 'shop', name: 'web', labels: { app: 'web' } },
    spec: { nodeName: 'one', containers: [] },
  };
  return [{ apiVersion: 'v1', ...pod }, ...policies.map((policy) => ({ apiVersion: 'cilium.io/v2', ...policy }))] as KubeObject[];
}

const [name = 'shared'] = process.argv.slice(2);
if (name === 'blocks') {
  for (const count of [500, 1_000, 2_000, 4_000]) {
    const input = { objects: manyBlocks(count), isComplete: true };
    const [found, time] = taken(() => lint(input, { profile: engineProfiles.cilium }));
    print(`2 policies, ${count} blocks each`, time, found.findings.length);
  }
  process.exit();
}
const world = worlds.find((one) => one.name === name);
if (world === undefined) throw new Error(`there is no world ${name}: ${worlds.map((one) => one.name).join(', ')}`);
const objects = objectsOf(world);
console.log(`${name}: ${world.pods} pods, ${world.policies} policies, ${objects.length} objects`);

const [report, whole] = taken(() => lint({ objects, isComplete: true }));
print('all of it', whole, report.findings.length);
console.log(`  peak RSS ${(process.resourceUsage().maxRSS / 1000).toFixed(0)} MB`);

console.log('of which, asked one after the other:');
const [context, load] = taken(() => new LintContext({ objects, isComplete: true }));
print('snapshot', load);
print('policies and pods', taken(() => [context.rules, context.pods])[1]);
print('every connection decided', taken(() => semanticFindings(context))[1]);
const rules = lintRules.map((rule) => {
  const [drafts, time] = taken(() => draftsOf(rule, context));
  return { id: rule.id, time, found: drafts.length };
});
for (const { id, time, found } of rules.sort((a, b) => b.time.cpuMs - a.time.cpuMs))
  if (time.cpuMs >= 20 || found > 0) print(id, time, found);
