/** Which connections change, whatever the objects look like. */
import { type DiffJson, diffSnapshots, diffToMarkdown } from '@weir/diff';
import type { Snapshot } from '@weir/snapshot';

/** Compares two snapshots, which may be of different engines. */
export function diff(before: Snapshot, after: Snapshot): DiffJson {
  return diffSnapshots(before, after);
}

/** The difference as Markdown, for a comment on a pull request. */
export function diffMarkdown(difference: DiffJson): string {
  return diffToMarkdown(difference);
}
