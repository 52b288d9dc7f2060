/** What `weir diff` does: which connections change between two sides. */
import { type ConnectionChange, changedPolicies, type DiffJson, diffSnapshots, diffToCsv, diffToMarkdown, renderDiff } from '@weir/diff';
import { formatDiagnostic } from '@weir/kube';
import { withAbsentPods } from '@weir/matrix';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import type { Invocation, OptionValues } from '../command.ts';
import { chosenSides, type DiffSide, readSide, withTexts } from '../diff-side.ts';
import type { ExitCode } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import type { Output } from '../output.ts';
import { chosenReading } from '../source-options.ts';

/** Answers `weir diff`. */
export async function runDiff({ options, positionals, output }: Invocation): Promise<ExitCode> {
  const [old, young] = await chosenSides(positionals, options.text('git'));
  const before = await readSnapshot(old, { name: 'old', options, output });
  const after = await readSnapshot(young, { name: 'new', options, output });
  const sides = [before.snapshot, after.snapshot] as const;
  const compared = diffSnapshots(...(options.flag('exposure') ? withAbsentPods(...sides) : sides));
  const untold = [
    ...movesIntoNodes(after.snapshot, compared.workloads.removed, 'is now'),
    ...movesIntoNodes(before.snapshot, compared.workloads.added, 'was before'),
    ...(options.flag('exposure') ? [] : changesOfAbsentPods(sides, compared)),
  ];
  for (const notice of untold) output.notice(notice);
  const diff: DiffJson = { ...compared, notices: { before: before.notices, after: [...after.notices, ...untold] } };
  if (output.format === 'json') output.resultJson(diff);
  else if (output.format === 'md') output.result(diffToMarkdown(diff));
  else if (output.format === 'csv') output.result(diffToCsv(diff));
  else output.result(renderDiff(diff).join('\n'));
  return failOnCode(options, changesOf(diff));
}

/** Those that are missed on a side because they are in the network of their nodes there: they are not gone, but out of reach of policies. */
function movesIntoNodes({ pods, workloads }: Snapshot, missed: readonly string[], when: string): string[] {
  const inNodes = [...pods].filter(([, { spec }]) => spec?.hostNetwork === true);
  const names = new Set(
    inNodes.map(([pod]) => {
      const { namespace, name } = workloads.get(pod) ?? {};
      return namespace === undefined || name === undefined ? pod : `${namespace}/${name}`;
    }),
  );
  const moved = missed.filter((name) => names.has(name));
  return moved.map(
    (name) => `${name} ${when} in the network of its node (hostNetwork): no policy is about it there, and who reaches the node reaches it`,
  );
}

/**
 * That connections of pods which are not among the objects change, as a sentence: a policy may be about nobody else.
 * Nothing where the answer shows already that there is more, or less.
 */
function changesOfAbsentPods([before, after]: readonly [Snapshot, Snapshot], { summary }: DiffJson): string[] {
  const changed = changedPolicies(before.world, after.world);
  if (changed.length === 0) return [];
  const beyond = diffSnapshots(...withAbsentPods(before, after, changed)).summary;
  const hasMore = (one: DiffJson['summary']): boolean => one.added + one.widened + one.changed > 0;
  const hasLess = (one: DiffJson['summary']): boolean => one.removed + one.narrowed + one.changed > 0;
  if (![hasMore, hasLess].some((has) => has(beyond) && !has(summary))) return [];
  return ['connections change for pods that are not among the objects: --exposure tells them, too'];
}

interface SideReading {
  readonly name: 'old' | 'new';
  readonly options: OptionValues;
  readonly output: Output;
}

interface ReadSide {
  readonly snapshot: Snapshot;
  /** What is to be known of it beside the answer. */
  readonly notices: readonly string[];
}

async function readSnapshot(side: DiffSide, { name, options, output }: SideReading): Promise<ReadSide> {
  const source = await readSide(side, options);
  const profile = options.text(`profile-${name}`);
  const reading = chosenReading(withTexts(options, profile === undefined ? {} : { profile }), source);
  const snapshot = loadSnapshot(source.objects, reading);
  const notices = [...source.notices, ...snapshot.diagnostics.map(formatDiagnostic)];
  for (const notice of notices) output.notice(`${name} side: ${notice}`);
  return { snapshot, notices: notices.filter((notice) => notice !== source.passedOver) };
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
