/** Connections that have to end because of a change: those of addresses that left or changed hands. */
import type { ConntrackConnection } from '@weir/kernel';
import { type Address, formatAddress } from '@weir/net';
import type { ReleasedAddress } from '../endpoints/local-addresses.ts';

/** Addresses whose connections have to end once the rules that judge them are in force. */
export class OwedEndings {
  readonly #conntrack: Pick<ConntrackConnection, 'deleteByAddress'>;
  #owed: Address[] = [];

  constructor(conntrack: Pick<ConntrackConnection, 'deleteByAddress'>) {
    this.#conntrack = conntrack;
  }

  owe(released: readonly ReleasedAddress[]): void {
    this.#owed.push(...released.map(({ address }) => address));
  }

  /** Ends those of addresses that are handed over, while nothing judges them but "no". */
  async endHandedOver(released: readonly ReleasedAddress[]): Promise<void> {
    const handedOver = released.filter(({ hasNext }) => hasNext).map(({ address }) => address);
    await this.#conntrack.deleteByAddress(handedOver);
    // Not again behind the rules: by then the new owner may have connections of its own.
    const texts = new Set(handedOver.map(formatAddress));
    this.#owed = this.#owed.filter((address) => !texts.has(formatAddress(address)));
  }

  /** Ends all that are owed; what fails stays owed. */
  async end(): Promise<void> {
    await this.#conntrack.deleteByAddress(this.#owed);
    this.#owed = [];
  }
}
