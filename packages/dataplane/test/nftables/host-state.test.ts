/** Host endpoints in the desired state: any state leads to any other by changes that fit what is there. */
import type { Delta } from '@weir/calc';
import { runSize } from '@weir/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DesiredState } from '../../src/nftables/desired-state.ts';
import { elementIdentity, type PlacedElement } from '../../src/nftables/element.ts';
import { deltaBetween, emptyDelta, stateDelta } from '../conformance/state.ts';
import { randomHosts } from '../hosts/random-hosts.ts';

/** What the kernel would hold, told by changes alone. */
class Table {
  readonly #held = new Map<string, string>();

  apply({ removed, added }: { readonly removed: readonly PlacedElement[]; readonly added: readonly PlacedElement[] }): void {
    for (const placed of removed) expect(this.#held.delete(elementIdentity(placed)), `${placed.set} had it`).toBe(true);
    for (const placed of added) {
      expect(this.#held.has(elementIdentity(placed)), `${placed.set} has it already`).toBe(false);
      this.#held.set(elementIdentity(placed), valueOf(placed));
    }
  }

  content(): string[] {
    return [...this.#held].map(([identity, value]) => `${identity} ${value}`).sort();
  }
}

function valueOf({ element }: PlacedElement): string {
  return `${Buffer.from(element.data ?? []).toString('hex')} ${element.comment ?? ''}`;
}

describe('host endpoints in the state of nftables', () => {
  it('DP20, DP101: changes from any state to any other remove what is there and add what is not, and come to the whole state', () => {
    const { firstSeed, count } = runSize(6);
    for (let seed = firstSeed; seed < firstSeed + count; seed++) {
      const states = fc.sample(fc.option(randomHosts, { nil: {} }), { seed, numRuns: 6 });
      const desired = new DesiredState();
      const table = new Table();
      table.apply({ removed: [], added: [...desired.elements()] });
      let before: Delta = emptyDelta;
      for (const state of states) {
        const now = stateDelta(state, (pod) => `pod-${pod}`);
        const { handover, ...changes } = desired.apply(deltaBetween(before, now));
        table.apply(handover);
        table.apply(changes);
        desired.confirm();
        expect(desired.refused(), `WEIR_SEED=${seed}`).toEqual([]);
        const whole = [...desired.elements()].map((placed) => `${elementIdentity(placed)} ${valueOf(placed)}`).sort();
        expect(table.content(), `WEIR_SEED=${seed}`).toEqual(whole);
        before = now;
      }
      desired.apply(deltaBetween(before, emptyDelta));
      expect(desired.hostShape.maps.size).toBe(0);
    }
  });
});
