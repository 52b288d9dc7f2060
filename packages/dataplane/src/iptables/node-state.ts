/**
 * The state that the kernel shall hold, kept from delta to delta, and the way there.
 *
 * {@link NodeState.apply} takes over a delta and says what changes in place (members of sets that are in
 * force) and what changes over at one instant (everything else). In place go addresses of which only one
 * end is judged here and only by additive programs: then each moment in between is allowed by the state
 * before or the one behind. All that is not so gets new sets and new chains.
 */
import type { ContentKey, Delta, LocalEndpoint, Program } from '@weir/calc';
import { type Address, type Family, formatAddress } from '@weir/net';
import type { Direction } from '@weir/policy';
import { AddressClaims } from '../connections/address-claims.ts';
import type { Ipset } from './ipset.ts';
import type { LocalAddress } from './local-sets.ts';
import { NamePool } from './names.ts';
import { type ExpressionChange, type MemberChange, PeerTable } from './peer-table.ts';
import type { ProgramTargets } from './program-chains.ts';
import { refusalOf } from './program-refusal.ts';
import { ProgramsInForce } from './programs-in-force.ts';

/** The program of endpoints whose own was refused: it lets nothing through. */
export const closedProgram: Program = { key: 'closed', direction: 'ingress', tiers: [], otherwise: 'deny' };

/** What changes of the members of sets that are in force, gains first. */
export interface InPlaceChanges {
  readonly gains: readonly MemberChange[];
  readonly losses: readonly MemberChange[];
}

/** An address that lost its owner, or comes to a pod that the start gate announced. */
interface ReleasedAddress {
  readonly address: Address;
  readonly next: string | undefined;
}

/** What a delta means. */
export interface StateChange extends InPlaceChanges {
  readonly released: readonly ReleasedAddress[];
}

interface ProgrammedEndpoint extends Readonly<Record<Direction, Program | undefined>> {
  readonly endpoint: LocalEndpoint;
}

/** What is in force for an address, to compare states by. */
interface Placed {
  readonly address: Address;
  readonly uid: string;
  readonly programs: string;
}

/** One node's state. */
export class NodeState {
  readonly names: NamePool;
  readonly peers: PeerTable = new PeerTable();
  readonly programs: ProgramsInForce;
  readonly #listed = new Map<ContentKey, Program>();
  readonly #refused = new Map<ContentKey, string>();
  readonly #claims = new AddressClaims<ProgrammedEndpoint>();
  #placed = new Map<string, Placed>();

  constructor(namesInUse: Iterable<string>, targets: (program: Program) => ProgramTargets) {
    this.names = new NamePool(namesInUse);
    this.programs = new ProgramsInForce({ peers: this.peers, names: this.names, targets });
  }

  /** Takes over a delta; `anew`: whatever the kernel holds, everything gets new names. */
  apply(delta: Delta, anew: boolean): StateChange {
    if (anew) this.programs.clear();
    for (const key of delta.programs.removals) this.#listed.delete(key);
    for (const program of delta.programs.upserts) this.#listed.set(program.key, program);
    const changes = this.peers.apply(delta);
    this.#refuse(delta);
    this.#claim(delta);
    const before = this.#placed;
    this.#placed = new Map([...this.#claims.owned()].map(({ text, address, owner }) => [text, placedOf(address, owner)]));
    const isCombined = [...this.#placed].some(([text, { programs, uid }]) => {
      const old = before.get(text);
      return old !== undefined && (old.programs !== programs || old.uid !== uid);
    });
    const inOrder = this.programs.askedInOrder();
    const isRemade = ({ asked, addresses }: ExpressionChange): boolean =>
      isCombined || inOrder.has(asked.expression.key) || [...addresses].some((text) => before.has(text) && this.#placed.has(text));
    const remade = anew ? [] : changes.filter(isRemade);
    for (const { asked } of remade) this.peers.askAnew(asked, this.names);
    const members = anew ? [] : changes.filter((change) => !remade.includes(change)).flatMap((change) => change.members);
    this.peers.take(members);
    this.programs.use(this.#used(), new Set(remade.map(({ asked }) => asked.expression.key)));
    return {
      gains: members.filter(({ gains }) => gains),
      losses: members.filter(({ gains }) => !gains),
      released: releasedBetween(before, this.#placed, (uid) => this.#claims.get(uid)?.endpoint.interface !== undefined),
    };
  }

  /** The node's own addresses of a family, sorted, with the chains in force for them. */
  locals(family: Family): LocalAddress[] {
    return [...this.#claims.owned()]
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
    return [...this.#refused].map(([program, reason]) => ({ program, reason }));
  }

  isLocal(address: Address): boolean {
    return this.#placed.has(formatAddress(address));
  }

  /** Owners of addresses by the address's text. */
  owners(): Map<string, { readonly address: Address; readonly uid: string; readonly isAnnounced: boolean }> {
    return new Map(
      [...this.#claims.owned()].map(({ text, address, owner }) => [
        text,
        { address, uid: owner.endpoint.uid, isAnnounced: owner.endpoint.interface !== undefined },
      ]),
    );
  }

  #refuse(delta: Delta): void {
    for (const key of this.#refused.keys()) if (!this.#listed.has(key)) this.#refused.delete(key);
    const candidates = [...delta.programs.upserts, ...[...this.#refused.keys()].flatMap((key) => this.#listed.get(key) ?? [])];
    for (const program of candidates) {
      const reason = refusalOf(program, this.peers.peerSets);
      if (reason === undefined) this.#refused.delete(program.key);
      else this.#refused.set(program.key, reason);
    }
  }

  /** Endpoints of the delta, and those that wait for a program that was refused until now. */
  #claim(delta: Delta): void {
    for (const uid of delta.endpoints.removals) this.#claims.delete(uid);
    const upserts = new Map([...this.#claims.all()].map(({ endpoint }) => [endpoint.uid, endpoint]));
    const waiting = [...this.#claims.all()].filter(
      ({ endpoint, ingress, egress }) => ingress?.key !== endpoint.ingress || egress?.key !== endpoint.egress,
    );
    for (const endpoint of [...waiting.flatMap(({ endpoint: { uid } }) => upserts.get(uid) ?? []), ...delta.endpoints.upserts]) {
      const before = this.#claims.get(endpoint.uid);
      const resolve = (direction: Direction): Program | undefined => this.#resolve(endpoint[direction], before?.[direction]);
      this.#claims.set({ endpoint, ingress: resolve('ingress'), egress: resolve('egress') });
    }
  }

  /** The endpoint's own program, else (refused) the one of before, else none of its traffic. */
  #resolve(key: ContentKey | undefined, before: Program | undefined): Program | undefined {
    if (key === undefined) return undefined;
    const listed = this.#refused.has(key) ? undefined : this.#listed.get(key);
    return listed ?? before ?? closedProgram;
  }

  #used(): Map<ContentKey, Program> {
    const used = new Map<ContentKey, Program>([[closedProgram.key, closedProgram]]);
    for (const { ingress, egress } of this.#claims.all()) {
      for (const program of [ingress, egress]) if (program !== undefined) used.set(program.key, program);
    }
    return used;
  }

  #chainOf(program: Program | undefined): string | undefined {
    return program === undefined ? undefined : this.programs.get(program.key)?.chain;
  }
}

function placedOf(address: Address, { endpoint, ingress, egress }: ProgrammedEndpoint): Placed {
  return { address, uid: endpoint.uid, programs: JSON.stringify([ingress?.key, egress?.key]) };
}

function releasedBetween(
  before: ReadonlyMap<string, Placed>,
  after: ReadonlyMap<string, Placed>,
  isAnnounced: (uid: string) => boolean,
): ReleasedAddress[] {
  const left = [...before].filter(([text, { uid }]) => after.get(text)?.uid !== uid);
  const arrived = [...after].filter(([text, { uid }]) => !before.has(text) && isAnnounced(uid));
  return [...left, ...arrived].map(([text, { address }]) => ({ address, next: after.get(text)?.uid }));
}
