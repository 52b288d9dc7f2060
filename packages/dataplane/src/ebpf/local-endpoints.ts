/**
 * The node's own pods: which endpoint has an address now, and what the kernel is told of it.
 *
 * During a handover two endpoints can claim one address; the latest claim holds. An address that goes to
 * another endpoint or to none is reported, so that its old connections can be ended.
 */
import type { LocalEndpoint } from '@weir/calc';
import { type Address, formatAddress } from '@weir/net';
import { addressKey, closedContent, endpointContent, noEndpoint, ownerMark } from './records.ts';
import { mapOf, type VersionedChange, type VersionedEntry } from './versioned-change.ts';

/** Numbers of the programs in force; undefined: not isolated in that direction. */
export interface ProgramNumbers {
  readonly ingress: number | undefined;
  readonly egress: number | undefined;
}

/** An address whose connections of before have to end; `next`: it has a new owner already. */
export interface LeftAddress {
  readonly address: Address;
  readonly hasNext: boolean;
}

/** Who has an address. */
export interface OwnedAddress {
  readonly address: Address;
  readonly owner: Uint8Array;
  /** Whether the start gate announced the owner with its link. */
  readonly isAnnounced: boolean;
}

/** What {@link LocalEndpoints.settle} found. */
export interface EndpointChanges {
  readonly changes: VersionedChange[];
  /** To be in force, and the connections of those addresses ended, before `changes`. */
  readonly handover: VersionedChange[];
  readonly left: LeftAddress[];
}

interface Claim {
  readonly endpoint: LocalEndpoint;
  readonly numbers: ProgramNumbers;
}

interface Settled {
  readonly address: Address;
  readonly uid: string;
  readonly content: Uint8Array;
}

/** Endpoints by uid, claims by address. */
export class LocalEndpoints {
  readonly #claims = new Map<string, Claim>();
  /** Uids that claim an address, the latest last. */
  readonly #claimants = new Map<string, string[]>();
  readonly #settled = new Map<string, Settled>();
  readonly #touched = new Map<string, Address>();
  readonly #closedProgram: number;

  /** `closedProgram` is the number of one that allows nothing. */
  constructor(closedProgram: number) {
    this.#closedProgram = closedProgram;
  }

  hasAddress(address: Address): boolean {
    return this.#settled.has(formatAddress(address));
  }

  /** How many addresses have an owner. */
  get size(): number {
    return this.#settled.size;
  }

  set(endpoint: LocalEndpoint, numbers: ProgramNumbers): void {
    const texts = new Set(endpoint.addresses.map(formatAddress));
    for (const address of this.#claims.get(endpoint.uid)?.endpoint.addresses ?? []) {
      if (!texts.has(formatAddress(address))) this.#unclaim(endpoint.uid, address);
    }
    this.#claims.set(endpoint.uid, { endpoint, numbers });
    for (const address of endpoint.addresses) {
      const text = formatAddress(address);
      this.#touched.set(text, address);
      const claimants = this.#claimants.get(text);
      if (claimants === undefined) this.#claimants.set(text, [endpoint.uid]);
      else if (!claimants.includes(endpoint.uid)) claimants.push(endpoint.uid);
    }
  }

  delete(uid: string): void {
    for (const address of this.#claims.get(uid)?.endpoint.addresses ?? []) this.#unclaim(uid, address);
    this.#claims.delete(uid);
  }

  /** What changed since the last call. An address that goes straight to another owner is closed first. */
  settle(): EndpointChanges {
    const result: EndpointChanges = { changes: [], handover: [], left: [] };
    for (const [text, address] of this.#touched) this.#settleAddress(text, address, result);
    this.#touched.clear();
    return result;
  }

  *entries(): Iterable<VersionedEntry> {
    for (const { address, content } of this.#settled.values()) {
      yield { map: mapOf('local', address.family), key: addressKey(address), content };
    }
  }

  /** Owners by the texts of their addresses. */
  owners(): Map<string, OwnedAddress> {
    return new Map(
      [...this.#settled].map(([text, { address, uid }]) => {
        const isAnnounced = this.#claims.get(uid)?.endpoint.interface !== undefined;
        return [text, { address, owner: ownerMark(uid), isAnnounced }];
      }),
    );
  }

  #settleAddress(text: string, address: Address, { changes, handover, left }: EndpointChanges): void {
    const before = this.#settled.get(text);
    const uid = this.#claimants.get(text)?.at(-1);
    const claim = uid === undefined ? undefined : this.#claims.get(uid);
    const key = addressKey(address);
    const map = mapOf('local', address.family);
    let inForce = before?.content ?? noEndpoint;
    const leavesOwner = before !== undefined && before.uid !== uid;
    if (leavesOwner && uid !== undefined) {
      const closed = closedContent(before.content, this.#closedProgram);
      handover.push({ map, key, before: inForce, after: closed, stays: true });
      inForce = closed;
    }
    const content = claim === undefined ? noEndpoint : contentOf(claim);
    if (!Buffer.from(inForce).equals(content)) changes.push({ map, key, before: inForce, after: content, stays: claim !== undefined });
    const arrives = before === undefined && claim?.endpoint.interface !== undefined;
    if (leavesOwner || arrives) left.push({ address, hasNext: uid !== undefined });
    if (uid === undefined || claim === undefined) this.#settled.delete(text);
    else this.#settled.set(text, { address, uid, content });
  }

  #unclaim(uid: string, address: Address): void {
    const text = formatAddress(address);
    this.#touched.set(text, address);
    const others = (this.#claimants.get(text) ?? []).filter((claimant) => claimant !== uid);
    if (others.length > 0) this.#claimants.set(text, others);
    else this.#claimants.delete(text);
  }
}

function contentOf({ endpoint, numbers }: Claim): Uint8Array {
  return endpointContent({
    egress: numbers.egress ?? 0,
    ingress: numbers.ingress ?? 0,
    owner: ownerMark(endpoint.uid),
    link: endpoint.interface,
  });
}
