/** Fields of lines that anybody may have written: read with care, nothing is taken for granted. */
import { type Address, type ProtocolNumber, parseAddress, parseProtocol, protocolNumber } from '@weir/net';

/** A JSON object of unknown shape. */
export type Fields = Readonly<Record<string, unknown>>;

/** The value as an object; an empty one when it is none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** The value as a list of objects. */
export function listOf(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fieldsOf) : [];
}

/**
 * The same with the names that a protobuf file has (`node_name`) where its JSON was written with those of JavaScript
 * (`nodeName`), at any depth: both are valid, and programs write either.
 */
export function withFileNames(fields: Fields): Fields {
  const named = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(named) : typeof value === 'object' && value !== null ? withFileNames(value as Fields) : value;
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter.toLowerCase()}`), named(value)]),
  );
}

/** A text that says something: `-` stands for nothing in Calico's logs. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' && value !== '-' ? value : undefined;
}

/** Names of the domain name system: in lower case, without the last dot, each once; what is none is left out. */
export function domainsOf(value: unknown): readonly string[] {
  const texts = Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
  const names = texts.map((text) => text.toLowerCase().replace(/\.$/, ''));
  return [...new Set(names.filter((name) => name.length <= 255 && domainName.test(name)))].sort();
}

/** Of any number of labels; one that begins with a line below (`_tcp`) names no host, and an address is no name. */
const domainName = /^(?!\d{1,3}(?:\.\d{1,3}){3}$)(?:[a-z0-9](?:[-a-z0-9_]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[-a-z0-9_]{0,61}[a-z0-9])?$/;

/** An address in text. */
export function addressOf(value: unknown): Address | undefined {
  return typeof value === 'string' ? parseAddress(value) : undefined;
}

/** A port, also where it is written as text. */
export function portOf(value: unknown): number | undefined {
  const port = typeof value === 'string' && /^\d{1,5}$/.test(value) ? Number(value) : value;
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535 ? port : undefined;
}

/** Names that Calico's logs have for what has others, or none, here. */
const calicoProtocols: ReadonlyMap<string, ProtocolNumber> = new Map([
  ['icmp6', protocolNumber.ICMPv6],
  ['ipip', 4],
  ['esp', 50],
]);

/** A protocol by its name, or by its number as text or number. */
export function protocolOf(value: unknown): ProtocolNumber | undefined {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0 && value < 256 ? value : undefined;
  return typeof value === 'string' ? (calicoProtocols.get(value) ?? parseProtocol(value)) : undefined;
}

/** A moment in RFC 3339, or in seconds since 1970 (a number, or as text), as RFC 3339. */
export function timeOf(given: unknown): string | undefined {
  const value = typeof given === 'string' && /^\d{1,12}$/.test(given) ? Number(given) : given;
  const time = typeof value === 'number' ? new Date(value * 1_000) : typeof value === 'string' ? new Date(value) : undefined;
  if (time === undefined || Number.isNaN(time.getTime())) return undefined;
  return typeof value === 'string' && value.endsWith('Z') ? value : time.toISOString();
}

/** Texts of the form `key=value` as labels. */
export function labelsOf(texts: readonly unknown[]): Readonly<Record<string, string>> {
  const pairs = texts.flatMap((text): [string, string][] => {
    if (typeof text !== 'string') return [];
    const at = text.indexOf('=');
    return at < 0 ? [[text, '']] : [[text.slice(0, at), text.slice(at + 1)]];
  });
  return Object.fromEntries(pairs);
}
