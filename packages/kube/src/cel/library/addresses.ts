/** Kubernetes' types net.IP and net.CIDR. IPv4-mapped addresses and zones are refused, as upstream does. */
import {
  type Address,
  type Cidr,
  cidrContains,
  cidrContainsCidr,
  cidrRange,
  compareAddresses,
  defined,
  formatAddress,
  parseAddress,
  parseCidr,
} from '@weir/net';
import { CelError } from '../cel-error.ts';
import { type CelValue, OpaqueValue } from '../values/cel-value.ts';
import { namespaced, type Overload, overload, traversalCost } from './function-table.ts';

/** An address. */
class CelIp extends OpaqueValue {
  readonly typeName = 'net.IP';
  readonly address: Address;

  constructor(address: Address) {
    super();
    this.address = address;
  }

  override equals(other: CelIp): boolean {
    return compareAddresses(this.address, other.address) === 0;
  }
}

/** A range as it is written: the address need not be the first of the range. */
class CelCidr extends OpaqueValue {
  readonly typeName = 'net.CIDR';
  readonly cidr: Cidr;
  readonly address: Address;
  readonly prefixLength: number;

  constructor(cidr: Cidr, address: Address, prefixLength: number) {
    super();
    this.cidr = cidr;
    this.address = address;
    this.prefixLength = prefixLength;
  }

  override equals(other: CelCidr): boolean {
    return this.prefixLength === other.prefixLength && compareAddresses(this.address, other.address) === 0;
  }

  text(): string {
    return `${formatAddress(this.address)}/${this.prefixLength}`;
  }
}

function findIp(text: string): CelIp | undefined {
  if (/^::ffff:\d+\./i.test(text) || text.includes('%')) return undefined;
  const address = parseAddress(text);
  return address === undefined ? undefined : new CelIp(address);
}

function findCidr(text: string): CelCidr | undefined {
  const [host = '', length = ''] = text.split('/');
  const address = findIp(host)?.address;
  const cidr = address === undefined || !/^(0|[1-9]\d*)$/.test(length) ? undefined : parseCidr(text);
  return address === undefined || cidr === undefined ? undefined : new CelCidr(cidr, address, Number(length));
}

function ipIn(text: string): CelIp {
  const found = findIp(text);
  if (found === undefined) throw new CelError(`IP Address ${JSON.stringify(text)} parse error during conversion from string`);
  return found;
}

function cidrIn(text: string): CelCidr {
  const found = findCidr(text);
  if (found === undefined) throw new CelError(`network address parse error during conversion from string: ${JSON.stringify(text)}`);
  return found;
}

const asIp = (value: CelValue | undefined): Address => (typeof value === 'string' ? ipIn(value) : (value as CelIp)).address;
const asCidr = (value: CelValue | undefined): CelCidr => (typeof value === 'string' ? cidrIn(value) : (value as CelCidr));

/** Ranges that the questions about an address ask for, by family. */
const ranges: Readonly<Record<string, readonly string[]>> = {
  isUnspecified: ['0.0.0.0/32', '::/128'],
  isLoopback: ['127.0.0.0/8', '::1/128'],
  isLinkLocalMulticast: ['224.0.0.0/24', 'ff02::/16', 'ff12::/16'],
  isLinkLocalUnicast: ['169.254.0.0/16', 'fe80::/10'],
};
const multicast = ['224.0.0.0/4', 'ff00::/8', '255.255.255.255/32'];

function isIn(address: Address, texts: readonly string[] | undefined): boolean {
  return (texts ?? []).some((text) => cidrContains(defined(parseCidr(text), 'the table holds ranges'), address));
}

function isGlobalUnicast(address: Address): boolean {
  return !isIn(address, [...multicast, ...Object.values(ranges).flat()]);
}

const addressFunctions: readonly Overload[] = [
  overload('ip(string) net.IP', ([text]) => ipIn(text as string), traversalCost),
  overload('isIP(string) bool', ([text]) => findIp(text as string) !== undefined, traversalCost),
  namespaced('ip', 'isCanonical(string) bool', ([text]) => formatAddress(ipIn(text as string).address) === text, traversalCost),
  overload('string(net.IP) string', ([value]) => formatAddress(asIp(value))),
  overload('net.IP.family() int', ([value]) => BigInt(asIp(value).family)),
  ...Object.entries(ranges).map(([name, texts]) => overload(`net.IP.${name}() bool`, ([value]) => isIn(asIp(value), texts))),
  overload('net.IP.isGlobalUnicast() bool', ([value]) => isGlobalUnicast(asIp(value))),
];

const rangeFunctions: readonly Overload[] = [
  overload('cidr(string) net.CIDR', ([text]) => cidrIn(text as string), traversalCost),
  overload('isCIDR(string) bool', ([text]) => findCidr(text as string) !== undefined, traversalCost),
  overload('string(net.CIDR) string', ([value]) => asCidr(value).text()),
  ...['net.IP', 'string'].map((type) =>
    overload(`net.CIDR.containsIP(${type}) bool`, ([range, ip]) => cidrContains(asCidr(range).cidr, asIp(ip)), traversalCost),
  ),
  ...['net.CIDR', 'string'].map((type) =>
    overload(
      `net.CIDR.containsCIDR(${type}) bool`,
      ([outer, inner]) => cidrContainsCidr(asCidr(outer).cidr, asCidr(inner).cidr),
      traversalCost,
    ),
  ),
  overload('net.CIDR.ip() net.IP', ([value]) => new CelIp(asCidr(value).address)),
  overload('net.CIDR.masked() net.CIDR', ([value]) => {
    const range = asCidr(value);
    return new CelCidr(range.cidr, cidrRange(range.cidr).first, range.prefixLength);
  }),
  overload('net.CIDR.prefixLength() int', ([value]) => BigInt(asCidr(value).prefixLength)),
];

/** The functions of addresses and ranges. */
export const addressLibrary: readonly Overload[] = [...addressFunctions, ...rangeFunctions];
