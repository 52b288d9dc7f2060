/** What `weir diff` does: which connections change between two sides. */
import { type ConnectionChange, type DiffJson, diffSnapshots, diffToCsv, diffToMarkdown, renderDiff } from '@weir/diff';
import { formatDiagnostic } from '@weir/kube';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { chosenSides, type DiffSide, readSide, withTexts } from '../diff-side.ts';
import { type ExitCode, exitCode } from '../exit-code.ts';
import type { Output } from '../output.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir diff`. */
export async function runDiff({ options, positionals, output }: Invocation): Promise<ExitCode> {
  const [old, young] = chosenSides(positionals, options.text('git'));
  const before = await snapshotOf(old, { name: 'old', options, output });
  const after = await snapshotOf(young, { name: 'new', options, output });
  const diff = diffSnapshots(before, after);
  if (output.format === 'json') output.resultJson(diff);
  else if (output.format === 'md') output.result(diffToMarkdown(diff));
  else if (output.format === 'csv') output.result(diffToCsv(diff));
  else output.result(renderDiff(diff).join('\n'));
  return fails(diff, options.text('fail-on') ?? 'any') ? exitCode.no : exitCode.done;
}

interface SideReading {
  readonly name: 'old' | 'new';
  readonly options: OptionValues;
  readonly output: Output;
}

async function snapshotOf(side: DiffSide, { name, options, output }: SideReading): Promise<Snapshot> {
  const source = await readSide(side, options);
  const profile = options.text(`profile-${name}`);
  const reading = chosenReading(withTexts(options, profile === undefined ? {} : { profile }), source);
  const snapshot = loadSnapshot(source.objects, reading);
  for (const notice of source.notices) output.notice(`${name} side: ${notice}`);
  for (const diagnostic of snapshot.diagnostics) output.notice(`${name} side: ${formatDiagnostic(diagnostic)}`);
  return snapshot;
}

/** Whether the difference is one that the exit code is to tell. */
function fails({ connections, workloads }: DiffJson, on: string): boolean {
  const kinds: readonly ConnectionChange[] = on === 'widened' ? ['added', 'widened', 'changed'] : ['removed', 'narrowed', 'changed'];
  switch (on) {
    case 'none':
      return false;
    case 'widened':
      return connections.some(({ change, mayBeGained }) => kinds.includes(change) || mayBeGained.protocols.length > 0);
    case 'narrowed':
      return connections.some(({ change, mayBeLost }) => kinds.includes(change) || mayBeLost.protocols.length > 0);
    default:
      return [connections, workloads.added, workloads.removed].some((members) => members.length > 0);
  }
}
