/** Ports as people write them. */
import type { FlowRequest } from '@weir/analyze';
import { usageError } from './exit-code.ts';

/** `80`, `53/UDP`, `icmp`. */
export function parsePort(text: string): Pick<FlowRequest, 'protocol' | 'port'> {
  if (/^icmp$/i.test(text)) return { protocol: 'ICMP' };
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65535) {
    throw usageError(`'${text}' is no port: write 80, 53/UDP, 9000/SCTP or icmp`);
  }
  return { port, protocol: (match[2]?.toUpperCase() ?? 'TCP') as 'TCP' | 'UDP' | 'SCTP' };
}
