/** Which pod has which address of the node's blocks. Addresses are handed out in order, so that one given back rests as long as possible. */
import {
  type Address,
  assert,
  type Cidr,
  cidrContains,
  cidrRange,
  compareAddresses,
  formatAddress,
  nextAddress,
  parseAddress,
  parseCidr,
} from '@weir/net';

/** The node's pool of pod addresses. Its state lives as long as the process; pods that exist reserve theirs again at the start. */
export class PodAddresses {
  readonly #blocks: readonly { readonly cidr: Cidr; readonly first: Address; readonly last: Address }[];
  readonly #cursors: Address[];
  readonly #owners = new Map<string, string>();

  /** `blocks`: one CIDR of each family at most. */
  constructor(blocks: readonly string[]) {
    this.#blocks = blocks.map((text) => {
      const cidr = parseCidr(text);
      assert(cidr !== undefined, `not an address block: ${text}`);
      return { cidr, ...cidrRange(cidr) };
    });
    this.#cursors = this.#blocks.map((block) => block.first);
  }

  /** Reserves the addresses that a pod had before this process started. False when one of them is not ours to give or is taken. */
  reserve(uid: string, addresses: readonly string[]): boolean {
    const usable = addresses.every((text) => {
      const owner = this.#owners.get(text);
      return this.#isOurs(text) && (owner === undefined || owner === uid);
    });
    if (!usable || addresses.length !== this.#blocks.length) return false;
    for (const text of addresses) this.#owners.set(text, uid);
    return true;
  }

  /** One free address of every block, in the blocks' order; undefined when a block is full. */
  allocate(uid: string): readonly string[] | undefined {
    const taken: string[] = [];
    for (const index of this.#blocks.keys()) {
      const text = this.#next(index);
      if (text === undefined) {
        for (const address of taken) this.#owners.delete(address);
        return undefined;
      }
      this.#owners.set(text, uid);
      taken.push(text);
    }
    return taken;
  }

  /** Gives the pod's addresses back. */
  release(uid: string): void {
    for (const [address, owner] of this.#owners) if (owner === uid) this.#owners.delete(address);
  }

  #next(index: number): string | undefined {
    const block = this.#blocks[index];
    const start = this.#cursors[index];
    assert(block !== undefined && start !== undefined, 'a cursor for every block');
    let address = start;
    do {
      const following = nextAddress(address);
      const next = following === undefined || compareAddresses(following, block.last) > 0 ? block.first : following;
      const text = formatAddress(address);
      if (!this.#owners.has(text)) {
        this.#cursors[index] = next;
        return text;
      }
      address = next;
    } while (compareAddresses(address, start) !== 0);
    return undefined;
  }

  #isOurs(text: string): boolean {
    const address = parseAddress(text);
    return address !== undefined && this.#blocks.some((block) => cidrContains(block.cidr, address));
  }
}
