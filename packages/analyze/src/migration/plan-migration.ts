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
import { type ChangedFlows, compareWorlds, countPairs, policyKey, type WorldComparison } from '@weir/connectivity';
import type { KubeObject, NetworkPolicy } from '@weir/kube';
import { type Endpoint, type EngineName, engineProfiles, type OperatingSystem, systemOfEndpoint } from '@weir/model';
import type { Address } from '@weir/net';
import { groupVersionOf, loadSnapshot, type PlacedObject, type Snapshot } from '@weir/snapshot';
import { clusterTraits } from '../cluster-traits.ts';
import { comparedEngines } from '../engine-row.ts';
import { recommendEngine } from '../recommend-engine.ts';
import { assumeReady } from './assume-ready.ts';
import { type ReasonContext, reasonOf } from './change-causes.ts';
import { changedPolicies } from './meaning-changes.ts';
import { migrationNotes } from './migration-notes.ts';
import type { MigrationReport, PatchedMeaning } from './migration-report.ts';
import { type PolicyPatch, proposePatches } from './propose-patches.ts';
import { changedServiceFlows } from './service-changes.ts';
import { changedServices } from './service-meaning.ts';

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
export function planMigration(asked: MigrationRequest): MigrationReport {
  const request = { ...asked, objects: assumeReady(asked.objects) };
  const { objects, from, to } = request;
  const before = snapshotAs(request, from);
  const context = contextOf(request, before);
  const after = snapshotAs(request, to);
  const comparisons = compareEngines(before, after, request);
  const services = changedServiceFlows(comparisons, before);
  const patches = proposePatches({ comparisons, services, snapshot: before }, context);
  const isPatched = patches.some(({ patched, added }) => patched !== undefined || added !== undefined);
  return {
    from,
    to,
    compared: {
      pods: before.endpoints.size,
      nodes: before.nodes.length,
      policies: new Set([...context.objects.keys(), ...[before, after].flatMap(({ policies }) => policies.map(policyKey))]).size,
      services: before.services.length,
    },
    ...meaningOf(comparisons, before, context),
    patches,
    ...(isPatched ? { afterPatches: meaningAfter(patches, { request, before, context }) } : {}),
    obstacles: obstaclesOf(objects, to),
    notes: migrationNotes({ before, from, to, policies: [...context.objects.values()], objects: plainObjects(objects) }),
    diagnostics: before.diagnostics.filter(({ code }) => code !== 'unsupported-policy'),
  };
}

/** What is different between the cluster today and the patched policies with the new engine. */
function meaningAfter(
  patches: readonly PolicyPatch[],
  { request, before, context }: { readonly request: MigrationRequest; readonly before: Snapshot; readonly context: ReasonContext },
): PatchedMeaning {
  const patched = patches.flatMap((patch) => patch.patched ?? []);
  const changed = new Map(patched.map((policy) => [keyOfObject(policy), policy]));
  const added = patches.flatMap((patch) => (patch.added === undefined ? [] : keyOfAdded(patch.added.policy)));
  const objects = withPatches(request.objects, patches);
  const after = snapshotAs({ ...request, objects }, request.to);
  const comparisons = compareEngines(before, after, request);
  return meaningOf(comparisons, before, {
    ...context,
    objects: new Map([...context.objects, ...changed]),
    patched: new Set([...changed.keys(), ...added]),
  });
}

/** The objects with the patched policies in the place of those of the same names, and what stands beside them. */
export function withPatches<T extends KubeObject | PlacedObject>(
  objects: readonly T[],
  patches: readonly PolicyPatch[],
): (T | KubeObject)[] {
  const patched = patches.flatMap((patch) => patch.patched ?? []);
  const changed = new Set(patched.map(keyOfObject));
  const isReplaced = (object: KubeObject): boolean => isNetworkPolicy(object) && changed.has(keyOfObject(object));
  const kept = objects.filter((entry) => !isReplaced('positionOf' in entry ? entry.object : entry));
  return [...kept, ...patched, ...patches.flatMap(({ added }) => added?.policy ?? [])];
}

function meaningOf(comparisons: readonly WorldComparison[], before: Snapshot, context: ReasonContext): PatchedMeaning {
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
  const services = changedServices(changedServiceFlows(comparisons, before), context);
  return {
    objects: [...changedPolicies(comparisons, { pods: before.pods, reasonOf: (changed) => reasonOf(changed, context) }), ...services],
    pairs: { lost: pairs('lost'), gained: pairs('gained') },
  };
}

function snapshotAs({ objects, expandsUnsupported = false }: MigrationRequest, engine: EngineName): Snapshot {
  return loadSnapshot(objects, { profile: engineProfiles[engine], expandsUnsupported });
}

/** Compares the pods on whose systems both engines run. */
function compareEngines(before: Snapshot, after: Snapshot, { from, to, hosts = [] }: MigrationRequest): WorldComparison[] {
  const include = (endpoint: Endpoint): boolean => [from, to].every((engine) => runsOn(engine, systemOfEndpoint(endpoint)));
  return compareWorlds(before, after.world, { include, hosts });
}

function runsOn(engine: EngineName, system: OperatingSystem): boolean {
  return engineProfiles[engine].dataplanes[system] !== undefined;
}

function contextOf({ objects, from, to, expandsUnsupported = false }: MigrationRequest, { endpoints }: Snapshot): ReasonContext {
  const keyed = plainObjects(objects)
    .filter(isNetworkPolicy)
    .map((policy) => [keyOfObject(policy), policy] as const);
  const systems = [...new Set([...endpoints.values()].map(systemOfEndpoint))];
  return { from, to, expandsUnsupported, pods: [...endpoints.values()], systems, objects: new Map(keyed) };
}

function plainObjects(objects: MigrationRequest['objects']): KubeObject[] {
  return objects.map((entry): KubeObject => ('positionOf' in entry ? entry.object : entry));
}

function isNetworkPolicy(object: KubeObject): object is NetworkPolicy {
  return object.kind === 'NetworkPolicy' && groupVersionOf(object).group === 'networking.k8s.io';
}

function keyOfObject({ metadata: { namespace = 'default', name = '' } }: NetworkPolicy): string {
  return policyKey({ ref: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', namespace, name } });
}

function keyOfAdded({ kind = '', metadata: { namespace = 'default', name = '' } }: KubeObject): string {
  return policyKey({ ref: { apiVersion: 'cilium.io/v2', kind, namespace, name } });
}

function obstaclesOf(objects: MigrationRequest['objects'], to: EngineName): readonly string[] {
  const target = comparedEngines.find((engine) => engine === to);
  if (target === undefined) return [];
  return recommendEngine(clusterTraits(objects)).engines.find(({ engine }) => engine === target)?.against ?? [];
}
