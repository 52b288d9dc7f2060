/**
 * A migration rehearsed: two clusters of the lab, one per engine, with the user's namespaces, pods,
 * services and policies; every connection tried on both; then the patches, and everything tried again.
 *
 * ```
 * plan ─┬▶ lab as `from` ─ policies ─ inspect ─ try ──────────────────────────────────┐
 *       └▶ lab as `to` ─── policies ─ inspect ─ try ─ patched policies ─ inspect ─ try ─┴▶ what differs; both labs go
 * ```
 *
 * What is expected is computed from the manifests, never from the lab, which may be other than it was meant to be.
 */
import { randomBytes } from 'node:crypto';
import { type MigrationReport, planRehearsal, type RehearsalPlan, rehearsalNodesMax, withPatches } from '@weir/analyze';
import type { KubeObject } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { loadSnapshot, podKey, type Snapshot } from '@weir/snapshot';
import { CommandError, exitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { placedPolicyObjects, withNamespacesOf } from '../policy-objects.ts';
import { changeBetween } from './measured-change.ts';
import { addressesOf } from './rehearsal-ends.ts';
import { faultsOfLab } from './rehearsal-faults.ts';
import { RehearsalLab } from './rehearsal-lab.ts';
import { hasIpv6, limitsOfRehearsal } from './rehearsal-limits.ts';
import type { Rehearsal, RehearsedEngine } from './rehearsal-outcome.ts';
import { isUnexpected, type RehearsedFlow, rehearseFlows } from './rehearsal-probes.ts';

/** What is rehearsed. */
export interface RehearsalRequest {
  readonly objects: readonly KubeObject[];
  readonly report: MigrationReport;
  readonly expandsUnsupported: boolean;
  readonly timeoutMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** Controllers of a lab are given so long to do what the manifests ask for. */
const settleMs = 20_000;
const lookEveryMs = 500;

/** Rehearses; both labs are gone when it returns or throws. */
export async function rehearseMigration(request: RehearsalRequest): Promise<Rehearsal> {
  const { report } = request;
  const { from, to } = report;
  const { objects } = request;
  const [before, after] = [snapshotAs(request, objects, from), snapshotAs(request, objects, to)];
  const plan = planRehearsal({ objects, before, after, from, to });
  checkPlan(plan);
  const labs: RehearsalLab[] = [];
  try {
    const started = await Promise.allSettled([from, to].map((engine) => startLab(request, { plan, objects, before }, engine)));
    for (const result of started) if (result.status === 'fulfilled') labs.push(result.value);
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    return await compareLabs(request, { plan, objects, before, after, labs });
  } catch (error) {
    if (request.signal.aborted) throw new CommandError(exitCode.no, 'interrupted: both labs are taken down');
    throw error;
  } finally {
    await Promise.allSettled(labs.map((lab) => lab.down()));
  }
}

function snapshotAs({ expandsUnsupported }: RehearsalRequest, objects: readonly KubeObject[], engine: EngineName): Snapshot {
  return loadSnapshot(objects, { profile: engineProfiles[engine], expandsUnsupported });
}

function checkPlan({ pods, nodes }: RehearsalPlan): void {
  if (pods.length === 0) throw new CommandError(exitCode.usage, 'there is no pod to rehearse with');
  if (nodes.every(({ system }) => system === 'windows')) throw new CommandError(exitCode.usage, 'a rehearsal needs a pod on a Linux node');
  if (nodes.length > rehearsalNodesMax)
    throw new CommandError(
      exitCode.usage,
      `the pods to rehearse are on ${nodes.length} nodes, and ${rehearsalNodesMax} at most are made: give fewer manifests`,
    );
}

interface Rehearsed {
  readonly plan: RehearsalPlan;
  readonly objects: readonly KubeObject[];
  readonly before: Snapshot;
}

function startLab(request: RehearsalRequest, { plan, objects, before }: Rehearsed, engine: EngineName): Promise<RehearsalLab> {
  const { output, signal, expandsUnsupported } = request;
  const isDual = [...before.endpoints.values()].some(({ addresses }) => addresses.some(({ family }) => family === 6));
  const others = placedPolicyObjects(objects, engineProfiles[engine]);
  return RehearsalLab.up({
    name: `rehearsal-${randomBytes(3).toString('hex')}-${engine}`,
    engine,
    dualStack: isDual && hasIpv6(engine),
    expandsUnsupported,
    plan: { ...plan, namespaces: withNamespacesOf(others, plan.namespaces) },
    output,
    signal,
  });
}

interface Comparing extends Rehearsed {
  readonly after: Snapshot;
  readonly labs: readonly RehearsalLab[];
}

type Measured = Omit<RehearsedEngine, 'tried' | 'disagreements'> & { readonly flows: readonly RehearsedFlow[] };

async function compareLabs(request: RehearsalRequest, comparing: Comparing): Promise<Rehearsal> {
  const { plan, objects, before, after, labs } = comparing;
  const addresses = addressesOf(plan, before);
  const measured: Measured[] = [];
  for (const lab of labs) {
    await lab.enforce(plan.policies, addresses, placedPolicyObjects(objects, engineProfiles[lab.engine]));
    measured.push(await measure(request, { plan, lab, meant: lab === labs[0] ? before : after }));
  }
  const [was, becomes] = measured.map(({ flows }) => flows);
  const patched = await rehearsePatches(request, comparing, was ?? []);
  const hosts = labs[0]?.hosts ?? [];
  const engines = labs.map(({ engine }) => engine);
  return {
    pods: plan.pods.length,
    nodes: plan.nodes.length,
    hosts: hosts.length,
    omittedPods: plan.omittedPods,
    omittedKinds: plan.omittedKinds,
    limits: limitsOfRehearsal({ objects, plan, meant: before, engines, hosts }),
    engines: measured.map(rehearsed),
    changed: changeBetween(was ?? [], becomes ?? []),
    ...(patched === undefined ? {} : { patched }),
  };
}

async function rehearsePatches(
  request: RehearsalRequest,
  { plan, objects, before, labs }: Comparing,
  was: readonly RehearsedFlow[],
): Promise<Rehearsal['patched']> {
  // A policy that is not in the lab is not patched there.
  const names = new Set(plan.policies.map(podKey));
  const patches = request.report.patches.filter(({ namespace, name }) => names.has(`${namespace}/${name}`));
  const patched = patches.flatMap((patch) => patch.patched ?? []);
  const added = patches.flatMap((patch) => patch.added?.policy ?? []);
  const lab = labs[1];
  if (patched.length + added.length === 0 || lab === undefined) return undefined;
  request.output.progress(`${lab.engine}: applying ${patched.length + added.length} patches`);
  await lab.enforce(patched, addressesOf(plan, before), placedPolicyObjects(added, engineProfiles[lab.engine]));
  const meant = snapshotAs(request, withPatches(objects, patches), lab.engine);
  const found = await measure(request, { plan, lab, meant });
  const { tried, disagreements, faults } = rehearsed(found);
  return { ...changeBetween(was, found.flows), tried, disagreements, faults };
}

function rehearsed({ engine, flows, faults }: Measured): RehearsedEngine {
  return { engine, tried: flows.length, disagreements: flows.filter(isUnexpected), faults };
}

interface Measuring {
  readonly plan: RehearsalPlan;
  readonly lab: RehearsalLab;
  /** What is rehearsed, read as the lab's engine does. */
  readonly meant: Snapshot;
}

async function measure({ output, timeoutMs, signal }: RehearsalRequest, { plan, lab, meant }: Measuring): Promise<Measured> {
  const { snapshot, faults } = await settled({ plan, lab, meant }, signal);
  for (const fault of faults) output.notice(`${lab.engine}: the lab is not as the manifests have it: ${fault}`);
  const ends = new Set([...plan.pods.map(podKey), ...plan.nodes.map(({ name }) => name)]);
  const services = new Set(plan.services.map(podKey));
  const { name, hosts, engine } = lab;
  return { engine, faults, flows: await rehearseFlows({ name, meant, lab: snapshot, ends, services, hosts, timeoutMs, output, signal }) };
}

/** What is in the lab once its controllers had time for it, and what is still wrong with it then. */
async function settled({ plan, lab, meant }: Measuring, signal: AbortSignal): Promise<{ snapshot: Snapshot; faults: readonly string[] }> {
  const endMs = performance.now() + settleMs;
  for (;;) {
    signal.throwIfAborted();
    const snapshot = await lab.snapshot();
    const faults = faultsOfLab({ plan, meant, lab: snapshot, families: lab.families });
    if (faults.length === 0 || performance.now() > endMs) return { snapshot, faults };
    await new Promise((resolve) => setTimeout(resolve, lookEveryMs));
  }
}
