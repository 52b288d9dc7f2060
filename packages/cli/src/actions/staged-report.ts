/** What `weir staged report` does: the flows that staged policies would change. */
import { renderStaged, stagedReport } from '@weir/analyze';
import { fiveTupleOf } from '@weir/flows';
import { formatDiagnostic } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import { type Cidr, type Flow, parseCidr } from '@weir/net';
import { assumeCluster, assumedPodRange } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import type { ExitCode } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { readObjects } from '../objects.ts';
import { noticeCounts, readAllFlows } from '../observed-flows.ts';
import type { Output } from '../output.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir staged report`. */
export async function runStagedReport({ options, output }: Invocation): Promise<ExitCode> {
  const source = await readObjects(options);
  // Flows are judged between addresses: what manifests leave open of them is assumed, and said.
  const assumed = options.list('manifests').length > 0 ? assumeCluster(source.objects, podRangeOf(options)) : undefined;
  for (const notice of [...source.notices, ...(assumed?.notices ?? [])]) output.notice(notice);
  const report = stagedReport({
    objects: assumed?.objects ?? source.objects,
    profile: chosenReading(options, { engine: 'calico', ...source }).profile ?? engineProfiles.calico,
    hosts: [...source.hosts.values()].flat(),
    observed: await observedFlows(options.text('flows'), output),
  });
  for (const diagnostic of [...(assumed?.diagnostics ?? []), ...report.diagnostics]) output.notice(formatDiagnostic(diagnostic));
  if (output.json) output.resultJson(report);
  else output.result(renderStaged(report).join('\n'));
  return failOnCode(options, { denied: report.pairs.lost > 0 || report.observed.changed.some(({ after }) => after === 'deny') });
}

/** Where planned pods are assumed to have their addresses. */
function podRangeOf(options: OptionValues): Cidr {
  return parseCidr(options.list('pod-range')[0] ?? '') ?? assumedPodRange;
}

/** The flows of the log whose addresses are told; answers are judged with what they answer. */
async function observedFlows(path: string | undefined, output: Output): Promise<readonly Flow[]> {
  if (path === undefined) return [];
  const { flows, counts } = await readAllFlows([path], '--flows');
  noticeCounts(counts, output);
  const told = flows.filter(({ isReply }) => isReply !== true).map(fiveTupleOf);
  const without = told.filter((flow) => flow === undefined).length;
  if (without > 0) output.notice(`${without} flows of the log have no addresses, and are not judged`);
  return told.flatMap((flow) => (flow === undefined ? [] : [flow]));
}
