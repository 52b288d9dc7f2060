/**
 * In which order test files are run: what computes first, what waits last, the longest first among the latter.
 *
 * Files of the unit project follow one another so that a worker keeps the modules that it has loaded; those with a
 * cluster wait for processes and leave no core idle while the last of them run.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more: begun last they would be waited for alone. */
const longest: readonly string[] = [
  'test/demo-aks.netns.test.ts',
  'test/managed-networks.netns.test.ts',
  'test/updates.netns.test.ts',
  'test/engines.netns.test.ts',
  'test/windows-pools.netns.test.ts',
  'test/lab.netns.test.ts',
  'test/migrate.netns.test.ts',
  'test/engine-changes.netns.test.ts',
  'test/interrupted-changes.netns.test.ts',
  'test/lab-shell.netns.test.ts',
  'test/demo.netns.test.ts',
  'test/semantics/ebpf.netns.test.ts',
  'test/policy-support.netns.test.ts',
];

/** The order of a whole run. */
export class FileOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Larger files first, as they come: sorting keeps that within each place.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b));
  }
}

function placeOf({ project, moduleId }: TestSpecification): number {
  if (project.name === 'unit') return 0;
  return longest.some((file) => moduleId.endsWith(`/${file}`)) ? 1 : 2;
}
