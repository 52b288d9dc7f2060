/**
 * Comparison of the maps with what they are meant to hold, a piece at a time: changes of one's own may come
 * in between, and go first.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BpfElement } from '@weir/kernel';
import type { CountBook } from './count-book.ts';
import type { DesiredState } from './desired-state.ts';
import type { GenerationWriter } from './generation-writer.ts';
import type { PinnedObject } from './pinned-objects.ts';
import { textOf } from './records.ts';
import { versionedMaps } from './versioned-change.ts';

/** How long a piece may take, in milliseconds, before others have their turn. */
const pieceMs = 4;

/** What is compared. */
export interface ComparedState {
  readonly object: PinnedObject;
  readonly writer: GenerationWriter;
  readonly counts: CountBook;
  readonly state: DesiredState;
}

/** One sentence for each map that differs; undefined when something of one's own was written meanwhile. */
export async function compareMaps({ object, writer, counts, state }: ComparedState): Promise<string[] | undefined> {
  const { generation } = writer;
  const drifted: string[] = [];
  let since = performance.now();
  const isDisturbed = async (): Promise<boolean> => {
    if (performance.now() - since >= pieceMs) {
      await nextTurn();
      since = performance.now();
    }
    return writer.generation !== generation || !writer.isCertain;
  };
  const wanted = new Map<string, Map<string, Uint8Array>>([...versionedMaps, 'policies'].map((map) => [map, new Map()]));
  for (const { map, key, content } of state.versionedEntries()) wanted.get(map)?.set(textOf(key), content);
  for (const { key, value } of state.policyElements()) wanted.get('policies')?.set(textOf(key), value);
  if (await isDisturbed()) return undefined;
  for (const map of [...versionedMaps, 'policies'] as const) {
    const missing = wanted.get(map) ?? new Map<string, Uint8Array>();
    let others = 0;
    const elements = map === 'policies' ? flat(object.maps.policies.pieces()) : writer.contents(map);
    for (const { key, value } of elements) {
      const text = textOf(key);
      const content = missing.get(text);
      if (content !== undefined && Buffer.compare(content, value) === 0) missing.delete(text);
      else others++;
      if (await isDisturbed()) return undefined;
    }
    if (missing.size > 0) drifted.push(`map ${map} lacks ${missing.size} elements, or has them with other values`);
    if (others > 0) drifted.push(`map ${map} has ${others} elements that are not ours, or with other values`);
  }
  const uncounted = counts.missing();
  if (uncounted.length > 0) drifted.push(`map counts lacks ${uncounted.length} elements`);
  if (!writer.isControlIntact()) drifted.push('map control or options has other values');
  return drifted;
}

function* flat(pieces: Iterable<readonly BpfElement[]>): Iterable<BpfElement> {
  for (const piece of pieces) yield* piece;
}
