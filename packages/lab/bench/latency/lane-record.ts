/** What is known of the datagrams of one lane: when each was sent, and which arrived. */

/** As many datagrams as are remembered of a lane. */
const capacity = 16_384;

/** Datagrams by sequence number, the newest {@link capacity} of them. */
export class LaneRecord {
  readonly #sentAt = new Float64Array(capacity);
  readonly #arrived = new Uint8Array(capacity);
  #next = 0;

  /** The sequence number of the next datagram. */
  get next(): number {
    return this.#next;
  }

  /** Notes that the next datagram is sent now. */
  send(at: number): void {
    const slot = this.#next % capacity;
    this.#sentAt[slot] = at;
    this.#arrived[slot] = 0;
    this.#next++;
  }

  /** Notes that a datagram arrived. */
  arrive(sequence: number): void {
    if (sequence >= this.#next - capacity && sequence < this.#next) this.#arrived[sequence % capacity] = 1;
  }

  /** Calls `visit` for the datagrams sent at or after `since`, the newest first. */
  newestFirst(since: number, visit: (sentAt: number, arrived: boolean) => void): void {
    for (let sequence = this.#next - 1; sequence >= Math.max(0, this.#next - capacity); sequence--) {
      const at = this.#sentAt[sequence % capacity] ?? 0;
      if (at < since) return;
      visit(at, this.#arrived[sequence % capacity] === 1);
    }
  }
}
