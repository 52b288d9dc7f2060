/** Flow logs that commands are given as files. */

import { readFileSync } from 'node:fs';
import { type FlowLogCounts, FlowLogReader, type ObservedFlow } from '@weir/flows';
import { usageError } from './exit-code.ts';
import type { Output } from './output.ts';

/** What a log tells. */
export interface ReadFlows {
  readonly flows: readonly ObservedFlow[];
  readonly counts: FlowLogCounts;
}

/** Reads a whole log, `-` for standard input; a usage error that names the option when it cannot be read. */
export function readFlowFile(path: string, option: string): ReadFlows {
  const reader = new FlowLogReader();
  let text: string;
  try {
    text = readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    throw usageError(`${option} ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  const lines = [...reader.push(text), ...reader.finish()];
  return { flows: lines.flatMap((line) => (line.kind === 'flow' ? [line.flow] : [])), counts: reader.counts };
}

/** Says what of a log could not be read, and what its writer left out. */
export function noticeCounts({ broken, firstBroken = '', dropped }: FlowLogCounts, output: Output): void {
  if (broken > 0) output.notice(`${broken} ${broken === 1 ? 'line is' : 'lines are'} no flow and passed over; the first is ${firstBroken}`);
  if (dropped > 0) output.notice(`whoever wrote the log left out ${dropped} connections: there were more than it could tell`);
}
