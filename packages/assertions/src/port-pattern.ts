/** Ports and messages in assertions, and the traffic that stands for them. */
import type { IcmpMessages } from '@weir/model';
import { formatPortRange, type PortRange, portMax, type TransportName, transportNumber } from '@weir/net';

/** `80`, `53/UDP`, `8000-8080`, `http` (by its name on the pod that is connected to), `icmp/8`. */
export type PortPattern =
  | { readonly kind: 'range'; readonly protocol: TransportName; readonly range: PortRange }
  | { readonly kind: 'named'; readonly protocol: TransportName; readonly name: string }
  | { readonly kind: 'icmp'; readonly message?: Required<IcmpMessages> };

/** Reads a port; undefined when it is none. */
export function parsePortPattern(text: string): PortPattern | undefined {
  if (/^icmp(\/|$)/i.test(text)) return parseMessage(text);
  const match = /^(?:(\d{1,5})(?:-(\d{1,5}))?|([a-z0-9](?:[-a-z0-9]{0,13}[a-z0-9])?))(?:\/(tcp|udp|sctp))?$/i.exec(text);
  if (match === null) return undefined;
  const [, firstText, lastText, name, protocolText = 'TCP'] = match;
  const protocol = protocolText.toUpperCase() as TransportName;
  if (name !== undefined) return /[a-z]/i.test(name) ? { kind: 'named', protocol, name } : undefined;
  const first = Number(firstText);
  const last = lastText === undefined ? first : Number(lastText);
  return first >= 1 && first <= last && last <= portMax ? { kind: 'range', protocol, range: { first, last } } : undefined;
}

/** A message without a code has code 0, as most have: a packet has both. */
function parseMessage(text: string): PortPattern | undefined {
  const [, type, code = '0', ...rest] = text.split('/');
  if (type === undefined) return { kind: 'icmp' };
  const isByte = (number: string): boolean => /^\d{1,3}$/.test(number) && Number(number) <= 255;
  return isByte(type) && isByte(code) && rest.length === 0
    ? { kind: 'icmp', message: { type: Number(type), code: Number(code) } }
    : undefined;
}

/** As people write it: `TCP 80`, `UDP 53`, `ICMP type 8 code 0`. */
export function describePortPattern(pattern: PortPattern): string {
  if (pattern.kind === 'range') return `${pattern.protocol} ${formatPortRange(pattern.range)}`;
  if (pattern.kind === 'named') return `${pattern.protocol} ${pattern.name}`;
  return pattern.message === undefined ? 'ICMP' : `ICMP type ${pattern.message.type} code ${pattern.message.code}`;
}

/** Those of the patterns that are numbers of a protocol. */
export function rangesOf(patterns: readonly PortPattern[], protocol: number): PortRange[] {
  return patterns.flatMap((pattern) => (pattern.kind === 'range' && transportNumber(pattern.protocol) === protocol ? [pattern.range] : []));
}
