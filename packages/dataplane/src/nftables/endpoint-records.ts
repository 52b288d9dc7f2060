/**
 * Which programs are in force for the node's endpoints, and which ones the kernel holds for those that
 * changed since it last took everything.
 */
import type { LocalEndpoint } from '@weir/calc';
import type { Direction } from '@weir/policy';
import type { EndpointTable } from './endpoint-table.ts';
import type { ProgramEntry } from './program-table.ts';

/** `closed`: a program that allows nothing; undefined: not isolated in that direction. */
export type ProgramInForce = ProgramEntry | 'closed' | undefined;

/** An endpoint and what is in force for it. */
export interface EndpointRecord extends Readonly<Record<Direction, ProgramInForce>> {
  readonly endpoint: LocalEndpoint;
}

/** Records by uid; keeps the users of programs counted and the table of endpoints up to date. */
export class EndpointRecords {
  readonly #table: EndpointTable;
  readonly #closedProgram: number;
  readonly #records = new Map<string, EndpointRecord>();
  readonly #held = new Map<string, EndpointRecord | undefined>();

  constructor(table: EndpointTable, closedProgram: number) {
    this.#table = table;
    this.#closedProgram = closedProgram;
  }

  get(uid: string): EndpointRecord | undefined {
    return this.#records.get(uid);
  }

  /** May be set while they are walked through. */
  all(): Iterable<EndpointRecord> {
    return this.#records.values();
  }

  /** What the kernel holds for an endpoint that changed since {@link confirm}. */
  held(uid: string): EndpointRecord | undefined {
    return this.#held.get(uid);
  }

  set(after: EndpointRecord): void {
    const { uid } = after.endpoint;
    const before = this.#begin(uid);
    countUse(after, 1);
    if (before !== undefined) countUse(before, -1);
    this.#records.set(uid, after);
    this.#table.set(after.endpoint, { ingress: this.#number(after.ingress), egress: this.#number(after.egress) });
  }

  delete(uid: string): void {
    const before = this.#begin(uid);
    if (before === undefined) return;
    countUse(before, -1);
    this.#records.delete(uid);
    this.#table.delete(uid);
  }

  /** The kernel holds what there is. */
  confirm(): void {
    this.#held.clear();
  }

  #begin(uid: string): EndpointRecord | undefined {
    const before = this.#records.get(uid);
    if (!this.#held.has(uid)) this.#held.set(uid, before);
    return before;
  }

  #number(program: ProgramInForce): number | undefined {
    return program === 'closed' ? this.#closedProgram : program?.number;
  }
}

function countUse(record: EndpointRecord, by: 1 | -1): void {
  for (const program of [record.ingress, record.egress]) {
    if (program !== undefined && program !== 'closed') program.users += by;
  }
}
