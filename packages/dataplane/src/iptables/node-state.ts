/**
 * The state that the kernel shall hold, kept from delta to delta, and the way there.
 *
 * {@link NodeState.apply} takes over a delta and says what changes in place (members of sets that are in
 * force) and what changes over at one instant (everything else). In place go addresses of which only one
 * end is judged here and only by additive programs: then each moment in between is allowed by the state
 * before or the one behind. All that is not so gets new sets and new chains.
 */
import type { ContentKey, Delta, Program } from '@weir/calc';
import { type Address, type Family, formatAddress } from '@weir/net';
import { type AddressChange, type AddressOwner, LocalAddresses, type ReleasedAddress } from '../endpoints/local-addresses.ts';
import { closedProgram, EndpointPrograms, type ProgrammedEndpoint } from './endpoint-programs.ts';
import type { Ipset } from './ipset.ts';
import type { LocalAddress } from './local-sets.ts';
import { NamePool } from './names.ts';
import { type ExpressionChange, type MemberChange, PeerTable } from './peer-table.ts';
import type { ProgramTargets } from './program-chains.ts';
import { type ProgramInForce, ProgramsInForce } from './programs-in-force.ts';

/** What changes of the members of sets that are in force, gains first. */
export interface InPlaceChanges {
  readonly gains: readonly MemberChange[];
  readonly losses: readonly MemberChange[];
}

/** What a delta means. */
export interface StateChange extends InPlaceChanges {
  readonly released: readonly ReleasedAddress[];
}

/** What a state begins with. */
interface NodeStateOptions {
  /** Names of chains and sets that the kernel holds. */
  readonly namesInUse: Iterable<string>;
  /** Ends of a program's rules. */
  readonly targets: (program: Program) => ProgramTargets;
  /** Members that a set of peers can have; undefined: as many as the kernel takes. */
  readonly peersMax?: number | undefined;
}

/** One node's state. */
export class NodeState {
  readonly names: NamePool;
  readonly peers: PeerTable;
  readonly programs: ProgramsInForce;
  readonly #endpoints: EndpointPrograms;
  /** Why expressions gain nobody any more, by their keys. */
  readonly #limited = new Map<string, string>();
  /** Which programs are in force for an address, to compare states by. */
  readonly #addresses: LocalAddresses<ProgrammedEndpoint, string>;

  constructor({ namesInUse, targets, peersMax }: NodeStateOptions) {
    this.names = new NamePool(namesInUse);
    this.peers = new PeerTable(peersMax);
    this.programs = new ProgramsInForce({ peers: this.peers, names: this.names, targets });
    this.#endpoints = new EndpointPrograms(this.peers.peerSets);
    this.#addresses = new LocalAddresses(this.#endpoints.claims, (_, { ingress, egress }) => JSON.stringify([ingress?.key, egress?.key]));
  }

  /** Takes over a delta; `anew`: whatever the kernel holds, everything gets new names. */
  apply(delta: Delta, anew: boolean): StateChange {
    const changes = this.peers.apply(delta);
    this.#endpoints.apply(delta);
    const settled = this.#addresses.settle();
    const members = anew ? [] : this.#inPlace(changes, settled.changes);
    if (anew) this.rename();
    return {
      gains: members.filter(({ gains }) => gains),
      losses: members.filter(({ gains }) => !gains),
      released: settled.released,
    };
  }

  /** The same state under new names, so that what the kernel may hold is left alone. */
  rename(): void {
    this.programs.clear();
    this.programs.use(this.#endpoints.used(), new Set());
  }

  /**
   * The kernel does not take these programs, each for a reason. One that it holds goes on with the peers that
   * it knew, if it is new peers that it cannot have; else endpoints go back to what they had, or are closed.
   */
  quarantine(programs: ReadonlyMap<ContentKey, string>): void {
    const growing = new Map([...programs].map(([key, reason]) => [key, { reason, gained: this.#gainedFor(key) }]));
    const withheld = new Map<ContentKey, string>();
    for (const [key, { reason, gained }] of growing) {
      if (gained.length === 0) withheld.set(key, reason);
      for (const expression of gained) {
        this.peers.limits.limit(expression);
        this.#limited.set(expression, reason);
      }
    }
    this.#endpoints.withhold(withheld);
    this.#addresses.settle();
    this.rename();
  }

  /** Everything that was refused by the kernel is tried again with the next change, which has to be made anew. */
  tryAgain(): void {
    this.peers.limits.lift();
    this.#limited.clear();
    this.#endpoints.admit();
  }

  /** The kernel holds everything. */
  confirm(): void {
    this.#endpoints.confirm();
    const asked = new Set([...this.peers.all()].map(({ expression }) => expression.key));
    this.peers.limits.confirm((key) => asked.has(key));
    for (const key of this.#limited.keys()) if (!asked.has(key)) this.#limited.delete(key);
  }

  /** Whether something is not in force because the kernel refuses it. */
  get isQuarantining(): boolean {
    return this.#endpoints.withholds || this.#limited.size > 0;
  }

  /** Programs that the kernel can be asked about one by one. */
  suspects(): ProgramInForce[] {
    return [...this.programs.all()].filter(({ program }) => program !== closedProgram);
  }

  /** The node's own addresses of a family, sorted, with the chains in force for them. */
  locals(family: Family): LocalAddress[] {
    return [...this.#endpoints.claims.owned()]
      .filter(({ address }) => address.family === family)
      .map(({ text, address, owner }) => ({
        text,
        address,
        uid: owner.endpoint.uid,
        interface: owner.endpoint.interface,
        egress: this.#chainOf(owner.egress),
        ingress: this.#chainOf(owner.ingress),
        own: owner.endpoint.addresses.filter((own) => own.family === family).map(formatAddress),
      }))
      .sort((a, b) => (a.text < b.text ? -1 : 1));
  }

  /** Every set of peers that chains in force ask. */
  peerSets(family: Family): Ipset[] {
    return [...this.peers.all()].map(({ sets }) => sets[family]);
  }

  refused(): { program: ContentKey; reason: string }[] {
    const limited = this.suspects().flatMap(({ program: { key } }): [ContentKey, string][] => {
      const reason = this.programs.expressionsOf(key).flatMap(({ expression }) => this.#limited.get(expression.key) ?? [])[0];
      return reason === undefined ? [] : [[key, reason]];
    });
    return [...new Map([...limited, ...this.#endpoints.refused()])].map(([program, reason]) => ({ program, reason }));
  }

  isLocal(address: Address): boolean {
    return this.#addresses.has(address);
  }

  /** Owners by the texts of their addresses. */
  owners(): Map<string, AddressOwner> {
    return this.#addresses.owners();
  }

  /** Members that change in sets that are in force; all else that changes gets new sets and chains. */
  #inPlace(changes: readonly ExpressionChange[], local: readonly AddressChange<string>[]): MemberChange[] {
    const isCombined = local.some(
      ({ before, after, isHandedOver }) => before !== undefined && after !== undefined && (isHandedOver || before !== after),
    );
    const arrived = new Set(local.filter(({ before }) => before === undefined).map(({ address }) => formatAddress(address)));
    const isLocal = (text: string): boolean => this.#addresses.hasText(text) && !arrived.has(text);
    const inOrder = this.programs.askedInOrder();
    const isRemade = ({ asked, addresses }: ExpressionChange): boolean =>
      isCombined || inOrder.has(asked.expression.key) || [...addresses].some(isLocal);
    const remade = changes.filter(isRemade);
    for (const { asked } of remade) this.peers.askAnew(asked, this.names);
    const members = changes.filter((change) => !remade.includes(change)).flatMap((change) => change.members);
    this.peers.take(members);
    this.programs.use(this.#endpoints.used(), new Set(remade.map(({ asked }) => asked.expression.key)));
    return members;
  }

  /**
   * Expressions of a program that the kernel holds which gained somebody since it last took everything. None where
   * order matters: a set that lacks somebody can widen.
   */
  #gainedFor(key: ContentKey): string[] {
    if (!this.#endpoints.isHeld(key)) return [];
    const keys = this.programs.expressionsOf(key).map(({ expression }) => expression.key);
    const gained = keys.filter((each) => this.peers.limits.hasGained(each));
    const inOrder = this.programs.askedInOrder();
    return gained.some((each) => inOrder.has(each)) ? [] : gained;
  }

  #chainOf(program: Program | undefined): string | undefined {
    return program === undefined ? undefined : this.programs.get(program.key)?.chain;
  }
}
