/**
 * Services: families, cluster addresses and node ports (`pkg/registry/core/service/storage/alloc.go`).
 *
 * What is in use is read from the stored services inside the write transaction, so there is no second
 * book that could disagree with them.
 */
import {
  deepEqual,
  ensureObject,
  type FieldError,
  groupResource,
  type JsonObject,
  listAt,
  numberAt,
  objectAt,
  objectsAt,
  textAt,
} from '@weir/kube';
import { type Address, cidrContains, cidrFamily, cidrRange, defined, formatAddress, nextAddress, parseAddress, parseCidr } from '@weir/net';
import { invalid } from '../errors/api-error.ts';
import type { StoreTransaction } from '../storage/object-store.ts';

/** Ports that are given out for NodePort services, as upstream's default. */
const nodePortFirst = 30_000;
const nodePortLast = 32_767;
const servicesResource = groupResource({ group: '', plural: 'services' });

/** What the allocation must know. */
export interface ServiceAllocation {
  readonly transaction: StoreTransaction;
  /** The primary family first. */
  readonly serviceCidrs: readonly string[];
  /** The state before, on an update. */
  readonly old: Readonly<JsonObject> | undefined;
}

type FamilyName = 'IPv4' | 'IPv6';

/** Gives a service its families, addresses and node ports; changes it. Throws 422 when that cannot be. */
export function allocateService(service: JsonObject, allocation: ServiceAllocation): JsonObject {
  const spec = ensureObject(service, 'spec');
  const before = objectAt(allocation.old, 'spec');
  const used = usedBy(allocation.transaction, textAt(objectAt(service, 'metadata'), 'uid'));
  const errors: FieldError[] = [];
  if (textAt(spec, 'type') === 'ExternalName') clearAddresses(spec);
  else {
    if (before !== undefined) keepAddresses(spec, before);
    errors.push(...allocateAddresses(spec, allocation.serviceCidrs, used.addresses));
  }
  errors.push(...allocateNodePorts(spec, before, used.nodePorts));
  if (errors.length > 0) throw invalid({ group: '', kind: 'Service' }, textAt(objectAt(service, 'metadata'), 'name'), errors);
  return service;
}

interface Used {
  readonly addresses: Set<string>;
  /** `protocol/port`. */
  readonly nodePorts: Set<string>;
}

function usedBy(transaction: StoreTransaction, exceptUid: string): Used {
  const used: Used = { addresses: new Set(), nodePorts: new Set() };
  for (const { object } of transaction.list({ resource: servicesResource })) {
    if (textAt(objectAt(object.json, 'metadata'), 'uid') === exceptUid) continue;
    const spec = objectAt(object.json, 'spec');
    for (const address of listAt(spec, 'clusterIPs')) used.addresses.add(String(address));
    for (const port of objectsAt(spec, 'ports')) used.nodePorts.add(`${textAt(port, 'protocol')}/${numberAt(port, 'nodePort') ?? 0}`);
  }
  return used;
}

/** An update that leaves the addresses out keeps them. */
function keepAddresses(spec: JsonObject, before: JsonObject): void {
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

function clearAddresses(spec: JsonObject): void {
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']) delete spec[field];
  if (textAt(spec, 'clusterIP') === '') delete spec['clusterIP'];
}

function allocateAddresses(spec: JsonObject, serviceCidrs: readonly string[], used: Set<string>): FieldError[] {
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

function allocateNodePorts(spec: JsonObject, before: JsonObject | undefined, used: Set<string>): FieldError[] {
  const type = textAt(spec, 'type');
  const ports = objectsAt(spec, 'ports');
  const needed = type === 'NodePort' || (type === 'LoadBalancer' && spec['allocateLoadBalancerNodePorts'] !== false);
  if (!needed) {
    // A service that is no longer reached from outside gives its ports back, unless a port was asked for anew.
    const old = new Set(objectsAt(before, 'ports').map((port) => numberAt(port, 'nodePort') ?? 0));
    for (const port of ports) if (old.has(numberAt(port, 'nodePort') ?? 0)) delete port['nodePort'];
    return type === 'LoadBalancer' ? [] : ports.flatMap(forbiddenNodePort);
  }
  const errors: FieldError[] = [];
  for (const [i, port] of ports.entries()) {
    const protocol = textAt(port, 'protocol');
    const wanted = numberAt(port, 'nodePort') ?? oldNodePort(before, port);
    const result = takeNodePort(protocol, wanted, used);
    if (typeof result === 'number') {
      port['nodePort'] = result;
      used.add(`${protocol}/${result}`);
    } else errors.push({ ...result, field: `spec.ports[${i}].nodePort` });
  }
  return errors;
}

function forbiddenNodePort(port: JsonObject, index: number): FieldError[] {
  if ((numberAt(port, 'nodePort') ?? 0) === 0) return [];
  return [{ reason: 'FieldValueForbidden', field: `spec.ports[${index}].nodePort`, message: "may not be used when `type` is 'ClusterIP'" }];
}

function oldNodePort(before: JsonObject | undefined, port: JsonObject): number {
  const same = objectsAt(before, 'ports').find((old) => old['port'] === port['port'] && old['protocol'] === port['protocol']);
  return numberAt(same, 'nodePort') ?? 0;
}

function takeNodePort(protocol: string, wanted: number, used: ReadonlySet<string>): number | Omit<FieldError, 'field'> {
  const refuse = (message: string): Omit<FieldError, 'field'> => ({ reason: 'FieldValueInvalid', value: wanted, message });
  if (wanted !== 0) {
    if (wanted < nodePortFirst || wanted > nodePortLast) {
      return refuse(`provided port is not in the valid range. The range of valid ports is ${nodePortFirst}-${nodePortLast}`);
    }
    return used.has(`${protocol}/${wanted}`) ? refuse('provided port is already allocated') : wanted;
  }
  for (let port = nodePortFirst; port <= nodePortLast; port++) {
    if (!used.has(`${protocol}/${port}`)) return port;
  }
  return refuse('no free node ports are left');
}

function familyOfCidr(text: string): FamilyName {
  return cidrFamily(defined(parseCidr(text), `${text} is a CIDR block`)) === 4 ? 'IPv4' : 'IPv6';
}

function familyOfAddress(text: string): FamilyName | undefined {
  const address = parseAddress(text);
  return address === undefined ? undefined : address.family === 4 ? 'IPv4' : 'IPv6';
}
