/** Families and cluster addresses of services (`pkg/registry/core/service/storage/alloc.go`). */
import { deepEqual, type FieldError, type JsonObject, listAt, textAt } from '@weir/kube';
import { type Address, cidrContains, cidrFamily, cidrRange, defined, formatAddress, nextAddress, parseAddress, parseCidr } from '@weir/net';

type FamilyName = 'IPv4' | 'IPv6';

/** An update that leaves the addresses out keeps them. */
export function keepAddresses(spec: JsonObject, before: JsonObject): void {
  if (textAt(before, 'type') === 'ExternalName') return;
  const wanted = textAt(spec, 'clusterIP');
  // Only one of the two says the new address: the other follows, so that validation sees (and refuses) the change.
  if (wanted !== '' && wanted !== before['clusterIP'] && isSameOrAbsent(spec['clusterIPs'], before['clusterIPs'])) {
    spec['clusterIPs'] = [wanted, ...listAt(spec, 'clusterIPs').slice(1)];
  }
  for (const field of ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) {
    const present = spec[field];
    if (present === undefined || present === '' || (Array.isArray(present) && present.length === 0)) {
      if (before[field] !== undefined) spec[field] = before[field];
    }
  }
}

function isSameOrAbsent(list: unknown, before: unknown): boolean {
  return list === undefined || (Array.isArray(list) && (list.length === 0 || deepEqual(list, before)));
}

/** An ExternalName service has none. */
export function clearAddresses(spec: JsonObject): void {
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field];
  if (textAt(spec, 'clusterIP') === '') delete spec['clusterIP'];
}

/** Chooses families and gives an address of each that is asked for; what cannot be is an error of its field. */
export function allocateAddresses(spec: JsonObject, serviceCidrs: readonly string[], used: Set<string>): FieldError[] {
  const ranges = new Map(serviceCidrs.map((text) => [familyOfCidr(text), text]));
  const asked = addressesAskedFor(spec);
  const headless = asked[0] === 'None';
  const families = chooseFamilies(spec, [...ranges.keys()], headless ? [] : asked);
  if ('reason' in families) return [families];
  spec['ipFamilies'] = families;
  if (textAt(spec, 'ipFamilyPolicy') === '') spec['ipFamilyPolicy'] = 'SingleStack';
  const errors: FieldError[] = [];
  const addresses = headless
    ? ['None']
    : families.map((family, i) => {
        const wanted = asked[i] ?? '';
        const result = takeAddress(defined(ranges.get(family), 'the family has a range'), wanted, used);
        if (typeof result === 'string') return result;
        errors.push({ ...result, field: `spec.clusterIPs[${i}]` });
        return wanted;
      });
  spec['clusterIPs'] = addresses;
  spec['clusterIP'] = addresses[0];
  return errors;
}

function addressesAskedFor(spec: JsonObject): string[] {
  const list = listAt(spec, 'clusterIPs').map(String);
  if (list.length > 0) return list;
  const single = textAt(spec, 'clusterIP');
  return single === '' ? [] : [single];
}

/** The families of the service in their order, or why they cannot be had. */
function chooseFamilies(spec: JsonObject, served: readonly FamilyName[], asked: readonly string[]): FamilyName[] | FieldError {
  const wanted = listAt(spec, 'ipFamilies') as FamilyName[];
  const fromAddresses = asked.flatMap((text) => familyOfAddress(text) ?? []);
  const [first = served[0]] = wanted.length > 0 ? wanted : fromAddresses;
  const policy = textAt(spec, 'ipFamilyPolicy');
  for (const [i, family] of wanted.entries()) {
    if (served.includes(family)) continue;
    const message = 'not configured on this cluster';
    return { reason: 'FieldValueInvalid', field: `spec.ipFamilies[${i}]`, value: family, message };
  }
  const primary = defined(first, 'a server has at least one service range');
  if (policy === 'RequireDualStack' && served.length < 2) {
    const message = 'this cluster is not configured for dual-stack services';
    return { reason: 'FieldValueInvalid', field: 'spec.ipFamilyPolicy', value: policy, message };
  }
  if (policy !== 'RequireDualStack' && policy !== 'PreferDualStack') {
    if (wanted.length < 2 && asked.length < 2) return [primary];
    if (policy === 'SingleStack') {
      const message = "may only hold one value when `ipFamilyPolicy` is 'SingleStack'";
      return { reason: 'FieldValueInvalid', field: 'spec.ipFamilies', value: wanted, message };
    }
    spec['ipFamilyPolicy'] = 'RequireDualStack';
  }
  const second = wanted[1] ?? served.find((family) => family !== primary);
  return second === undefined ? [primary] : [primary, second];
}

/** The wanted address when it is free and in the range, else the lowest free one. */
function takeAddress(cidrText: string, wanted: string, used: Set<string>): string | Omit<FieldError, 'field'> {
  const cidr = defined(parseCidr(cidrText), `${cidrText} is a CIDR block`);
  if (wanted !== '') {
    const address = parseAddress(wanted);
    const refuse = (message: string): Omit<FieldError, 'field'> => ({ reason: 'FieldValueInvalid', value: wanted, message });
    if (address === undefined) return refuse('must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)');
    if (!cidrContains(cidr, address)) {
      return refuse(
        `failed to allocate IP ${wanted}: the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${cidrText}`,
      );
    }
    if (used.has(formatAddress(address))) return refuse(`failed to allocate IP ${wanted}: provided IP is already allocated`);
    return formatAddress(address);
  }
  const { first, last } = cidrRange(cidr);
  const lastText = formatAddress(last);
  // The network's own address is never given out, nor the last one of an IPv4 range.
  for (let address: Address | undefined = nextAddress(first); address !== undefined; address = nextAddress(address)) {
    const text = formatAddress(address);
    if (text === lastText) break;
    if (!used.has(text)) return text;
  }
  return { reason: 'FieldValueInvalid', value: '', message: 'failed to allocate a serviceIP: range is full' };
}

function familyOfCidr(text: string): FamilyName {
  return cidrFamily(defined(parseCidr(text), `${text} is a CIDR block`)) === 4 ? 'IPv4' : 'IPv6';
}

function familyOfAddress(text: string): FamilyName | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : address.family === 4 ? 'IPv4' : 'IPv6';
}
