/** What `weir diff` does: which connections change between two sides. */
import { type ConnectionChange, type DiffJson, diffSnapshots, diffToCsv, diffToMarkdown, renderDiff } from '@weir/diff';
import { formatDiagnostic } from '@weir/kube';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { chosenSides, type DiffSide, readSide, withTexts } from '../diff-side.ts';
import type { ExitCode } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
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
  return failOnCode(options, changesOf(diff));
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

/** What there is of each kind that the exit code may be about. */
function changesOf({ connections, workloads }: DiffJson): Readonly<Record<'any' | 'widened' | 'narrowed', boolean>> {
  const hasOf = (...kinds: readonly ConnectionChange[]): boolean => connections.some(({ change }) => kinds.includes(change));
  return {
    any: [connections, workloads.added, workloads.removed].some((members) => members.length > 0),
    widened: hasOf('added', 'widened', 'changed') || connections.some(({ mayBeGained }) => mayBeGained.protocols.length > 0),
    narrowed: hasOf('removed', 'narrowed', 'changed') || connections.some(({ mayBeLost }) => mayBeLost.protocols.length > 0),
  };
}
