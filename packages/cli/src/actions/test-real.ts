/**
 * `weir test --real`: the connections of assertions tried on a kernel, in the cluster of the lab that the objects came
 * from, or in one that is made of the manifests and taken down again.
 */
import { randomBytes } from 'node:crypto';
import { planTrial, type TrialEnds } from '@weir/analyze';
import { type AskedFlow, type AssertionResult, type RealRunJson, runAssertions } from '@weir/assertions';
import type { KubeObject } from '@weir/kube';
import { type FlowEnd, podName } from '@weir/model';
import { type Cidr, cidrsOfRange, formatAddress, groupBy } from '@weir/net';
import { assumeCluster, assumedPodRange, loadSnapshot, type Snapshot } from '@weir/snapshot';
import { CommandError, exitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { placedPolicyObjects, withNamespacesOf } from '../policy-objects.ts';
import { addressesOf } from './rehearsal-ends.ts';
import { RehearsalLab } from './rehearsal-lab.ts';
import type { FileRun } from './test-run.ts';
import { type Trials, tryAssertions } from './test-trials.ts';

/** How to try. */
export interface RealOptions {
  readonly timeoutMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Tries the assertions of all runs, one cluster for all that are about the same objects. */
export async function tryRuns(runs: readonly FileRun[], options: RealOptions): Promise<RealRunJson[]> {
  const bySnapshot = groupBy(runs, (run) => run.snapshot);
  const found: RealRunJson[] = [];
  for (const [snapshot, own] of bySnapshot) {
    const source = own[0]?.file.source;
    if (source === undefined) continue;
    const engine = snapshot.world.profile.name;
    const { labCluster } = source;
    if (labCluster === undefined) {
      found.push({ engine, ...(await tryInNewLab(own, snapshot, options)) });
      continue;
    }
    const hosts = [...source.hosts].flatMap(([name, addresses]) => addresses.map((address) => ({ name, address })));
    const results = own.flatMap((run) => run.results);
    found.push({ engine, cluster: labCluster, ...(await tryAssertions(results, { name: labCluster, snapshot, hosts, ...options })) });
  }
  return found;
}

/** Makes a lab of what the assertions are about, and takes it down in any case. */
async function tryInNewLab(runs: readonly FileRun[], given: Snapshot, { timeoutMs, output, signal }: RealOptions): Promise<Trials> {
  const { profile } = given.world;
  const assumed = assumeCluster(runs[0]?.file.source.objects ?? [], podBlockOf(given));
  const objects = assumed.objects.map((entry): KubeObject => ('positionOf' in entry ? entry.object : entry));
  const snapshot = loadSnapshot(objects, { profile });
  const results = runs.flatMap(({ file }) => runAssertions(snapshot, file.tests));
  const wanted = wantedEnds(results);
  const others = placedPolicyObjects(objects, profile);
  const trial = planTrial(objects, snapshot, wanted);
  const plan = { ...trial, namespaces: withNamespacesOf(others, trial.namespaces) };
  if (plan.pods.length === 0)
    throw new CommandError(exitCode.usage, 'no pod of the assertions can be made in a lab: there is nothing to try');
  const name = `test-${randomBytes(3).toString('hex')}-${profile.name}`;
  const dualStack = [...wanted.hosts, ...[...snapshot.endpoints.values()].flatMap(({ addresses }) => addresses)].some(
    ({ family }) => family === 6,
  );
  const lab = await RehearsalLab.up({ name, engine: profile.name, dualStack, expandsUnsupported: false, plan, output, signal });
  try {
    await lab.enforce(plan.policies, addressesOf(plan, snapshot), others);
    return await tryAssertions(results, { name, snapshot: await lab.snapshot(), original: snapshot, hosts: lab.hosts, timeoutMs, output });
  } catch (error) {
    if (signal.aborted) throw new CommandError(exitCode.no, 'interrupted: the lab is taken down');
    throw error;
  } finally {
    await lab.down();
  }
}

/** Where pods without an address get one: where somebody told that pods have theirs. */
function podBlockOf({ world: { podRanges } }: Snapshot): Cidr {
  return podRanges.filter(({ first }) => first.family === 4).flatMap(cidrsOfRange)[0] ?? assumedPodRange;
}

function wantedEnds(results: readonly AssertionResult[]): TrialEnds {
  const flows = results.flatMap(({ plan }) =>
    plan.kind === 'planned' ? plan.checks.flatMap((check): readonly AskedFlow[] => check.flows) : [],
  );
  const ends = flows.flatMap(({ question: { source, destination } }): FlowEnd[] => [source, destination]);
  const pods = new Set(ends.flatMap((end) => (end.kind === 'endpoint' ? [podName(end.endpoint)] : [])));
  const hosts = new Map(ends.flatMap((end) => (end.kind === 'address' ? [[formatAddress(end.address), end.address] as const] : [])));
  const nodes = new Set(ends.flatMap((end) => (end.kind === 'node' ? [end.node.name] : [])));
  return { pods, nodes, hosts: [...hosts.values()] };
}
