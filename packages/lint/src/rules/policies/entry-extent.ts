/** What members of lists of blocks, ports and names say, in the words of every policy API. */
import { parseApiCidr } from '@weir/kube';
import { type AddressRange, cidrRange, type PortRange, parseAddress, portMax, portMin } from '@weir/net';
import { coversName, isWithinRanges } from './covers-side.ts';

/** What a member means. */
export type Extent =
  | { readonly kind: 'addresses'; readonly range: AddressRange }
  | { readonly kind: 'ports'; readonly protocol: string; readonly range: PortRange }
  | { readonly kind: 'port name'; readonly protocol: string; readonly name: string }
  | { readonly kind: 'domain'; readonly pattern: string };

const blockLists: ReadonlySet<string> = new Set(['nets', 'notNets', 'networks', 'except']);
const portLists: ReadonlySet<string> = new Set(['ports', 'notPorts', 'protocols']);

/** Every protocol. */
const anyProtocol = 'ANY';

/** What a member of the list of a name means; `protocol` is what ports have where they name none. Undefined for other lists. */
export function extentOf(list: string, member: unknown, protocol: 'TCP' | 'ANY'): Extent | undefined {
  if (blockLists.has(list)) return typeof member === 'string' ? extentOfBlock(member) : undefined;
  if (portLists.has(list)) return typeof member === 'object' && member !== null ? extentOfObject(member, protocol) : plainPort(member);
  return list === 'domainNames' && typeof member === 'string' ? extentOfDomain(member) : undefined;
}

/** Whether all that a member means is meant by another one. */
export function coversExtent(outer: Extent, inner: Extent): boolean {
  if (outer.kind === 'addresses') return inner.kind === 'addresses' && isWithinRanges([inner.range], [outer.range]);
  if (outer.kind === 'domain') return inner.kind === 'domain' && coversName(outer.pattern, inner.pattern);
  if (inner.kind !== 'ports' && inner.kind !== 'port name') return false;
  if (outer.protocol !== anyProtocol && outer.protocol !== inner.protocol) return false;
  if (outer.kind === 'port name') return inner.kind === 'port name' && inner.name === outer.name;
  if (inner.kind === 'port name') return outer.range.first <= 1 && outer.range.last === portMax;
  return outer.range.first <= inner.range.first && inner.range.last <= outer.range.last;
}

function extentOfBlock(text: string): Extent | undefined {
  const block = parseApiCidr(text);
  const address = parseAddress(text);
  if (block !== undefined) return { kind: 'addresses', range: cidrRange(block) };
  return address === undefined ? undefined : { kind: 'addresses', range: { first: address, last: address } };
}

/** `*.` is one label or more with administrators. */
function extentOfDomain(text: string): Extent {
  const name = text.toLowerCase().replace(/\.$/, '');
  return { kind: 'domain', pattern: name.startsWith('*.') ? `*${name}` : name };
}

/** Calico's ports, whose protocol is the rule's: a number, `first:last`, or a name. */
function plainPort(value: unknown): Extent | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const [, first, last = first] = /^(\d+)(?::(\d+))?$/.exec(String(value)) ?? [];
  if (first === undefined) return { kind: 'port name', protocol: anyProtocol, name: String(value) };
  return { kind: 'ports', protocol: anyProtocol, range: { first: Number(first), last: Number(last) } };
}

interface PortFields {
  readonly port?: unknown;
  readonly endPort?: unknown;
  readonly protocol?: unknown;
  readonly portNumber?: { readonly protocol?: string; readonly port?: number };
  readonly portRange?: { readonly protocol?: string; readonly start?: number; readonly end?: number };
  readonly namedPort?: unknown;
  readonly destinationNamedPort?: unknown;
}

function extentOfObject(fields: PortFields & object, protocol: 'TCP' | 'ANY'): Extent | undefined {
  const { portNumber, portRange, namedPort, destinationNamedPort } = fields;
  const name = namedPort ?? destinationNamedPort;
  if (typeof name === 'string') return { kind: 'port name', protocol: anyProtocol, name };
  if (portNumber !== undefined) return extentOfRange(portNumber.protocol ?? 'TCP', portNumber.port, portNumber.port);
  if (portRange !== undefined) return extentOfRange(portRange.protocol ?? 'TCP', portRange.start, portRange.end);
  for (const transport of ['tcp', 'udp', 'sctp']) {
    if (transport in fields) return extentOfTransport(transport, (fields as Readonly<Record<string, TransportPorts>>)[transport]);
  }
  return extentOfPort(fields, protocol);
}

interface TransportPorts {
  readonly destinationPort?: { readonly number?: number; readonly range?: { readonly start?: number; readonly end?: number } };
}

function extentOfTransport(transport: string, { destinationPort: { number, range } = {} }: TransportPorts = {}): Extent | undefined {
  return extentOfRange(transport.toUpperCase(), range?.start ?? number, range?.end ?? number);
}

/** NetworkPolicy has numbers and leaves the port out for all of them; Cilium has texts and writes 0. */
function extentOfPort({ port, endPort, protocol }: PortFields, otherwise: 'TCP' | 'ANY'): Extent | undefined {
  const named = typeof protocol === 'string' && protocol !== '' ? protocol.toUpperCase() : otherwise;
  const number = typeof port === 'string' && /^\d+$/.test(port) ? Number(port) : port;
  if (typeof number === 'string') return { kind: 'port name', protocol: named, name: number };
  const last = typeof endPort === 'number' && endPort > 0 ? endPort : undefined;
  if (number === undefined || (number === 0 && last === undefined)) return extentOfRange(named, portMin, portMax);
  if (typeof number !== 'number') return undefined;
  return extentOfRange(named, number, Math.max(number, last ?? number));
}

function extentOfRange(protocol: string, first: number | undefined, last: number | undefined): Extent | undefined {
  return first === undefined || last === undefined ? undefined : { kind: 'ports', protocol, range: { first, last } };
}
