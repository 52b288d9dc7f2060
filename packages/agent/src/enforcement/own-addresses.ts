/** The addresses of the node itself: it always reaches its own pods, whatever policies say. */
import { networkInterfaces } from 'node:os';
import { type Address, formatAddress, parseAddress } from '@weir/net';

/** How long an answer is good for, in milliseconds: interfaces come and go with pods. */
const freshMs = 1_000;

/** The addresses of the current network namespace, read again when they are asked for and old. */
export class OwnAddresses {
  #texts: ReadonlySet<string> = new Set();
  #readAtMs = Number.NEGATIVE_INFINITY;

  /** Whether the address is the node's own. */
  has(address: Address): boolean {
    if (performance.now() - this.#readAtMs > freshMs) this.#read();
    return this.#texts.has(formatAddress(address));
  }

  #read(): void {
    const texts = new Set<string>();
    for (const list of Object.values(networkInterfaces())) {
      for (const entry of list ?? []) {
        const address = parseAddress(entry.address);
        if (address !== undefined) texts.add(formatAddress(address));
      }
    }
    this.#texts = texts;
    this.#readAtMs = performance.now();
  }
}
