/**
 * Names of the domain name system in rules: answers of the node's DNS become groups of addresses.
 *
 * ```
 * pod ── query ──▶ DNS ── answer, at the gate ──▶ table ──▶ groups that rules ask for ──▶ engine ──▶ kernel
 *  ▲                │                                                                                 │
 *  └──── answer ────┴────────────────────────── when it is in force ──────────────────────────────────┘
 * ```
 * An address leaves its groups when its time to live has passed and nobody has asked again. What is left of the answers is
 * kept over a restart (`answer-store.ts`) and told to the engine before its first state, so that a restart cuts nothing.
 */
import type { Engine } from '@weir/calc';
import { type AddressGroupName, domainMatcher } from '@weir/model';
import { type Address, formatAddress } from '@weir/net';
import type { Enforcer } from '../enforcement/enforcer.ts';
import { type AnswerStore, type KeptAnswers, keptNamesMax } from './answer-store.ts';
import { AnswerTable } from './answer-table.ts';
import type { DomainAnswer } from './domain-answer.ts';

/** What is needed. */
export interface DomainNamesParts {
  readonly engine: Pick<Engine, 'askedGroups' | 'upsertAddressGroup' | 'deleteAddressGroup'>;
  readonly enforcer: Pick<Enforcer, 'changed' | 'settled' | 'state'>;
  readonly store: Pick<AnswerStore, 'load' | 'changed' | 'flush'>;
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

  /** Takes what an earlier process knew; before the engine has its first state. */
  restore(): void {
    const { engine, store, nowMs } = this.#parts;
    const { groups, answers } = store.load();
    for (const answer of answers) this.#table.learn(answer, nowMs());
    for (const group of groups) if (isDomainGroup(group)) this.#tellGroup(engine, group);
  }

  /** Writes down now what is to be kept. */
  flush(): void {
    this.#parts.store.flush();
  }

  /** What is to be kept over a restart. */
  kept(): KeptAnswers {
    const fits = [...this.#told.keys()].map((group) => domainMatcher(group.slice(prefix.length)));
    return {
      groups: [...this.#told.keys()],
      answers: this.#table.living((name) => fits.some((fit) => fit(name)), keptNamesMax, this.#parts.nowMs()),
    };
  }

  /** Takes an answer in; resolves when what follows from it is in force, also when an earlier answer has said the same just before. */
  async learn(answer: DomainAnswer): Promise<void> {
    this.#table.learn(answer, this.#parts.nowMs());
    this.#tell();
    const isMeant = [...this.#told.keys()].some((group) => domainMatcher(group.slice(prefix.length))(answer.name));
    if (!isMeant) return;
    this.#parts.store.changed();
    await this.#parts.enforcer.settled(this.#parts.patienceMs);
  }

  /** The names that pods of this node were lately told this address for, whoever asked; the first `most` in order. */
  namesOf(address: Address, most: number): readonly string[] {
    return this.#table.namesOf(address).slice(0, most);
  }

  /** Drops what has come to its end, and fills groups that rules ask for since. */
  tick(): void {
    this.#table.expire(this.#parts.nowMs());
    this.#tell();
  }

  /** Tells the engine the groups that are not as they were told. */
  #tell(): void {
    const { engine, enforcer, store } = this.#parts;
    const asked = new Set(engine.askedGroups().filter(isDomainGroup));
    let hasChanged = false;
    for (const group of this.#told.keys()) {
      // Before its first state the engine asks for nothing yet.
      if (asked.has(group) || !enforcer.state.inForce) continue;
      engine.deleteAddressGroup(group);
      this.#told.delete(group);
    }
    for (const group of new Set([...asked, ...this.#told.keys()])) if (this.#tellGroup(engine, group)) hasChanged = true;
    if (!hasChanged) return;
    store.changed();
    enforcer.changed();
  }

  /** Whether the group is not as it was told. */
  #tellGroup(engine: DomainNamesParts['engine'], group: DomainGroup): boolean {
    const members = this.#table.membersOf(group);
    const text = members.map(formatAddress).join(' ');
    if (text === (this.#told.get(group) ?? '')) return false;
    engine.upsertAddressGroup(
      group,
      members.map((address) => ({ address })),
    );
    this.#told.set(group, text);
    return true;
  }
}

const prefix = 'domain/';

function isDomainGroup(name: string): name is DomainGroup {
  return name.startsWith(prefix);
}
