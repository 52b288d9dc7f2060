/** What the node's DNS tells of an answer, before the pod that asked gets it. */
import { type Address, parseAddress } from '@weir/net';

/** A name with the addresses that it resolved to. */
export interface DomainAnswer {
  /** In lower case, without the dot at the end. */
  readonly name: string;
  readonly addresses: readonly { readonly address: Address; readonly ttlSeconds: number }[];
}

/** More than any answer has; a longer one is refused. */
const addressesMax = 1_000;
/** A longer life than this is none that anybody means (RFC 8767 §4). */
const ttlSecondsMax = 7 * 24 * 3_600;
const nameForm = /^(?=.{1,253}\.?$)[-_a-z0-9]+(\.[-_a-z0-9]+)*\.?$/i;

/** Reads an answer from JSON, or says what is wrong with it. */
export function parseDomainAnswer(body: unknown): DomainAnswer | { readonly problem: string } {
  if (typeof body !== 'object' || body === null) return { problem: 'the body must be an object' };
  const { name, addresses } = body as Readonly<Record<string, unknown>>;
  if (typeof name !== 'string' || !nameForm.test(name)) return { problem: 'name must be a name of the domain name system' };
  if (!Array.isArray(addresses) || addresses.length > addressesMax) {
    return { problem: `addresses must be a list of at most ${addressesMax}` };
  }
  const read = addresses.map(parseEntry);
  const entries = read.filter((entry) => entry !== undefined);
  if (entries.length < read.length) return { problem: 'each of addresses must have an address and ttl, a number of seconds' };
  return { name: name.toLowerCase().replace(/\.$/, ''), addresses: entries };
}

function parseEntry(entry: unknown): DomainAnswer['addresses'][number] | undefined {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const { address, ttl } = entry as Readonly<Record<string, unknown>>;
  const parsed = typeof address === 'string' ? parseAddress(address) : undefined;
  if (parsed === undefined || typeof ttl !== 'number' || !Number.isFinite(ttl) || ttl < 0) return undefined;
  return { address: parsed, ttlSeconds: Math.min(ttl, ttlSecondsMax) };
}
