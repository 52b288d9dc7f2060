/** What `weir migrate` does: which policies and services mean something else with another engine. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { assumeReady, changesAnything, type MigrationReport, type PolicyPatch, planMigration, renderMigration } from '@weir/analyze';
import { makeDirectory } from '@weir/client';
import { type Diagnostic, formatDiagnostic, formatManifest, type KubeObject } from '@weir/kube';
import type { EngineName } from '@weir/model';
import { type Cidr, cidrFamily, parseCidr } from '@weir/net';
import { assumeCluster, assumedPodRange } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { fileProblem } from '../file-problem.ts';
import { type ObjectSource, readObjects } from '../objects.ts';
import { disagrees, isFaulty, type Rehearsal } from './rehearsal-outcome.ts';
import { renderRehearsal } from './render-rehearsal.ts';

/** The JSON of `weir migrate`. */
export interface MigrateJson extends MigrationReport {
  /** What was measured; with `--rehearse`. */
  readonly rehearsal?: Rehearsal;
}

/** How long a connection of a rehearsal waits. */
const defaultTimeoutMs = 1_000;

/** Answers `weir migrate`. */
export async function runMigrate({ options, output, signal }: Invocation): Promise<ExitCode> {
  const timeoutMs = options.whole('timeout-ms', 1) ?? defaultTimeoutMs;
  const source = await readObjects(options);
  // Manifests say what people want of a cluster, not where it puts it.
  const assumed = options.list('manifests').length > 0 ? assumeCluster(source.objects, ...podRangesOf(options)) : undefined;
  for (const notice of [...source.notices, ...(assumed?.notices ?? [])]) output.notice(notice);
  const objects = assumeReady(assumed?.objects ?? source.objects);
  if (source.objects.length === 0) throw usageError('no Kubernetes objects were read: there is nothing to compare');
  const expandsUnsupported = source.expandsUnsupported === true || options.flag('windows-expand-unsupported');
  const report = planMigration({
    objects,
    ...chosenEngines(options, source),
    expandsUnsupported,
    hosts: [...source.hosts.values()].flat(),
  });
  for (const diagnostic of [...(assumed?.diagnostics ?? []), ...report.diagnostics]) output.notice(formatDiagnostic(diagnostic));
  const patches = report.patches.flatMap(({ patched, added }) => [
    ...(patched === undefined ? [] : [patched]),
    ...(added === undefined ? [] : [added.policy]),
  ]);
  const folder = options.text('patch-out');
  if (folder !== undefined) writePatches(folder, report.patches);
  if (options.flag('rehearse')) refuseInvalid([...(assumed?.diagnostics ?? []), ...report.diagnostics]);
  // Who only computes needs no lab.
  const lab = options.flag('rehearse') ? await import('./migrate-rehearsal.ts') : undefined;
  const rehearsal =
    lab &&
    (await lab.rehearseMigration({
      objects: objects.map((entry) => ('positionOf' in entry ? entry.object : entry)),
      report,
      expandsUnsupported,
      timeoutMs,
      output,
      signal,
    }));
  if (output.json) output.resultJson({ ...report, ...(rehearsal === undefined ? {} : { rehearsal }) } satisfies MigrateJson);
  else {
    const printed = patches.length === 0 || folder !== undefined ? [] : ['', '---', formatManifest(patches)];
    output.result([...renderMigration(report), ...(rehearsal === undefined ? [] : renderRehearsal(rehearsal)), ...printed].join('\n'));
  }
  // A lab that is not as it was meant to be proves nothing, whatever was asked for.
  if (rehearsal !== undefined && isFaulty(rehearsal)) return exitCode.unable;
  return failOnCode(options, { any: changesAnything(report) || (rehearsal !== undefined && disagrees(rehearsal)) });
}

/** A cluster takes no object that is not valid, and a rehearsal without it would be one of something else. */
function refuseInvalid(diagnostics: readonly Diagnostic[]): void {
  const { object, field } = diagnostics.find(({ severity }) => severity === 'error') ?? {};
  if (object !== undefined)
    throw usageError(`${object} cannot be rehearsed, because no cluster takes it as it is: correct ${field ?? 'it'}, or leave it out`);
}

/** Where policies of the new engine's own kind are written: `kubectl apply -f FOLDER` leaves folders inside alone. */
const laterFolder = 'once-migrated';

/** One file a policy, for `kubectl apply -f FOLDER`; names in manifests may be anything, and lead nowhere else. */
function writePatches(folder: string, patches: readonly PolicyPatch[]): void {
  const write = (into: string, policy: KubeObject): void => {
    makeDirectory(into);
    const { namespace = 'default', name = '' } = policy.metadata;
    writeFileSync(join(into, `${fileWord(namespace)}.${fileWord(name)}.yaml`), formatManifest([policy]));
  };
  try {
    makeDirectory(folder);
    for (const { patched, added } of patches) {
      if (patched !== undefined) write(folder, patched);
      if (added !== undefined) write(join(folder, laterFolder), added.policy);
    }
  } catch (error) {
    throw usageError(`--patch-out ${folder}: ${fileProblem(error)}`);
  }
}

/** A name as a part of a file's; Windows keeps some words for devices, whatever follows their dot. */
function fileWord(name: string): string {
  const word = encodeURIComponent(name).replaceAll('*', '%2A');
  return /^(con|prn|aux|nul|(com|lpt)\d)$/i.test(word) ? `_${word}` : word;
}

/** One range, or one of each family, that of IPv4 first. */
function podRangesOf(options: OptionValues): readonly [Cidr, Cidr?] {
  const ranges = options.list('pod-cidr').map((text) => {
    const cidr = parseCidr(text);
    if (cidr === undefined) throw usageError(`--pod-cidr is no block of addresses: ${text}`);
    return cidr;
  });
  const [fours, sixes] = ([4, 6] as const).map((family) => ranges.filter((cidr) => cidrFamily(cidr) === family));
  if ((fours?.length ?? 0) > 1 || (sixes?.length ?? 0) > 1) throw usageError('give --pod-cidr once, or once for each of IPv4 and IPv6');
  const second = sixes?.[0];
  return [fours?.[0] ?? assumedPodRange, ...(second === undefined ? ([] as const) : ([second] as const))];
}

function chosenEngines(options: OptionValues, { engine }: ObjectSource): { readonly from: EngineName; readonly to: EngineName } {
  const from = (options.text('from') as EngineName | undefined) ?? engine;
  const to = options.text('to') as EngineName | undefined;
  if (from === undefined) throw usageError('say with --from which engine the cluster has now');
  if (to === undefined) throw usageError('say with --to which engine the cluster is to have');
  if (from === to) throw usageError(`--from and --to are both ${from}: there is nothing to compare`);
  return { from, to };
}
