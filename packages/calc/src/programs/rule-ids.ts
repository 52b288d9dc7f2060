/**
 * Short ids for rules.
 *
 * An id is a hash of the rule's identity. Identities with one hash are told apart by their order:
 * the first keeps the hash, the others get a number behind it. So ids depend on which rules are in
 * use and not on how they came; when a collision appears or goes, the policies whose ids changed
 * with it are reported.
 */
import { shortHash } from '@weir/net';

/** A hash of text for ids, with collisions allowed. */
export type RuleHash = (text: string) => string;

/** Rules with one hash: sorted identities, each with who it belongs to. */
interface Bucket<Owner> {
  readonly entries: { readonly identity: string; readonly owner: Owner }[];
}

/** The table from identities to ids. `Owner` is whom a changed id concerns. */
export class RuleIds<Owner> {
  readonly #buckets: Map<string, Bucket<Owner>> = new Map();
  /** By identity: programs ask for ids many times. */
  readonly #hashes: Map<string, string> = new Map();
  readonly #hash: RuleHash;

  constructor(hash: RuleHash = shortHash) {
    this.#hash = hash;
  }

  /** How many identities have an id. */
  get size(): number {
    return this.#hashes.size;
  }

  /** Gives an identity an id; adds to `renamed` the owners of others whose ids change. */
  add(identity: string, owner: Owner, renamed: Set<Owner>): void {
    const hash = this.#hash(identity);
    let bucket = this.#buckets.get(hash);
    if (bucket === undefined) this.#buckets.set(hash, (bucket = { entries: [] }));
    const at = place(bucket, identity);
    bucket.entries.splice(at, 0, { identity, owner });
    this.#hashes.set(identity, hash);
    for (const later of bucket.entries.slice(at + 1)) renamed.add(later.owner);
  }

  /** Takes an identity's id back; adds to `renamed` the owners of others whose ids change. */
  delete(identity: string, renamed: Set<Owner>): void {
    const hash = this.#hash(identity);
    const bucket = this.#buckets.get(hash);
    const at = bucket === undefined ? -1 : bucket.entries.findIndex((entry) => entry.identity === identity);
    if (bucket === undefined || at < 0) return;
    bucket.entries.splice(at, 1);
    this.#hashes.delete(identity);
    for (const later of bucket.entries.slice(at)) renamed.add(later.owner);
    if (bucket.entries.length === 0) this.#buckets.delete(hash);
  }

  /** The id of an identity that was added. */
  idOf(identity: string): string {
    const hash = this.#hashes.get(identity) ?? this.#hash(identity);
    const rank = this.#buckets.get(hash)?.entries.findIndex((entry) => entry.identity === identity) ?? 0;
    return rank <= 0 ? hash : `${hash}.${rank}`;
  }
}

function place<Owner>({ entries }: Bucket<Owner>, identity: string): number {
  const at = entries.findIndex((entry) => entry.identity > identity);
  return at < 0 ? entries.length : at;
}
