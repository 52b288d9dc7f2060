/** What the process's memory is used for, for people who have to give it more or take load off it. */
import { memoryUsage } from 'node:process';
import { getHeapSpaceStatistics } from 'node:v8';

/** Sizes in MB, and how many of each thing the engine keeps. */
export interface MemoryUse {
  readonly rssMb: number;
  /** Used parts of the heap by its spaces, without the empty ones. */
  readonly heapMb: Readonly<Record<string, number>>;
  /** Buffers and native objects. */
  readonly externalMb: number;
  readonly objects: Readonly<Record<string, number>>;
}

/** The memory as it is now; `sizes` are those of the engine. */
export function memoryUse(sizes: Readonly<Record<string, number>>): MemoryUse {
  const { rss, external } = memoryUsage();
  const spaces = getHeapSpaceStatistics().map(({ space_name: name, space_used_size: used }) => [name, megabytes(used)] as const);
  return {
    rssMb: megabytes(rss),
    heapMb: Object.fromEntries(spaces.filter(([, used]) => used > 0)),
    externalMb: megabytes(external),
    objects: Object.fromEntries(Object.entries(sizes).filter(([, count]) => count > 0)),
  };
}

/** Rounded to a tenth. */
export function megabytes(bytes: number): number {
  return Math.round((bytes / (1024 * 1024)) * 10) / 10;
}
