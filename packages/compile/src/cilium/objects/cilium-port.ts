/**
 * Ports and protocols as Cilium writes them: texts that hold a number or the name of a port.
 *
 * A text with a letter is a name in the form of IANA's service names (RFC 6335 §5.1), anything else a number as Go's
 * `strconv.ParseUint` reads it without a base: a leading zero makes it octal.
 */
import { type ProtocolNumber, protocolNumber } from '@weir/net';

/** What a port's text says; number 0 stands for every port. */
export type CiliumPortText = { readonly number: number } | { readonly name: string };

const serviceName = /^(?=.{1,15}$)(?=.*[a-zA-Z])[a-zA-Z0-9]+(-[a-zA-Z0-9]+)*$/;

/** The port, or undefined when the text is neither a name nor a number of 16 bits. */
export function readCiliumPort(text: string): CiliumPortText | undefined {
  if (serviceName.test(text)) return { name: text.toLowerCase() };
  const value = /^0[0-7]+$/.test(text) ? Number.parseInt(text, 8) : /^(0|[1-9][0-9]*)$/.test(text) ? Number(text) : undefined;
  return value === undefined || value > 65_535 ? undefined : { number: value };
}

const { TCP, UDP, SCTP } = protocolNumber;

/** Protocols by their names in any case; no name and `ANY` are all three that have ports. */
export function readCiliumProtocol(name: string | undefined): readonly ProtocolNumber[] | undefined {
  switch ((name ?? '').toUpperCase()) {
    case '':
    case 'ANY':
      return [TCP, UDP, SCTP];
    case 'TCP':
      return [TCP];
    case 'UDP':
      return [UDP];
    case 'SCTP':
      return [SCTP];
    default:
      return undefined;
  }
}
