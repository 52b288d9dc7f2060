/**
 * A migration rehearsed: two clusters of the lab, one per engine, with the user's namespaces, pods,
 * services and policies; every connection tried on both; then the patches, and everything tried again.
 *
 * ```
 * plan ─┬▶ lab as `from` ─ policies ─ try ──────────────────────────┐
 *       └▶ lab as `to` ─── policies ─ try ─ patched policies ─ try ─┴▶ what differs; both labs go
 * ```
 */
import { randomBytes } from 'node:crypto';
import { type MigrationReport, planRehearsal, type RehearsalPlan } from '@weir/analyze';
import type { KubeObject } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { CommandError, exitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { addressesOf } from './rehearsal-ends.ts';
import { RehearsalLab } from './rehearsal-lab.ts';
import { type RehearsedFlow, rehearseFlows } from './rehearsal-probes.ts';

/** What was measured on one engine. */
interface RehearsedEngine {
  readonly engine: EngineName;
  readonly tried: number;
  /** Where the connection did not do what the engine's profile says. */
  readonly disagreements: readonly RehearsedFlow[];
}

/** Flows that did on one engine what they did not on the other. */
interface MeasuredChange {
  readonly lost: readonly RehearsedFlow[];
  readonly gained: readonly RehearsedFlow[];
}

/** The outcome. */
export interface Rehearsal {
  readonly pods: number;
  readonly nodes: number;
  /** Addresses outside that were tried as the old engine. */
  readonly hosts: number;
  /** Pods that are left out. */
  readonly omittedPods: number;
  /** Kinds of pods of which none is there. */
  readonly omittedKinds: number;
  readonly engines: readonly RehearsedEngine[];
  readonly changed: MeasuredChange;
  /** With the patches; absent where there is none. */
  readonly patched?: MeasuredChange & { readonly disagreements: readonly RehearsedFlow[] };
}

/** What is rehearsed. */
export interface RehearsalRequest {
  readonly objects: readonly KubeObject[];
  readonly report: MigrationReport;
  readonly expandsUnsupported: boolean;
  readonly timeoutMs: number;
  readonly output: Output;
  readonly signal: AbortSignal;
}

/** So many nodes are made in each lab at most. */
const nodesMax = 10;

/** Rehearses; both labs are gone when it returns or throws. */
export async function rehearseMigration(request: RehearsalRequest): Promise<Rehearsal> {
  const { objects, report, expandsUnsupported } = request;
  const { from, to } = report;
  const snapshotAs = (engine: EngineName): Snapshot => loadSnapshot(objects, { profile: engineProfiles[engine], expandsUnsupported });
  const before = snapshotAs(from);
  const plan = planRehearsal({ objects, before, after: snapshotAs(to), from, to });
  checkPlan(plan);
  const labs: RehearsalLab[] = [];
  try {
    const started = await Promise.allSettled([from, to].map((engine) => startLab(request, plan, engine)));
    for (const result of started) if (result.status === 'fulfilled') labs.push(result.value);
    for (const result of started) if (result.status === 'rejected') throw result.reason;
    return await compareLabs(request, { plan, before, labs });
  } catch (error) {
    if (request.signal.aborted) throw new CommandError(exitCode.no, 'interrupted: both labs are taken down');
    throw error;
  } finally {
    await Promise.allSettled(labs.map((lab) => lab.down()));
  }
}

function checkPlan({ pods, nodes }: RehearsalPlan): void {
  if (pods.length === 0) throw new CommandError(exitCode.usage, 'there is no pod to rehearse with');
  if (nodes.every(({ system }) => system === 'windows')) throw new CommandError(exitCode.usage, 'a rehearsal needs a pod on a Linux node');
  if (nodes.length > nodesMax)
    throw new CommandError(
      exitCode.usage,
      `the pods to rehearse are on ${nodes.length} nodes, and ${nodesMax} at most are made: give fewer manifests`,
    );
}

function startLab(
  { output, signal, objects, expandsUnsupported }: RehearsalRequest,
  plan: RehearsalPlan,
  engine: EngineName,
): Promise<RehearsalLab> {
  const hasIpv6 = objects.some((object) => JSON.stringify(object).includes('"podIPs"') && /"ip":"[0-9a-f]*:/.test(JSON.stringify(object)));
  const dualStack =
    hasIpv6 && !engineProfiles[engine].unsupported.some(({ feature, operatingSystem }) => feature === 'ipv6' && operatingSystem === 'any');
  const name = `rehearsal-${randomBytes(3).toString('hex')}-${engine}`;
  return RehearsalLab.up({ name, engine, dualStack, expandsUnsupported, plan, output, signal });
}

interface Comparing {
  readonly plan: RehearsalPlan;
  readonly before: Snapshot;
  readonly labs: readonly RehearsalLab[];
}

async function compareLabs(request: RehearsalRequest, { plan, before, labs }: Comparing): Promise<Rehearsal> {
  const addresses = addressesOf(plan, before);
  const measured: { readonly engine: EngineName; readonly flows: readonly RehearsedFlow[] }[] = [];
  for (const lab of labs) {
    await lab.enforce(plan.policies, addresses);
    measured.push({ engine: lab.engine, flows: await measure(request, plan, lab) });
  }
  const [was, becomes] = measured.map(({ flows }) => flows);
  const patches = request.report.patches.flatMap(({ patched }) => patched ?? []);
  const target = labs[1];
  let patched: Rehearsal['patched'];
  if (patches.length > 0 && target !== undefined) {
    request.output.progress(`${target.engine}: applying ${patches.length} patches`);
    await target.enforce(patches, addresses);
    const flows = await measure(request, plan, target);
    patched = { ...changeBetween(was ?? [], flows), disagreements: flows.filter(isUnexpected) };
  }
  return {
    pods: plan.pods.length,
    nodes: plan.nodes.length,
    hosts: labs[0]?.hosts.length ?? 0,
    omittedPods: plan.omittedPods,
    omittedKinds: plan.omittedKinds,
    engines: measured.map(({ engine, flows }) => ({ engine, tried: flows.length, disagreements: flows.filter(isUnexpected) })),
    changed: changeBetween(was ?? [], becomes ?? []),
    ...(patched === undefined ? {} : { patched }),
  };
}

async function measure({ output, timeoutMs, signal }: RehearsalRequest, plan: RehearsalPlan, lab: RehearsalLab): Promise<RehearsedFlow[]> {
  signal.throwIfAborted();
  const ends = new Set([
    ...plan.pods.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`),
    ...plan.nodes.map(({ name }) => name),
  ]);
  const services = new Set(plan.services.map(({ metadata }) => `${metadata.namespace ?? ''}/${metadata.name ?? ''}`));
  return rehearseFlows({ name: lab.name, snapshot: await lab.snapshot(), ends, services, hosts: lab.hosts, timeoutMs, output });
}

function isUnexpected({ computed, measured }: RehearsedFlow): boolean {
  return computed !== 'unknown' && computed !== measured;
}

function changeBetween(was: readonly RehearsedFlow[], becomes: readonly RehearsedFlow[]): MeasuredChange {
  const keyOf = ({ source, destination, family, port, protocol }: RehearsedFlow): string =>
    `${source} ${destination} ${family} ${port} ${protocol}`;
  // What chance decides says nothing.
  const after = new Map(becomes.filter(({ computed }) => computed !== 'unknown').map((flow) => [keyOf(flow), flow.measured]));
  const changed = (measured: 'allow' | 'deny'): RehearsedFlow[] =>
    was.filter((flow) => flow.computed !== 'unknown' && flow.measured === measured && (after.get(keyOf(flow)) ?? measured) !== measured);
  return { lost: changed('allow'), gained: changed('deny') };
}

/** Lines for people. */
export function renderRehearsal({ pods, nodes, hosts, omittedPods, omittedKinds, engines, changed, patched }: Rehearsal): string[] {
  const equal = omittedPods === 0 ? '' : `; ${omittedPods} more are left out${omittedKinds === 0 ? ', which are like them' : ''}`;
  const missing = omittedKinds === 0 ? [] : [`  ${omittedKinds} kinds of pods that policies tell apart were not tried: there are too many`];
  return [
    '',
    `Rehearsed with ${pods} pods on ${nodes} nodes and ${hosts} address${hosts === 1 ? '' : 'es'} outside${equal}`,
    ...missing,
    ...engines.flatMap(({ engine, tried, disagreements }) => [
      `  ${engine}: ${tried} connections tried, ${tried - disagreements.length} as computed`,
      ...renderFlows(disagreements, (flow) => `computed ${flow.computed}, tried: ${flow.measured}`),
    ]),
    `  no longer allowed: ${changed.lost.length} connections`,
    ...renderFlows(changed.lost),
    `  newly allowed: ${changed.gained.length} connections`,
    ...renderFlows(changed.gained),
    ...(patched === undefined
      ? []
      : [
          `  with the patches, no longer allowed: ${patched.lost.length} connections`,
          ...renderFlows(patched.lost),
          `  with the patches, newly allowed: ${patched.gained.length} connections`,
          ...renderFlows(patched.gained),
          ...(patched.disagreements.length === 0
            ? []
            : [`  with the patches, ${patched.disagreements.length} connections not as computed`, ...renderFlows(patched.disagreements)]),
        ]),
  ];
}

const flowsShownMax = 8;

function renderFlows(flows: readonly RehearsedFlow[], more: (flow: RehearsedFlow) => string = () => ''): string[] {
  const rest = flows.length - flowsShownMax;
  return [
    ...flows.slice(0, flowsShownMax).map((flow) => {
      const note = more(flow);
      return `    ${flow.source} → ${flow.destination} ${flow.protocol}/${flow.port}${flow.family === 6 ? ' over IPv6' : ''}${note === '' ? '' : `: ${note}`}`;
    }),
    ...(rest > 0 ? [`    and ${rest} more (all with -o json)`] : []),
  ];
}
