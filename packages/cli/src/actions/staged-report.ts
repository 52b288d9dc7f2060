/** What `weir staged report` does: the flows that staged policies would change. */
import { readFileSync } from 'node:fs';
import { renderStaged, stagedReport } from '@weir/analyze';
import { formatDiagnostic } from '@weir/kube';
import { engineProfiles } from '@weir/model';
import type { Invocation } from '../command.ts';
import { type ExitCode, exitCode, usageError } from '../exit-code.ts';
import { type FlowLog, readFlowLog } from '../flow-log.ts';
import { readObjects } from '../objects.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir staged report`. */
export async function runStagedReport({ options, output }: Invocation): Promise<ExitCode> {
  const source = await readObjects(options);
  for (const notice of source.notices) output.notice(notice);
  const log = observedFlows(options.text('flows'));
  if (log.unread > 0) output.notice(`${log.unread} lines of the flow log are no flows and were passed over`);
  const report = stagedReport({
    objects: source.objects,
    profile: chosenReading(options, { engine: 'calico', ...source }).profile ?? engineProfiles.calico,
    hosts: [...source.hosts.values()].flat(),
    observed: log.flows,
  });
  for (const diagnostic of report.diagnostics) output.notice(formatDiagnostic(diagnostic));
  if (output.json) output.resultJson(report);
  else output.result(renderStaged(report).join('\n'));
  return report.pairs.lost > 0 || report.observed.changed.some(({ after }) => after === 'deny') ? exitCode.no : exitCode.done;
}

function observedFlows(path: string | undefined): FlowLog {
  if (path === undefined) return { flows: [], unread: 0 };
  try {
    return readFlowLog(readFileSync(path === '-' ? 0 : path, 'utf8'));
  } catch (error) {
    throw usageError(`--flows ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
