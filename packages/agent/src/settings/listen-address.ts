/** Where a server listens: an address of this machine with a port, or nowhere. */
import { type Address, formatAddress, parseAddress } from '@weir/net';
import type { Reading, SettingKind } from './setting.ts';

/** An address and a port; names of hosts are not taken, because what they mean can change. */
export interface ListenAddress {
  readonly address: Address;
  readonly port: number;
}

/** Whether only this machine (or this network namespace) can reach it. */
export function isLoopback({ family, words }: Address): boolean {
  const [first = 0, second = 0, third = 0, fourth = 0] = words;
  return family === 4 ? first >>> 24 === 127 : first === 0 && second === 0 && third === 0 && fourth === 1;
}

/** `127.0.0.1:9477`, `[::1]:9477`, or `none`. */
export const listenAddress: SettingKind<ListenAddress | 'none'> = {
  placeholder: 'ADDRESS:PORT|none',
  read: readListenAddress,
  write: (value) => (value === 'none' ? value : writeListenAddress(value)),
};

/** The text form of an address with its port. */
export function writeListenAddress({ address, port }: ListenAddress): string {
  const text = formatAddress(address);
  return address.family === 4 ? `${text}:${port}` : `[${text}]:${port}`;
}

function readListenAddress(text: string): Reading<ListenAddress | 'none'> {
  if (text === 'none') return { value: 'none' };
  const parts = /^(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)):(\d{1,5})$/.exec(text);
  const address = parseAddress(parts?.[1] ?? parts?.[2] ?? '');
  const port = Number(parts?.[3] ?? 0);
  if (address === undefined || port < 1 || port > 65_535) {
    return { problem: `'${text}' is no address with a port, like 127.0.0.1:9477 or [::1]:9477, and not 'none'` };
  }
  return { value: { address, port } };
}
