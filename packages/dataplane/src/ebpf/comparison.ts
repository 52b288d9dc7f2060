/**
 * Comparison of the maps with what they are meant to hold, a piece at a time: changes of one's own may come
 * in between, and what they write is left out.
 */
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';
import { BucketDifference } from './bucket-difference.ts';
import type { CountBook } from './count-book.ts';
import type { DesiredState } from './desired-state.ts';
import { type GenerationWriter, type WatchedMap, watchedMaps } from './generation-writer.ts';
import type { PinnedObject } from './pinned-objects.ts';
import { textOf } from './records.ts';

/** How long a piece may take, in milliseconds, before others have their turn. */
export const pieceMs = 4;

/** What is compared. */
export interface ComparedState {
  readonly object: PinnedObject;
  readonly writer: GenerationWriter;
  readonly counts: CountBook;
  readonly state: DesiredState;
}

/** How a comparison goes along with others. */
export interface ComparisonPace {
  /** Milliseconds that it rests between two pieces. */
  readonly restMs: number;
  /** Waits for a change that is half in force. */
  readonly settled: () => Promise<void>;
  /** Whether nobody wants to know any more. */
  readonly isOver: () => boolean;
}

/** One sentence for each way in which a map differs; undefined when everything was written anew meanwhile, or it is over. */
export async function compareMaps(compared: ComparedState, pace: ComparisonPace): Promise<string[] | undefined> {
  const comparison = new MapComparison(compared, pace);
  try {
    return await comparison.run();
  } finally {
    comparison.close();
  }
}

class MapComparison {
  readonly #compared: ComparedState;
  readonly #pace: ComparisonPace;
  readonly #differences = new Map<WatchedMap, BucketDifference>(watchedMaps.map((map) => [map, new BucketDifference()]));
  readonly #replacements: number;
  readonly #stopListening: () => void;
  /** Where the reading of a map goes on. */
  #place: { readonly map: WatchedMap; readonly text: string } | undefined;
  #hasLostPlace = false;
  #pieceEndsAt = performance.now() + pieceMs;

  constructor(compared: ComparedState, pace: ComparisonPace) {
    this.#compared = compared;
    this.#pace = pace;
    this.#replacements = compared.writer.replacements;
    this.#stopListening = compared.writer.listen((map, key, isThere) => {
      this.#difference(map).skip(key);
      // Where an element is gone, the kernel goes on at the beginning.
      if (!isThere && this.#place?.map === map && this.#place.text === textOf(key)) this.#hasLostPlace = true;
    });
  }

  close(): void {
    this.#stopListening();
  }

  async run(): Promise<string[] | undefined> {
    const { state, counts, writer } = this.#compared;
    for (const { map, key, content } of state.versionedEntries()) {
      this.#difference(map).add({ key, value: content }, 1);
      if (this.#isDue && (await this.#isDisturbed())) return undefined;
    }
    for (const [map, elements] of [
      ['policies', state.policyElements()],
      ['counts', counts.wanted()],
    ] as const) {
      for (const element of elements) {
        this.#difference(map).add(element, 1);
        if (this.#isDue && (await this.#isDisturbed())) return undefined;
      }
    }
    for (const map of watchedMaps) {
      for (const piece of writer.pieces(map)) {
        this.#place = { map, text: textOf(piece.at(-1)?.key ?? new Uint8Array()) };
        for (const element of piece) this.#difference(map).add(element, -1);
        if (this.#isDue && (await this.#isDisturbed())) return undefined;
      }
    }
    // What a change that is under way has not written yet.
    await this.#pace.settled();
    if (await this.#isDisturbed()) return undefined;
    return this.#findings();
  }

  #findings(): string[] {
    const drifted = [...this.#differences].flatMap(([map, difference]) => {
      const { missing, surplus, changed } = difference.result();
      return [
        ...(missing > 0 ? [`map ${map} lacks ${missing} elements`] : []),
        ...(surplus > 0 ? [`map ${map} has ${surplus} elements that are not ours`] : []),
        ...(changed > 0 ? [`map ${map} has ${changed} elements with other values`] : []),
      ];
    });
    if (!this.#compared.writer.isControlIntact()) drifted.push('map control or options has other values');
    return drifted;
  }

  #difference(map: WatchedMap): BucketDifference {
    const difference = this.#differences.get(map);
    if (difference === undefined) throw new Error(`map ${map} is not compared`);
    return difference;
  }

  get #isDue(): boolean {
    return performance.now() >= this.#pieceEndsAt;
  }

  /** Lets others have their turn; whether what was read up to now is worth nothing. */
  async #isDisturbed(): Promise<boolean> {
    const { restMs, isOver } = this.#pace;
    await (restMs === 0 ? nextTurn() : pause(restMs, undefined, { ref: false }));
    this.#pieceEndsAt = performance.now() + pieceMs;
    const { writer } = this.#compared;
    return isOver() || this.#hasLostPlace || writer.replacements !== this.#replacements || !writer.isCertain;
  }
}
