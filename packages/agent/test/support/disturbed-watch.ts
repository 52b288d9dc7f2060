/**
 * What a watch's lines become on a bad way to the agent: late (so that kinds overtake each other), twice,
 * again much later, between bookmarks that lie, and cut in the middle.
 */
import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '@weir/testkit';

/** Chances of each fault at a line, from 0 to 1, and the longest delay of a line in milliseconds. */
export interface WatchDisturbance {
  readonly random: Random;
  readonly delayMs: number;
  readonly twice: number;
  readonly replay: number;
  readonly lie: number;
  readonly cut: number;
}

/** Replayed lines are among the last so many. */
const memory = 50;

/** One watch: lines go in, and come out at the agent in the order of the server, with the faults between them. */
export class DisturbedWatch {
  readonly #response: ServerResponse;
  readonly #faults: WatchDisturbance;
  readonly #past: string[] = [];
  #last: Promise<void> = Promise.resolve();

  constructor(response: ServerResponse, faults: WatchDisturbance) {
    this.#response = response;
    this.#faults = faults;
  }

  /** One line of the server. */
  send(line: string): void {
    this.#last = this.#sendAfter(this.#last, line);
  }

  async #sendAfter(earlier: Promise<void>, line: string): Promise<void> {
    const { random, delayMs } = this.#faults;
    const lateMs = random.integer(0, delayMs);
    await earlier;
    await sleep(lateMs);
    this.#deliver(line);
  }

  #deliver(line: string): void {
    const { random, twice, replay, lie, cut } = this.#faults;
    if (this.#response.destroyed) return;
    if (random.chance(cut)) {
      this.#response.write(line.slice(0, line.length / 2), () => this.#response.destroy());
      return;
    }
    if (random.chance(lie)) this.#response.write(`${bookmark(line, random.chance(0.5) ? '1' : '999999999')}\n`);
    this.#response.write(`${line}\n`);
    if (random.chance(twice)) this.#response.write(`${line}\n`);
    if (this.#past.length > 0 && random.chance(replay)) this.#response.write(`${random.pick(this.#past)}\n`);
    this.#past.push(line);
    if (this.#past.length > memory) this.#past.shift();
  }
}

/** A bookmark for the kind of the line's object, of a version that the server never said. */
function bookmark(line: string, resourceVersion: string): string {
  const { object } = JSON.parse(line) as { readonly object: { readonly apiVersion: string; readonly kind: string } };
  return JSON.stringify({
    type: 'BOOKMARK',
    object: { apiVersion: object.apiVersion, kind: object.kind, metadata: { resourceVersion } },
  });
}
