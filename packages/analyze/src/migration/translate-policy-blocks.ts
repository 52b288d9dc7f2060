/**
 * Objects of the policy APIs of Calico, Cilium and administrators, and what these refer to, with their blocks of addresses
 * in those of another cluster: each list of blocks holds the same pods and nodes there, and the same addresses outside.
 */
import type { KubeObject } from '@weir/kube';
import { formatAddress, parseAddress } from '@weir/net';
import { type BlockTranslation, translateBlock } from './translate-blocks.ts';

/** Where lists of blocks stand as text: `nets` of Calico's rules and sets, `networks` of administrators', the others of Cilium's. */
const lists: ReadonlySet<string> = new Set(['nets', 'notNets', 'networks', 'fromCIDR', 'toCIDR', 'externalCIDRs']);
/** Of Cilium: blocks with exceptions, or groups of blocks with exceptions. */
const sets: ReadonlySet<string> = new Set(['fromCIDRSet', 'toCIDRSet']);
/** Of Calico's FelixConfiguration: ports with a block each. */
const failsafes: ReadonlySet<string> = new Set(['failsafeInboundHostPorts', 'failsafeOutboundHostPorts']);
/** Administrators' peers have no more blocks than that each (API of ClusterNetworkPolicy and AdminNetworkPolicy). */
const networksMax = 25;

/** The object with all of its blocks translated. */
export function translatePolicyBlocks<T extends KubeObject>(object: T, translation: BlockTranslation): T {
  return translated(object, translation) as T;
}

function translated(value: unknown, translation: BlockTranslation): unknown {
  if (Array.isArray(value)) return value.flatMap((item) => splitNetworks(translated(item, translation)));
  if (!isFields(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, translatedField(key, field, translation)]));
}

function translatedField(key: string, field: unknown, translation: BlockTranslation): unknown {
  if (!Array.isArray(field)) return translated(field, translation);
  if (key === 'expectedIPs') return field.map((text: unknown) => (typeof text === 'string' ? addressThere(text, translation) : text));
  if (lists.has(key) && field.every(isText)) return blocksThere(field, translation);
  if (sets.has(key)) return field.flatMap((item: unknown) => setThere(item, translation));
  if (failsafes.has(key)) return field.flatMap((item: unknown) => failsafeThere(item, translation));
  return translated(field, translation);
}

/** A list of blocks, each once, in the place of the list. */
function blocksThere(texts: readonly string[], translation: BlockTranslation): string[] {
  return [...new Set(texts.flatMap((cidr) => translateBlock({ cidr: asBlock(cidr) }, translation).map((block) => block.cidr)))];
}

/** A block with exceptions; the exceptions of a group are a list of their own, because its blocks stand elsewhere. */
function setThere(item: unknown, translation: BlockTranslation): unknown[] {
  if (!isFields(item)) return [item];
  const { cidr, except, ...others } = item;
  const exceptions = Array.isArray(except) ? except.filter(isText) : [];
  if (typeof cidr === 'string')
    return translateBlock({ cidr: asBlock(cidr), except: exceptions }, translation).map((block) => ({ ...others, ...block }));
  return [exceptions.length === 0 ? item : { ...others, except: blocksThere(exceptions, translation) }];
}

function failsafeThere(item: unknown, translation: BlockTranslation): unknown[] {
  if (!isFields(item) || typeof item['net'] !== 'string') return [item];
  return blocksThere([item['net']], translation).map((net) => ({ ...item, net }));
}

/** Peers of administrators whose blocks became too many for one are several. */
function splitNetworks(item: unknown): unknown[] {
  if (!isFields(item)) return [item];
  const { networks } = item;
  if (!Array.isArray(networks) || networks.length <= networksMax) return [item];
  const parts = Math.ceil(networks.length / networksMax);
  return Array.from({ length: parts }, (_, part) => ({ ...item, networks: networks.slice(part * networksMax, (part + 1) * networksMax) }));
}

/** An address of a pod or a node is the one that it has there; others stay. */
function addressThere(text: string, { addresses }: BlockTranslation): string {
  const found = parseAddress(text);
  if (found === undefined) return text;
  const canonical = formatAddress(found);
  const there = addresses.find(({ here }) => formatAddress(here) === canonical)?.there;
  return there === undefined ? text : formatAddress(there);
}

/** Calico and Cilium take an address for the block of it alone. */
function asBlock(text: string): string {
  const address = parseAddress(text);
  return address === undefined ? text : `${formatAddress(address)}/${address.family === 4 ? 32 : 128}`;
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}
