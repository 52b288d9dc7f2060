/**
 * SCTP packets over raw sockets, in a network namespace or in the process's own.
 *
 * In a sandbox the kernel package is mounted beside the programs; it is loaded when the first program asks for SCTP.
 */
import { claimPort, RawSocket } from '@weir/kernel';
import { addressFromBytes, defined, formatAddress, type ProtocolNumber, parseAddress } from '@weir/net';
import type { SctpDoor } from './sctp-stack.ts';

const sctp = 132;
const icmp = 1;
const icmp6 = 58;
const unreachable = { 4: 3, 6: 1 } as const;
/** Codes of "unreachable" that mean that nobody listens: protocol or port, of ICMP; port and bad next header, of ICMPv6. */
const nobodyCodes = { 4: new Set([2, 3]), 6: new Set([4]) } as const;

/** Opens the door to a namespace, or to the process's own. Throws `EPERM` without the right to open raw sockets. */
export function openRawSctpDoor(netns?: string): SctpDoor {
  const open = (family: 4 | 6, protocol: ProtocolNumber): RawSocket =>
    new RawSocket({ family, protocol, ...(netns === undefined ? {} : { netns }) });
  const sockets = { 4: open(4, sctp), 6: open(6, sctp) };
  const errors = { 4: open(4, icmp), 6: open(6, icmp6) };
  return {
    send: (packet, destination) => {
      const address = defined(parseAddress(destination), `${destination} is an address`);
      sockets[address.family].send(packet, address);
    },
    follow: (onPacket, onUnreachable) => {
      for (const family of [4, 6] as const) {
        sockets[family].follow(({ payload, source }) => onPacket(payload, formatAddress(source)));
        errors[family].follow(({ payload }) => {
          const quoted = quotedPacket(family, payload);
          if (quoted !== undefined) onUnreachable(quoted.payload, quoted.destination);
        });
      }
    },
    claim: (port) => claimPort(netns, `weir-sctp-${port}`),
    close: () => {
      for (const socket of [...Object.values(sockets), ...Object.values(errors)]) socket.close();
    },
  };
}

/** The SCTP packet that an ICMP error quotes, and where it was going; undefined for all other messages. */
function quotedPacket(family: 4 | 6, message: Buffer): { readonly payload: Buffer; readonly destination: string } | undefined {
  if (message[0] !== unreachable[family] || !nobodyCodes[family].has(message[1] ?? 0)) return undefined;
  const inner = message.subarray(8);
  const headerBytes = family === 4 ? ((inner[0] ?? 0) & 15) * 4 : 40;
  const protocol = family === 4 ? inner[9] : inner[6];
  if (protocol !== sctp || inner.length < headerBytes + 4) return undefined;
  const address = family === 4 ? inner.subarray(16, 20) : inner.subarray(24, 40);
  return { payload: inner.subarray(headerBytes), destination: formatAddress(addressFromBytes(address)) };
}
