/** How long at a stretch packets were sent of which none arrived. */
import { PacketCounter } from '@weir/testkit';

/** Each look takes the event loop some milliseconds. */
const lookMs = 150;

/** Where packets of a kind pass when they were sent and when they have arrived, as an nftables match. */
export interface WatchedPackets {
  readonly match: string;
  /** Namespaces; the packets are counted on their way into each. */
  readonly sentThrough: string;
  readonly arrivedAt: string;
}

/** Looks from when it is made until {@link OutageWatch.stop}; its counters go with their namespaces. */
export class OutageWatch {
  readonly #sent: PacketCounter<'sent'>;
  readonly #arrived: PacketCounter<'got'>;
  readonly #looking: Promise<void>;
  #stopped = false;
  #longestMs = 0;

  constructor({ match, sentThrough, arrivedAt }: WatchedPackets) {
    this.#sent = new PacketCounter(sentThrough, { sent: match }, 'weirt_sent');
    this.#arrived = new PacketCounter(arrivedAt, { got: match }, 'weirt_got');
    this.#looking = this.#look();
  }

  /** The longest outage, in milliseconds, to the length of a look. */
  async stop(): Promise<number> {
    this.#stopped = true;
    await this.#looking;
    return this.#longestMs;
  }

  async #look(): Promise<void> {
    let last = { at: performance.now(), sent: 0, got: 0 };
    let outageMs = 0;
    while (!this.#stopped) {
      await new Promise((resolve) => setTimeout(resolve, lookMs));
      const now = { ...this.#sent.counts(), ...this.#arrived.counts(), at: performance.now() };
      const isOut = now.sent > last.sent && now.got === last.got;
      outageMs = isOut ? outageMs + now.at - last.at : 0;
      this.#longestMs = Math.max(this.#longestMs, outageMs);
      last = now;
    }
  }
}
