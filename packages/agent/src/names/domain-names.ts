/**
 * Names of the domain name system in rules: answers of the node's DNS become groups of addresses.
 *
 * ```
 * pod ── query ──▶ DNS ── answer, at the gate ──▶ table ──▶ groups that rules ask for ──▶ engine ──▶ kernel
 *  ▲                │                                                                                 │
 *  └──── answer ────┴────────────────────────── when it is in force ──────────────────────────────────┘
 * ```
 * An address leaves its groups when its time to live has passed and nobody has asked again.
 */
import type { Engine } from '@weir/calc';
import { formatAddress } from '@weir/net';
import type { AddressGroupName } from '@weir/policy';
import type { Enforcer } from '../enforcement/enforcer.ts';
import { AnswerTable, domainMatcher } from './answer-table.ts';
import type { DomainAnswer } from './domain-answer.ts';

/** What is needed. */
export interface DomainNamesParts {
  readonly engine: Pick<Engine, 'askedGroups' | 'upsertAddressGroup' | 'deleteAddressGroup'>;
  readonly enforcer: Pick<Enforcer, 'changed' | 'settled'>;
  /** How long an answer may wait for the kernel. */
  readonly patienceMs: number;
  /** A clock that only goes forward, in milliseconds. */
  readonly nowMs: () => number;
}

type DomainGroup = AddressGroupName & `domain/${string}`;

/** See above. */
export class DomainNames {
  readonly #parts: DomainNamesParts;
  readonly #table = new AnswerTable();
  /** What the engine was told, as text. */
  readonly #told: Map<DomainGroup, string> = new Map();

  constructor(parts: DomainNamesParts) {
    this.#parts = parts;
  }

  /** Takes an answer in; resolves when what follows from it is in force, also when an earlier answer has said the same just before. */
  async learn(answer: DomainAnswer): Promise<void> {
    this.#table.learn(answer, this.#parts.nowMs());
    this.#tell();
    const isMeant = [...this.#told.keys()].some((group) => domainMatcher(group.slice('domain/'.length))(answer.name));
    if (isMeant) await this.#parts.enforcer.settled(this.#parts.patienceMs);
  }

  /** Drops what has come to its end, and fills groups that rules ask for since. */
  tick(): void {
    this.#table.expire(this.#parts.nowMs());
    this.#tell();
  }

  /** Tells the engine the groups that are not as they were told. */
  #tell(): void {
    const { engine, enforcer } = this.#parts;
    const asked = new Set(engine.askedGroups().filter(isDomainGroup));
    let hasChanged = false;
    for (const group of this.#told.keys()) {
      if (asked.has(group)) continue;
      engine.deleteAddressGroup(group);
      this.#told.delete(group);
    }
    for (const group of asked) {
      const members = this.#table.membersOf(group);
      const text = members.map(formatAddress).join(' ');
      if (text === (this.#told.get(group) ?? '')) continue;
      engine.upsertAddressGroup(
        group,
        members.map((address) => ({ address })),
      );
      this.#told.set(group, text);
      hasChanged = true;
    }
    if (hasChanged) enforcer.changed();
  }
}

function isDomainGroup(name: AddressGroupName): name is DomainGroup {
  return name.startsWith('domain/');
}
