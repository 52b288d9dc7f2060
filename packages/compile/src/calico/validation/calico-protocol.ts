/** Protocols and ports as Calico writes them (`api/pkg/lib/numorstring`). */
import { hasPorts, type PortRange, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { CalicoPort, CalicoProtocol } from '../objects/calico-policy.ts';

const numbersByName: ReadonlyMap<string, ProtocolNumber> = new Map(
  Object.entries(protocolNumber).map(([name, number]) => [name.toLowerCase(), number]),
);

/** The protocol's number; names count whatever the case of their letters. Undefined: there is no such protocol. */
export function calicoProtocolNumber(protocol: CalicoProtocol): ProtocolNumber | undefined {
  if (typeof protocol === 'string') {
    return numbersByName.get(protocol.toLowerCase()) ?? (/^[1-9][0-9]{0,2}$/.test(protocol) ? inRange(Number(protocol)) : undefined);
  }
  return inRange(protocol);
}

function inRange(number: number): ProtocolNumber | undefined {
  return number >= 1 && number <= 255 ? number : undefined;
}

/** Whether rules may ask for ports of the protocol: those that Calico's data planes know with ports. */
export function isPortProtocol(protocol: ProtocolNumber): boolean {
  return hasPorts(protocol) && protocol !== protocolNumber.UDPLite;
}

/** A range of numbers, or a name. */
export type ReadPort = { readonly range: PortRange } | { readonly name: string };

/** What a port is; undefined when it is neither a number from 1 to 65535, nor `first:last`, nor a name. */
export function readCalicoPort(port: CalicoPort): ReadPort | undefined {
  if (typeof port === 'number') return rangeOf(port, port);
  const range = /^([0-9]{1,5}):([0-9]{1,5})$/.exec(port);
  if (range !== null) return rangeOf(Number(range[1]), Number(range[2]));
  if (/^[0-9]{1,5}$/.test(port)) return rangeOf(Number(port), Number(port));
  return /^[a-zA-Z0-9_.-]{1,128}$/.test(port) ? { name: port } : undefined;
}

function rangeOf(first: number, last: number): ReadPort | undefined {
  return first >= 1 && first <= last && last <= 65_535 ? { range: { first, last } } : undefined;
}
