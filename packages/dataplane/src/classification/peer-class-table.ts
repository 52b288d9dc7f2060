/**
 * Which addresses a back end takes for one class of peers, and the number of each class.
 *
 * A class here is what rules can tell apart: the sets of the endpoint's class in `calc` together
 * with the range sets around its address. Known pods are single addresses; all the rest of the
 * address space lies in blocks.
 */
import type { ContentKey, Delta, EndpointClass, PeerSet, ProtocolPort } from '@weir/calc';
import { type Address, type AddressRange, type Family, formatAddress } from '@weir/net';
import { type BlockPiece, cutIntoPieces, pieceOf } from './block-table.ts';
import type { NumberPool } from './number-pool.ts';

/** One class of peers; never changes. */
export interface PeerClass {
  readonly number: number;
  readonly sets: ReadonlyMap<ContentKey, readonly ProtocolPort[] | undefined>;
}

/** A known pod's address and its class. */
export interface ClassedPod {
  readonly address: Address;
  readonly peerClass: PeerClass;
}

/** A part of the address space and the class of all its addresses that are no known pod's. */
export interface ClassedBlock {
  readonly piece: BlockPiece;
  readonly peerClass: PeerClass;
}

/** What became of one address; at least one of the two is there. */
export interface PodChange {
  readonly before: ClassedPod | undefined;
  readonly after: ClassedPod | undefined;
}

/** The blocks of a family, before and after; both cover the whole address space, in order. */
export interface BlockChange {
  readonly family: Family;
  readonly before: readonly ClassedBlock[];
  readonly after: readonly ClassedBlock[];
}

/** What a delta did to the classes, and to who is in them. */
export interface PeerClassChanges {
  readonly appeared: readonly PeerClass[];
  readonly gone: readonly PeerClass[];
  readonly pods: readonly PodChange[];
  readonly blocks: readonly BlockChange[];
}

interface CountedClass {
  readonly identity: string;
  readonly peerClass: PeerClass;
  users: number;
}

interface KnownPod extends ClassedPod {
  readonly class: ContentKey;
  readonly counted: CountedClass;
}

interface Block extends ClassedBlock {
  readonly counted: CountedClass;
}

const families: readonly Family[] = [4, 6];

/** Peer sets, classes and addresses of the state. */
export class PeerClassTable {
  readonly #numbers: NumberPool;
  readonly #peerSets = new Map<ContentKey, PeerSet>();
  readonly #rangeSets = new Map<ContentKey, readonly AddressRange[]>();
  readonly #endpointClasses = new Map<ContentKey, EndpointClass>();
  readonly #pods = new Map<string, KnownPod>();
  readonly #blocks = new Map<Family, Block[]>();
  readonly #classes = new Map<string, CountedClass>();
  #appeared: CountedClass[] = [];
  #unused = new Set<CountedClass>();

  constructor(numbers: NumberPool) {
    this.#numbers = numbers;
    for (const family of families) this.#cut(family);
    this.#appeared = [];
  }

  get peerSets(): ReadonlyMap<ContentKey, PeerSet> {
    return this.#peerSets;
  }

  /** Every class that some address has now. */
  *classes(): Iterable<PeerClass> {
    for (const { peerClass } of this.#classes.values()) yield peerClass;
  }

  /** Every known pod. */
  pods(): Iterable<ClassedPod> {
    return this.#pods.values();
  }

  /** The blocks of a family, in order and without gaps. */
  blocks(family: Family): readonly ClassedBlock[] {
    return this.#blocks.get(family) ?? [];
  }

  /** Takes over the peer sets, classes and addresses of a delta. */
  apply(delta: Delta): PeerClassChanges {
    this.#appeared = [];
    const blocks: BlockChange[] = [];
    const cut = this.#applyPeerSets(delta);
    for (const endpointClass of delta.classes.upserts) this.#endpointClasses.set(endpointClass.key, endpointClass);
    for (const family of cut) {
      const before = this.#blocks.get(family) ?? [];
      this.#cut(family);
      const after = this.#blocks.get(family) ?? [];
      blocks.push({ family, before, after });
      for (const block of before) this.#release(block.counted);
    }
    const pods = this.#applyAddresses(delta, cut);
    for (const key of delta.classes.removals) this.#endpointClasses.delete(key);
    return { ...this.#collect(), pods, blocks };
  }

  /** Returns the families whose pieces change. */
  #applyPeerSets(delta: Delta): Set<Family> {
    const cut = new Set<Family>();
    const touch = (ranges: readonly AddressRange[]): void => {
      for (const range of ranges) cut.add(range.first.family);
    };
    for (const set of delta.peerSets.upserts) {
      if (set.kind === 'range' && !this.#rangeSets.has(set.key)) {
        this.#rangeSets.set(set.key, set.ranges);
        touch(set.ranges);
      }
      this.#peerSets.set(set.key, set);
    }
    for (const key of delta.peerSets.removals) {
      touch(this.#rangeSets.get(key) ?? []);
      this.#rangeSets.delete(key);
      this.#peerSets.delete(key);
    }
    return cut;
  }

  #applyAddresses(delta: Delta, cut: ReadonlySet<Family>): PodChange[] {
    const changes: PodChange[] = [];
    for (const address of delta.addresses.removals) {
      const text = formatAddress(address);
      const pod = this.#pods.get(text);
      if (pod === undefined) continue;
      changes.push({ before: pod, after: undefined });
      this.#release(pod.counted);
      this.#pods.delete(text);
    }
    const upserts = new Map(delta.addresses.upserts.map((upsert) => [formatAddress(upsert.address), upsert]));
    if (cut.size > 0) {
      for (const [text, pod] of this.#pods) if (cut.has(pod.address.family) && !upserts.has(text)) upserts.set(text, pod);
    }
    for (const [text, upsert] of upserts) {
      const before = this.#pods.get(text);
      const counted = this.#classOfPod(upsert.address, upsert.class);
      const after: KnownPod = { address: upsert.address, class: upsert.class, counted, peerClass: counted.peerClass };
      changes.push({ before, after });
      if (before !== undefined) this.#release(before.counted);
      this.#pods.set(text, after);
    }
    return changes;
  }

  #cut(family: Family): void {
    const pieces = cutIntoPieces(family, this.#rangeSets);
    this.#blocks.set(
      family,
      pieces.map((piece) => {
        const counted = this.#acquire(undefined, piece.sets);
        return { piece, counted, peerClass: counted.peerClass };
      }),
    );
  }

  #classOfPod(address: Address, key: ContentKey): CountedClass {
    const blocks = this.#blocks.get(address.family) ?? [];
    const piece = pieceOf(blocks, (block) => block.piece, address)?.piece;
    return this.#acquire(key, piece?.sets ?? []);
  }

  #acquire(key: ContentKey | undefined, rangeSets: readonly ContentKey[]): CountedClass {
    const identity = JSON.stringify([key ?? null, ...rangeSets]);
    let counted = this.#classes.get(identity);
    if (counted === undefined) {
      const sets = new Map<ContentKey, readonly ProtocolPort[] | undefined>(rangeSets.map((set) => [set, undefined]));
      for (const { set, ports } of (key === undefined ? undefined : this.#endpointClasses.get(key))?.memberships ?? [])
        sets.set(set, ports);
      counted = { identity, peerClass: { number: this.#numbers.next(), sets }, users: 0 };
      this.#classes.set(identity, counted);
      this.#appeared.push(counted);
    }
    counted.users++;
    this.#unused.delete(counted);
    return counted;
  }

  #release(counted: CountedClass): void {
    counted.users--;
    if (counted.users === 0) this.#unused.add(counted);
  }

  /** Forgets classes without addresses and says which came and which went. */
  #collect(): Pick<PeerClassChanges, 'appeared' | 'gone'> {
    const fresh = new Set(this.#appeared);
    const appeared = this.#appeared.filter((counted) => !this.#unused.has(counted));
    const gone = [...this.#unused].filter((counted) => !fresh.has(counted));
    for (const counted of this.#unused) this.#classes.delete(counted.identity);
    this.#unused = new Set();
    this.#appeared = [];
    return { appeared: appeared.map(({ peerClass }) => peerClass), gone: gone.map(({ peerClass }) => peerClass) };
  }
}
