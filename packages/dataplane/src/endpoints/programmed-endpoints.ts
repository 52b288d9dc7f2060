/**
 * The node's own endpoints and the programs in force for them.
 *
 * An endpoint whose program cannot be enforced stays with the one that it had, or is closed; once the
 * program can be, the endpoint gets it without being told anew.
 */
import type { Changes, ContentKey, LocalEndpoint } from '@weir/calc';
import type { Direction } from '@weir/model';
import { AddressClaims } from './address-claims.ts';

/** `closed`: a program that allows nothing; undefined: not isolated in that direction. */
export type ProgramInForce<P> = P | 'closed' | undefined;

/** What is in force by direction. */
export type ProgramsInForce<P> = Readonly<Record<Direction, ProgramInForce<P>>>;

/** Who has programs: a pod, or a host endpoint in one family. */
export type ProgramHolder = Pick<LocalEndpoint, 'uid' | 'addresses' | 'interface' | Direction>;

/** An endpoint and what is in force for it. */
export interface ProgrammedEndpoint<P, E extends ProgramHolder = LocalEndpoint> extends ProgramsInForce<P> {
  readonly endpoint: E;
}

/** Programs by their keys. */
export interface EnforceablePrograms<P> {
  /** The program, unless it is refused. */
  readonly get: (key: ContentKey) => P | undefined;
  /** Those that could not be enforced before the delta. */
  readonly appeared: Pick<ReadonlySet<ContentKey>, 'has'>;
}

/** Told of each endpoint that is put in place or taken away, with what was in force for it. */
export type OnEndpointChange<P> = (uid: string, before: ProgramsInForce<P> | undefined) => void;

/** Endpoints by uid, with the addresses that they claim and how many directions use a program. */
export class ProgrammedEndpoints<P extends object, E extends ProgramHolder = LocalEndpoint> {
  /** Who claims which address. */
  readonly claims: AddressClaims<ProgrammedEndpoint<P, E>> = new AddressClaims();
  readonly #uses = new Map<P, number>();
  readonly #onChange: OnEndpointChange<P>;

  constructor(onChange: OnEndpointChange<P> = () => undefined) {
    this.#onChange = onChange;
  }

  get(uid: string): ProgrammedEndpoint<P, E> | undefined {
    return this.claims.get(uid);
  }

  /** May be set while they are walked through. */
  all(): Iterable<ProgrammedEndpoint<P, E>> {
    return this.claims.all();
  }

  /** Whether an endpoint uses the program. */
  isUsed(program: P): boolean {
    return this.#uses.has(program);
  }

  /** Takes over the endpoints of a delta. */
  apply({ removals, upserts }: Changes<E, string>, programs: EnforceablePrograms<P>): void {
    for (const uid of removals) this.delete(uid);
    const changed = new Map(upserts.map((endpoint) => [endpoint.uid, endpoint]));
    for (const { endpoint } of this.all()) {
      const waits = programs.appeared.has(endpoint.ingress ?? '') || programs.appeared.has(endpoint.egress ?? '');
      if (waits && !changed.has(endpoint.uid)) changed.set(endpoint.uid, endpoint);
    }
    for (const endpoint of changed.values()) {
      const before = this.get(endpoint.uid);
      const inForce = (direction: Direction): ProgramInForce<P> => {
        const key = endpoint[direction];
        return key === undefined ? undefined : (programs.get(key) ?? before?.[direction] ?? 'closed');
      };
      this.set({ endpoint, ingress: inForce('ingress'), egress: inForce('egress') });
    }
  }

  /** Puts an endpoint in place of the one with its uid. */
  set(after: ProgrammedEndpoint<P, E>): void {
    const before = this.get(after.endpoint.uid);
    this.#onChange(after.endpoint.uid, before);
    this.#count(after, 1);
    if (before !== undefined) this.#count(before, -1);
    this.claims.set(after);
  }

  /** Closes endpoints in the directions in which they have one of these programs. */
  close(programs: ReadonlySet<ProgramInForce<P>>): void {
    this.revise((record, direction) => (programs.has(record[direction]) ? 'closed' : record[direction]));
  }

  /** Puts something else into force where `revised` says so. */
  revise(revised: (record: ProgrammedEndpoint<P, E>, direction: Direction) => ProgramInForce<P>): void {
    for (const record of this.all()) {
      const [ingress, egress] = [revised(record, 'ingress'), revised(record, 'egress')];
      if (ingress !== record.ingress || egress !== record.egress) this.set({ endpoint: record.endpoint, ingress, egress });
    }
  }

  delete(uid: string): void {
    const before = this.get(uid);
    if (before === undefined) return;
    this.#onChange(uid, before);
    this.#count(before, -1);
    this.claims.delete(uid);
  }

  #count({ ingress, egress }: ProgramsInForce<P>, by: 1 | -1): void {
    for (const program of [ingress, egress]) {
      if (program === undefined || program === 'closed') continue;
      const uses = (this.#uses.get(program) ?? 0) + by;
      if (uses > 0) this.#uses.set(program, uses);
      else this.#uses.delete(program);
    }
  }
}

/** The number of a program in force; `closed` is that of one that allows nothing. */
export function numberInForce(program: ProgramInForce<{ readonly number: number }>, closed: number): number | undefined {
  return program === 'closed' ? closed : program?.number;
}
