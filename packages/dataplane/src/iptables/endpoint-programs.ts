/**
 * Which program is in force for each endpoint of the node: its own; else, when that is refused, the one
 * that the kernel holds for it; else one that lets nothing through.
 *
 * Refused are programs that cannot be expressed, and (withheld) those that the kernel does not take. Until
 * {@link EndpointPrograms.confirm} says that the kernel holds everything, it is known what it held before.
 */
import type { ContentKey, Delta, LocalEndpoint, PeerSet, Program } from '@weir/calc';
import type { Direction } from '@weir/model';
import { AddressClaims } from '../endpoints/address-claims.ts';
import { refusalOf } from './program-refusal.ts';

/** The program of endpoints that have nothing else to go by: it lets nothing through. */
export const closedProgram: Program = { key: 'closed', direction: 'ingress', tiers: [], otherwise: 'deny' };

/** An endpoint with its programs; undefined: not isolated in that direction. */
export interface ProgrammedEndpoint extends Readonly<Record<Direction, Program | undefined>> {
  readonly endpoint: LocalEndpoint;
}

/** Endpoints by uid, programs by key. */
export class EndpointPrograms {
  readonly #peerSets: ReadonlyMap<ContentKey, PeerSet>;
  readonly #listed = new Map<ContentKey, Program>();
  readonly #refused = new Map<ContentKey, string>();
  readonly #withheld = new Map<ContentKey, string>();
  /** Who claims which address. */
  readonly claims: AddressClaims<ProgrammedEndpoint> = new AddressClaims();
  /** What the kernel holds for endpoints that changed since it last took everything. */
  readonly #held = new Map<string, ProgrammedEndpoint | undefined>();

  /** `peerSets`: all that there are, kept up to date by whoever has them. */
  constructor(peerSets: ReadonlyMap<ContentKey, PeerSet>) {
    this.#peerSets = peerSets;
  }

  /** Takes over the programs and endpoints of a delta. */
  apply(delta: Delta): void {
    for (const key of delta.programs.removals) this.#listed.delete(key);
    for (const program of delta.programs.upserts) this.#listed.set(program.key, program);
    this.#refuse(delta);
    for (const uid of delta.endpoints.removals) {
      this.#remember(uid);
      this.claims.delete(uid);
    }
    this.#settle();
    for (const endpoint of delta.endpoints.upserts) this.#set(endpoint);
  }

  /** The kernel does not take these programs; each with its reason. */
  withhold(programs: ReadonlyMap<ContentKey, string>): void {
    for (const [key, reason] of programs) this.#withheld.set(key, reason);
    this.#settle();
  }

  /** Lets everything that was withheld be tried again. */
  admit(): void {
    this.#withheld.clear();
    this.#settle();
  }

  /** The kernel holds what there is. */
  confirm(): void {
    this.#held.clear();
    for (const key of this.#withheld.keys()) if (!this.#listed.has(key)) this.#withheld.delete(key);
  }

  /** Whether the kernel holds the program for an endpoint, so that its rules can stay as they are. */
  isHeld(key: ContentKey): boolean {
    return [...this.claims.all()].some(({ endpoint: { uid } }) => {
      const held = this.#heldFor(uid);
      return held?.ingress?.key === key || held?.egress?.key === key;
    });
  }

  /** The programs in force, the closed one always. */
  used(): Map<ContentKey, Program> {
    const used = new Map<ContentKey, Program>([[closedProgram.key, closedProgram]]);
    for (const { ingress, egress } of this.claims.all()) {
      for (const program of [ingress, egress]) if (program !== undefined) used.set(program.key, program);
    }
    return used;
  }

  /** Programs that are not in force, with reasons. */
  refused(): Map<ContentKey, string> {
    return new Map([...this.#withheld, ...this.#refused]);
  }

  get withholds(): boolean {
    return this.#withheld.size > 0;
  }

  #refuse(delta: Delta): void {
    for (const key of this.#refused.keys()) if (!this.#listed.has(key)) this.#refused.delete(key);
    const candidates = [...delta.programs.upserts, ...[...this.#refused.keys()].flatMap((key) => this.#listed.get(key) ?? [])];
    for (const program of candidates) {
      const reason = refusalOf(program, this.#peerSets);
      if (reason === undefined) this.#refused.delete(program.key);
      else this.#refused.set(program.key, reason);
    }
  }

  /** Endpoints that have not what they shall have, because something was refused or is no longer. */
  #settle(): void {
    const isSettled = (key: ContentKey | undefined, program: Program | undefined): boolean =>
      key === program?.key && (key === undefined || !this.#withheld.has(key));
    const unsettled = [...this.claims.all()].filter(
      ({ endpoint, ingress, egress }) => !isSettled(endpoint.ingress, ingress) || !isSettled(endpoint.egress, egress),
    );
    for (const { endpoint } of unsettled) this.#set(endpoint);
  }

  #set(endpoint: LocalEndpoint): void {
    this.#remember(endpoint.uid);
    const held = this.#heldFor(endpoint.uid);
    const resolve = (direction: Direction): Program | undefined => this.#resolve(endpoint[direction], held?.[direction]);
    this.claims.set({ endpoint, ingress: resolve('ingress'), egress: resolve('egress') });
  }

  #resolve(key: ContentKey | undefined, held: Program | undefined): Program | undefined {
    if (key === undefined) return undefined;
    const own = this.#refused.has(key) || this.#withheld.has(key) ? undefined : this.#listed.get(key);
    if (own !== undefined) return own;
    return held === undefined || this.#withheld.has(held.key) || this.#hasLostMeaning(held) ? closedProgram : held;
  }

  /** Whether sets are gone of which the members make the program narrower; others only let in nobody any more. */
  #hasLostMeaning({ tiers }: Program): boolean {
    return tiers
      .flatMap(({ rules }) => rules)
      .some(({ action, peer }) => peer.some(({ set, negated }) => !this.#peerSets.has(set) && (negated || action !== 'allow')));
  }

  #remember(uid: string): void {
    if (!this.#held.has(uid)) this.#held.set(uid, this.claims.get(uid));
  }

  #heldFor(uid: string): ProgrammedEndpoint | undefined {
    return this.#held.has(uid) ? this.#held.get(uid) : this.claims.get(uid);
  }
}
