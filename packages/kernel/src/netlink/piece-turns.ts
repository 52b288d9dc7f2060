/** Long work in pieces: the event loop has its turn after some milliseconds of it. */
import { setImmediate as nextTurn } from 'node:timers/promises';

/** How long a piece takes, in milliseconds. */
const pieceMs = 4;

/** The turns that one piece of work gives to others. */
export class PieceTurns {
  #endsAtMs = performance.now() + pieceMs;

  /** To be called between steps; waits for others when the piece has taken long enough. */
  async give(): Promise<void> {
    if (performance.now() < this.#endsAtMs) return;
    await nextTurn();
    this.#endsAtMs = performance.now() + pieceMs;
  }
}
