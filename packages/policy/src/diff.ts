/** Which connections change, whatever the objects look like. */
import { type DiffJson, diffSnapshots, diffToMarkdown } from '@weir/diff';
import { withAbsentPods } from '@weir/matrix';
import type { Snapshot } from '@weir/snapshot';

/** What is compared. */
export interface DiffOptions {
  /** Also what pods could do that are not among the objects, and that policies are about. Default: false. */
  readonly exposure?: boolean;
}

/** Compares two snapshots, which may be of different engines. */
export function diff(before: Snapshot, after: Snapshot, { exposure = false }: DiffOptions = {}): DiffJson {
  return diffSnapshots(...(exposure ? withAbsentPods(before, after) : ([before, after] as const)));
}

/** The difference as Markdown, for a comment on a pull request. */
export function diffMarkdown(difference: DiffJson): string {
  return diffToMarkdown(difference);
}
