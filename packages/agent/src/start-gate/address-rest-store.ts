/**
 * Resting addresses, kept over a restart of the agent.
 *
 * Without this file a pod that starts just behind a restart could get an address that other nodes still
 * take for another pod's. No clock is trusted over a restart: what the file holds rests anew, for the
 * whole time. It is written at most once a second: rests that began less than that before a crash are
 * lost, but for those of the node's own pods, which their attachments tell of.
 */
import type { ReleasedAddress } from '@weir/calc';
import { formatAddress, parseAddress } from '@weir/net';
import type { Logger } from '../log/log.ts';
import { LateStateFile } from '../state-files/late-state-file.ts';
import type { AddressRest } from './address-rest.ts';

/** The file of one {@link AddressRest}. */
export class AddressRestStore {
  readonly #file: LateStateFile;
  readonly #rest: AddressRest;
  readonly #log: Logger;

  constructor(stateDirectory: string, log: Logger, rest: AddressRest) {
    this.#rest = rest;
    this.#log = log;
    this.#file = new LateStateFile({
      directory: stateDirectory,
      name: 'resting-addresses.json',
      log,
      current: () => rest.resting().map(({ address, owner }) => [formatAddress(address), owner]),
      failure: 'the resting addresses could not be kept',
    });
  }

  /** Lets rest what an earlier process let rest; what cannot be read is told. */
  load(): void {
    const content = this.#file.read();
    if (content.kind === 'absent') return;
    const values = content.kind === 'read' && Array.isArray(content.value) ? (content.value as unknown[]) : [undefined];
    const released = values.map(readEntry).filter((entry) => entry !== undefined);
    this.#rest.release(released);
    if (released.length === values.length) return;
    const reason = content.kind === 'damaged' ? { error: content.reason } : {};
    this.#log.error({ file: this.#file.path, ...reason }, 'the file of resting addresses is damaged; some may be given on at once');
  }

  /** These addresses were others' until now. */
  release(released: readonly ReleasedAddress[]): void {
    if (released.length === 0) return;
    this.#rest.release(released);
    this.#file.changed();
  }

  /** Writes now what is due. */
  flush(): void {
    this.#file.flush();
  }
}

function readEntry(value: unknown): ReleasedAddress | undefined {
  if (!Array.isArray(value)) return undefined;
  const [text, owner] = value as unknown[];
  const address = typeof text === 'string' ? parseAddress(text) : undefined;
  return address === undefined || typeof owner !== 'string' ? undefined : { address, owner };
}
