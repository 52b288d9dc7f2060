/** Ports as people write them. */
import type { FlowRequest } from '@weir/analyze';
import { usageError } from './exit-code.ts';

/** `80`, `53/UDP`, `icmp`, `icmp/8` (a message by its type), `icmp/3/4` (with its code). */
export function parsePort(text: string): Pick<FlowRequest, 'protocol' | 'icmp'> & { readonly port?: number } {
  if (/^icmp(\/|$)/i.test(text)) return { protocol: 'ICMP', ...parseMessage(text) };
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65535) {
    const range = /^\d+-\d+/.test(text) ? '; weir matrix --from SRC --to DST tells of all ports' : '';
    throw usageError(`'${text}' is no port: write 80, 53/UDP, 9000/SCTP, icmp or icmp/8${range}`);
  }
  return { port, protocol: (match[2]?.toUpperCase() ?? 'TCP') as 'TCP' | 'UDP' | 'SCTP' };
}

/** As {@link parsePort}, and also by a name that the destination has for its port: `http`, `dns/UDP`. */
export function parsePortOrName(text: string): Pick<FlowRequest, 'protocol' | 'port' | 'icmp'> {
  const match = /^(?=[^/]*[a-z])([a-z0-9]+(?:-[a-z0-9]+)*)(?:\/(tcp|udp|sctp))?$/.exec(
    text.replace(/\/.*/, (protocol) => protocol.toLowerCase()),
  );
  const [, name, protocol = 'tcp'] = match ?? [];
  if (name === undefined || name === 'icmp' || name.length > 15) return parsePort(text);
  return { port: name, protocol: protocol.toUpperCase() as 'TCP' | 'UDP' | 'SCTP' };
}

/** A message without a code has code 0, as most have: a packet has both. */
function parseMessage(text: string): Pick<FlowRequest, 'icmp'> {
  const [, type, code = '0', ...rest] = text.split('/');
  if (type === undefined) return {};
  const isByte = (number: string): boolean => /^\d{1,3}$/.test(number) && Number(number) <= 255;
  if (!isByte(type) || !isByte(code) || rest.length > 0) {
    throw usageError(`'${text}' is no message of ICMP: write icmp/TYPE or icmp/TYPE/CODE, each a number from 0 to 255, for example icmp/8`);
  }
  return { icmp: { type: Number(type), code: Number(code) } };
}
