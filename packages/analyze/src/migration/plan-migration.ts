/**
 * What changes when a cluster goes from one engine to another: every flow judged by both, and the
 * policies behind those that are judged differently.
 *
 * ```
 * objects ─┬▶ snapshot as `from` ─┐
 *          └▶ snapshot as `to` ───┴▶ classes of ends and traffic ─▶ compareFlows ─▶ report
 * ```
 *
 * Pods on a system that one of the engines does not run on have no verdict there: they are told as an
 * obstacle, and their own policies are not compared.
 */
import type { KubeObject, NetworkPolicy } from '@weir/kube';
import type { Address } from '@weir/net';
import { type Endpoint, type EngineName, engineProfiles, type OperatingSystem, systemOfEndpoint } from '@weir/policy';
import { clusterTraits } from '../cluster-traits.ts';
import { comparedEngines } from '../engine-table.ts';
import { groupVersionOf, type PlacedObject } from '../readable-objects.ts';
import { recommendEngine } from '../recommend-engine.ts';
import { loadSnapshot, type Snapshot } from '../snapshot.ts';
import { migrationTitles, type ReasonContext, reasonOf } from './change-causes.ts';
import { type ChangedFlows, compareFlows, type FlowComparison, policyKey } from './changed-flows.ts';
import { countPairs } from './count-pairs.ts';
import { classifyEnds } from './end-classes.ts';
import { changedPolicies } from './meaning-changes.ts';
import type { MigrationReport } from './migration-report.ts';
import { trafficClasses } from './traffic-classes.ts';

/** What to compare. */
export interface MigrationRequest {
  readonly objects: readonly (KubeObject | PlacedObject)[];
  readonly from: EngineName;
  readonly to: EngineName;
  /** Whether agents on Windows enforce by other means what Windows lacks. Default: no. */
  readonly expandsUnsupported?: boolean;
  /** Addresses outside that are known to be somebody's. */
  readonly hosts?: readonly Address[];
}

/** Compares the engines on the objects. Labels of namespaces that are not among them count as absent. */
export function planMigration(request: MigrationRequest): MigrationReport {
  const { objects, from, to } = request;
  const before = snapshotAs(request, from);
  const after = snapshotAs(request, to);
  const comparisons = compareSnapshots(before, after, request);
  const context = contextOf(request, before);
  const objectsChanged = changedPolicies(comparisons, {
    from: before.world,
    to: after.world,
    pods: before.pods,
    reasonOf: (changed) => reasonOf(changed, context),
  });
  const pairs = (change: ChangedFlows['change']): number =>
    comparisons.reduce(
      (sum, one) =>
        sum +
        countPairs(
          one,
          one.changes.filter((each) => each.change === change),
        ),
      0,
    );
  return {
    from,
    to,
    compared: {
      pods: before.endpoints.size,
      nodes: before.nodes.length,
      policies: context.objects.size,
      services: before.services.length,
    },
    objects: objectsChanged,
    pairs: { lost: pairs('lost'), gained: pairs('gained') },
    obstacles: obstaclesOf(objects, to),
    notes: notesOf(before, { from, to }),
    diagnostics: before.diagnostics.filter(({ code }) => code !== 'unsupported-policy'),
  };
}

function snapshotAs({ objects, expandsUnsupported = false }: MigrationRequest, engine: EngineName): Snapshot {
  return loadSnapshot(objects, { profile: engineProfiles[engine], expandsUnsupported });
}

/** Both families that pods have, compared. */
function compareSnapshots(before: Snapshot, after: Snapshot, { from, to, hosts = [] }: MigrationRequest): FlowComparison[] {
  const worlds = [before.world, after.world];
  const include = (endpoint: Endpoint): boolean => [from, to].every((engine) => runsOn(engine, systemOfEndpoint(endpoint)));
  const families = ([4, 6] as const).filter((family) =>
    [...before.endpoints.values()].some(({ addresses }) => addresses.some((address) => address.family === family)),
  );
  return families.map((family) => {
    const ends = classifyEnds({ snapshot: before, worlds, family, include, hosts });
    const traffic = trafficClasses(worlds, before.world.endpoints, family);
    return compareFlows({ from: before.world, to: after.world, ends, traffic });
  });
}

function runsOn(engine: EngineName, system: OperatingSystem): boolean {
  return engineProfiles[engine].dataplanes[system] !== undefined;
}

function contextOf({ objects, from, to, expandsUnsupported = false }: MigrationRequest, { endpoints }: Snapshot): ReasonContext {
  const plain = objects.map((entry): KubeObject => ('positionOf' in entry ? entry.object : entry));
  const policies = plain.filter(
    (object): object is NetworkPolicy => object.kind === 'NetworkPolicy' && groupVersionOf(object).group === 'networking.k8s.io',
  );
  const keyed = policies.map((policy) => {
    const { namespace = 'default', name = '' } = policy.metadata;
    return [policyKey({ ref: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name } }), policy] as const;
  });
  const systems = [...new Set([...endpoints.values()].map(systemOfEndpoint))];
  return { from, to, expandsUnsupported, systems, objects: new Map(keyed) };
}

function obstaclesOf(objects: MigrationRequest['objects'], to: EngineName): readonly string[] {
  const target = comparedEngines.find((engine) => engine === to);
  if (target === undefined) return [];
  return recommendEngine(clusterTraits(objects)).engines.find(({ engine }) => engine === target)?.against ?? [];
}

function notesOf(snapshot: Snapshot, { from, to }: Pick<MigrationRequest, 'from' | 'to'>): string[] {
  const notes: string[] = [];
  const [was, becomes] = [engineProfiles[from].establishedFlows, engineProfiles[to].establishedFlows];
  if (was !== becomes) {
    const what =
      becomes === 'cut' ? 'ends connections that a policy no longer allows' : 'lets connections live on that a policy no longer allows';
    notes.push(`${migrationTitles[to]} ${what}; ${migrationTitles[from]} does not`);
  }
  const waiting = [...snapshot.endpoints.values()].filter(({ addresses }) => addresses.length === 0).length;
  if (waiting > 0)
    notes.push(`${waiting} pod${waiting === 1 ? ' has' : 's have'} no address yet and ${waiting === 1 ? 'is' : 'are'} not compared`);
  return notes;
}
