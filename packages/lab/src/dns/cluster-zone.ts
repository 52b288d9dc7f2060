/**
 * The names of a cluster: values in, a table of names out.
 *
 * Follows "Kubernetes DNS-Based Service Discovery" (kubernetes/dns, specification 1.1.0): services,
 * headless services with a record per endpoint, SRV for named ports, PTR for both. Names in the
 * table are lower case and without a final dot; a name above an existing one exists too, without
 * records (RFC 8020), so that it is answered with "no data" rather than "no such name".
 */
import type { EndpointSlice, Namespace, Service } from '@weir/kube';
import { addToGroup, parseAddress } from '@weir/net';
import { clusterIpsOf, serviceNameLabel } from '../services/service-port.ts';

/** The records of one name, by type. */
export interface NameRecords {
  readonly A: string[];
  readonly AAAA: string[];
  readonly SRV: { readonly port: number; readonly target: string }[];
  readonly PTR: string[];
  readonly CNAME: string[];
  readonly TXT: string[];
}

/** All names of a cluster. */
export type ZoneTable = ReadonlyMap<string, NameRecords>;

/** The objects that names come from. */
export interface ZoneObjects {
  /** The cluster's domain, `cluster.local`. */
  readonly domain: string;
  readonly services: Iterable<Service>;
  readonly slices: Iterable<EndpointSlice>;
  readonly namespaces: Iterable<Namespace>;
}

/** Builds the table. */
export function buildZone(objects: ZoneObjects): ZoneTable {
  const builder = new ZoneBuilder(objects.domain.toLowerCase());
  const slices = new Map<string, EndpointSlice[]>();
  for (const slice of objects.slices) {
    const key = `${slice.metadata.namespace ?? ''}/${slice.metadata.labels?.[serviceNameLabel] ?? ''}`;
    addToGroup(slices, key, slice);
  }
  for (const { metadata } of objects.namespaces) builder.addNamespace(metadata.name ?? '');
  for (const service of objects.services) {
    const key = `${service.metadata.namespace ?? ''}/${service.metadata.name ?? ''}`;
    builder.addService(service, slices.get(key) ?? []);
  }
  return builder.table();
}

/** The name under which an address is looked up in reverse: `4.3.2.1.in-addr.arpa`, or 32 nibbles under `ip6.arpa`. */
export function reverseName(text: string): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return undefined;
  if (address.family === 4) return `${text.split('.').reverse().join('.')}.in-addr.arpa`;
  const digits = address.words.map((word) => word.toString(16).padStart(8, '0')).join('');
  return `${Array.from(digits).reverse().join('.')}.ip6.arpa`;
}

/** The label that stands for an address in a name: `10-224-1-5`. */
function addressLabel(address: string): string {
  return address.replaceAll(/[.:]/g, '-');
}

class ZoneBuilder {
  readonly #domain: string;
  readonly #names = new Map<string, NameRecords>();

  constructor(domain: string) {
    this.#domain = domain;
    this.#name(domain);
    this.#name(`svc.${domain}`);
    this.#name(`pod.${domain}`);
    this.#name(`dns-version.${domain}`).TXT.push('1.1.0');
  }

  table(): ZoneTable {
    return this.#names;
  }

  addNamespace(name: string): void {
    this.#name(`${name}.svc.${this.#domain}`);
    this.#name(`${name}.pod.${this.#domain}`);
  }

  addService(service: Service, slices: readonly EndpointSlice[]): void {
    const name = `${service.metadata.name ?? ''}.${service.metadata.namespace ?? ''}.svc.${this.#domain}`.toLowerCase();
    const { spec } = service;
    if (spec?.type === 'ExternalName') {
      if (spec.externalName !== undefined) this.#name(name).CNAME.push(spec.externalName);
      return;
    }
    const clusterIps = clusterIpsOf(service);
    if (clusterIps.length > 0) this.#addClusterIpService(service, name, clusterIps);
    else if (spec?.clusterIP === 'None') this.#addHeadlessService(name, slices);
  }

  #addClusterIpService(service: Service, name: string, clusterIps: readonly string[]): void {
    for (const address of clusterIps) {
      this.#addAddress(name, address);
      this.#addReverse(address, name);
    }
    for (const port of service.spec?.ports ?? []) this.#addPort(name, port, name);
  }

  #addHeadlessService(name: string, slices: readonly EndpointSlice[]): void {
    for (const slice of slices) {
      if (slice.addressType === 'FQDN') continue;
      for (const endpoint of slice.endpoints ?? []) {
        if (endpoint.conditions?.ready === false) continue;
        for (const address of endpoint.addresses) {
          const own = `${endpoint.hostname ?? addressLabel(address)}.${name}`.toLowerCase();
          this.#addAddress(name, address);
          this.#addAddress(own, address);
          this.#addReverse(address, own);
          for (const port of slice.ports ?? []) if (port.port !== undefined) this.#addPort(name, { ...port, port: port.port }, own);
        }
      }
    }
  }

  #addPort(service: string, port: { name?: string; protocol?: string; port: number }, target: string): void {
    if (port.name === undefined || port.name === '') return;
    const { SRV } = this.#name(`_${port.name}._${(port.protocol ?? 'TCP').toLowerCase()}.${service}`);
    if (!SRV.some((each) => each.port === port.port && each.target === target)) SRV.push({ port: port.port, target });
  }

  #addAddress(name: string, address: string): void {
    const records = this.#name(name);
    const list = parseAddress(address)?.family === 6 ? records.AAAA : records.A;
    if (!list.includes(address)) list.push(address);
  }

  #addReverse(address: string, name: string): void {
    const reverse = reverseName(address);
    if (reverse === undefined) return;
    // One set of records of its own: the names above it in the tree are not ours.
    let records = this.#names.get(reverse);
    if (records === undefined) {
      records = emptyRecords();
      this.#names.set(reverse, records);
    }
    if (!records.PTR.includes(name)) records.PTR.push(name);
  }

  /** The records of a name in the domain; the names between it and the domain come into being with it. */
  #name(name: string): NameRecords {
    const known = this.#names.get(name);
    if (known !== undefined) return known;
    const records = emptyRecords();
    this.#names.set(name, records);
    const parent = name.slice(name.indexOf('.') + 1);
    if (parent.length > this.#domain.length) this.#name(parent);
    return records;
  }
}

function emptyRecords(): NameRecords {
  return { A: [], AAAA: [], SRV: [], PTR: [], CNAME: [], TXT: [] };
}
