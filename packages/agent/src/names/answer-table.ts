/**
 * What names have resolved to lately: addresses by name, each for as long as its answer said.
 *
 * Bounded on all sides: a name keeps the 50 addresses that live longest (as Cilium's `tofqdns-endpoint-max-ip-per-hostname`
 * does), and of too many names those are forgotten whose answers are oldest. Values in, values out; the caller has the clock.
 */

import { type AddressGroupName, domainMatcher } from '@weir/model';
import { type Address, compareAddresses, formatAddress } from '@weir/net';
import type { DomainAnswer } from './domain-answer.ts';

/** So many addresses a name. */
export const addressesOfNameMax = 50;
const namesMax = 10_000;

interface KnownAddress {
  readonly address: Address;
  readonly untilMs: number;
}

/** See above. */
export class AnswerTable {
  /** The name answered last is the last one. */
  readonly #names: Map<string, readonly KnownAddress[]> = new Map();
  /** The names of each address, as text. */
  readonly #byAddress: Map<string, Set<string>> = new Map();

  /** Takes an answer in; addresses that are known already live on until the later end. */
  learn({ name, addresses }: DomainAnswer, nowMs: number): void {
    if (addresses.length === 0) return;
    const byText = new Map((this.#names.get(name) ?? []).map((known) => [formatAddress(known.address), known]));
    for (const { address, ttlSeconds } of addresses) {
      const text = formatAddress(address);
      const untilMs = Math.max(nowMs + ttlSeconds * 1_000, byText.get(text)?.untilMs ?? 0);
      byText.set(text, { address, untilMs });
    }
    const longest = [...byText.values()].sort((a, b) => b.untilMs - a.untilMs || compareAddresses(a.address, b.address));
    this.#forget(name);
    this.#keep(name, longest.slice(0, addressesOfNameMax));
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= namesMax) break;
      this.#forget(oldest);
    }
  }

  /** Forgets what has come to its end. */
  expire(nowMs: number): void {
    for (const [name, known] of this.#names) {
      const left = known.filter(({ untilMs }) => untilMs > nowMs);
      if (left.length === known.length) continue;
      this.#forgetAddresses(name);
      if (left.length === 0) this.#names.delete(name);
      else this.#keep(name, left);
    }
  }

  /** The names that have this address, in order. */
  namesOf(address: Address): readonly string[] {
    return [...(this.#byAddress.get(formatAddress(address)) ?? [])].sort();
  }

  #keep(name: string, known: readonly KnownAddress[]): void {
    this.#names.set(name, known);
    for (const { address } of known) {
      const text = formatAddress(address);
      const names = this.#byAddress.get(text) ?? new Set<string>();
      this.#byAddress.set(text, names.add(name));
    }
  }

  #forget(name: string): void {
    this.#forgetAddresses(name);
    this.#names.delete(name);
  }

  #forgetAddresses(name: string): void {
    for (const { address } of this.#names.get(name) ?? []) {
      const text = formatAddress(address);
      const names = this.#byAddress.get(text);
      names?.delete(name);
      if (names?.size === 0) this.#byAddress.delete(text);
    }
  }

  /** What is left of the answers about the names that are wanted, at most so many: of those that were answered last. */
  living(isWanted: (name: string) => boolean, most: number, nowMs: number): readonly DomainAnswer[] {
    const wanted = [...this.#names].filter(([name]) => isWanted(name));
    return wanted.slice(-most).map(([name, known]) => ({
      name,
      addresses: known.flatMap(({ address, untilMs }) => (untilMs > nowMs ? [{ address, ttlSeconds: (untilMs - nowMs) / 1_000 }] : [])),
    }));
  }

  /** The addresses of all names that fit the group's name or pattern, in order, each once. */
  membersOf(group: AddressGroupName & `domain/${string}`): readonly Address[] {
    const pattern = group.slice('domain/'.length);
    const exact = pattern.includes('*') ? undefined : (this.#names.get(pattern) ?? []);
    const fits = exact === undefined ? domainMatcher(pattern) : undefined;
    const known = exact ?? [...this.#names].flatMap(([name, addresses]) => (fits?.(name) === true ? addresses : []));
    const byText = new Map(known.map(({ address }) => [formatAddress(address), address]));
    return [...byText.values()].sort(compareAddresses);
  }
}
