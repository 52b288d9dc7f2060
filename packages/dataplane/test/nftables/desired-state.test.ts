/** The desired state against a linear interpreter of the same deltas, over random histories. */
import type { Delta } from '@weir/calc';
import { type Address, addressToBytes, assert, defined, hasPorts, parseAddress } from '@weir/net';
import { DeltaModel } from '@weir/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DesiredState } from '../../src/nftables/desired-state.ts';
import { elementIdentity, type PlacedElement, pairKey, sameValue, tupleElement } from '../../src/nftables/element.ts';
import { familySets, sharedSets } from '../../src/nftables/sets.ts';
import { stateText } from '../conformance/random-states.ts';
import { deltaBetween, emptyDelta, stateDelta } from '../conformance/state.ts';
import { hostAddresses } from '../conformance/world.ts';
import { tieredState } from '../tiers/random-tiers.ts';

/** What the kernel would hold: deletions must find their element, additions must not. */
class FakeTable {
  readonly elements = new Map<string, PlacedElement>();

  take({ removed, added }: { removed: readonly PlacedElement[]; added: readonly PlacedElement[] }): void {
    for (const placed of removed)
      assert(this.elements.delete(elementIdentity(placed)), `deletes what is not there: ${elementIdentity(placed)}`);
    for (const placed of added) {
      assert(!this.elements.has(elementIdentity(placed)), `adds what is there: ${elementIdentity(placed)}`);
      this.elements.set(elementIdentity(placed), placed);
    }
  }

  number(set: string, key: Uint8Array): number | undefined {
    const data = this.elements.get(elementIdentity({ set, element: { key } }))?.element.data;
    return data === undefined ? undefined : Buffer.from(data).readUInt32LE(4);
  }

  block(address: Address): number | undefined {
    const set = familySets(address.family).block;
    const wanted = Buffer.from(addressToBytes(address));
    let best: PlacedElement | undefined;
    for (const placed of this.elements.values()) {
      if (placed.set !== set || Buffer.compare(placed.element.key, wanted) > 0) continue;
      const order = best === undefined ? 1 : Buffer.compare(placed.element.key, best.element.key);
      if (order > 0 || (order === 0 && placed.element.intervalEnd !== true)) best = placed;
    }
    return best?.element.data === undefined ? undefined : Buffer.from(best.element.data).readUInt32LE(4);
  }

  /** The rules of the table, read by a person: self, any peer, then the peer's class. */
  allows(own: Address, peer: Address, flow: { direction: 'ingress' | 'egress'; protocol: number; port: number }): boolean {
    const sets = familySets(own.family);
    const program = this.number(sets[flow.direction], addressToBytes(own));
    const pair = flow.direction === 'egress' ? pairKey(own, peer) : pairKey(peer, own);
    if (program === undefined || this.elements.has(elementIdentity({ set: sets.self, element: { key: pair } }))) return true;
    const peerClass = this.number(sets.class, addressToBytes(peer)) ?? this.block(peer);
    return [0, defined(peerClass, 'every address has a class')].some((number) => this.#hasTuple({ program, class: number }, flow));
  }

  #hasTuple(of: { program: number; class: number }, { protocol, port }: { protocol: number; port: number }): boolean {
    const exact = hasPorts(protocol) && port !== 0 ? [{ protocol, ports: { first: port, last: port } }] : [];
    if ([...exact, { protocol }, {}].some((tuple) => this.elements.has(elementIdentity(tupleElement({ ...of, rule: 0 }, tuple)))))
      return true;
    const key = Buffer.from(tupleElement({ ...of, rule: 0 }, { protocol, ports: { first: port, last: port } }).element.key);
    return [...this.elements.values()].some(({ set, element }) => {
      if (set !== sharedSets.allowRange || element.keyEnd === undefined) return false;
      const start = Buffer.from(element.key);
      return (
        start.subarray(0, 8).equals(key.subarray(0, 8)) &&
        protocol >= start.readUInt8(8) &&
        protocol <= Buffer.from(element.keyEnd).readUInt8(8) &&
        port >= start.readUInt16BE(12) &&
        port <= Buffer.from(element.keyEnd).readUInt16BE(12)
      );
    });
  }
}

function addresses(): Address[] {
  return (['a', 'b', 'c', 'ext', 'other'] as const).flatMap((host) =>
    ([4, 6] as const).map((family) => defined(parseAddress(hostAddresses[host][family]), host)),
  );
}

/** What the table says otherwise than the interpreter. */
function wrongVerdicts(model: DeltaModel, table: FakeTable): string[] {
  const wrong: string[] = [];
  for (const source of addresses()) {
    for (const destination of addresses()) {
      if (source.family !== destination.family) continue;
      for (const [protocol, port] of [
        [6, 80],
        [6, 81],
        [6, 85],
        [17, 80],
        [17, 443],
        [132, 80],
        [1, 0],
        [58, 0],
        [47, 0],
      ] as const) {
        const flow = { source, destination, protocol, ...(hasPorts(protocol) ? { destinationPort: port } : {}) };
        const { egressAllowed = true, ingressAllowed = true } = model.judge(flow, []);
        const egress = table.allows(source, destination, { direction: 'egress', protocol, port });
        const ingress = table.allows(destination, source, { direction: 'ingress', protocol, port });
        if (egress !== egressAllowed || ingress !== ingressAllowed)
          wrong.push(JSON.stringify({ flow, egress, egressAllowed, ingress, ingressAllowed }));
      }
    }
  }
  return wrong;
}

/** Whether an element sends an endpoint to the program, or says what it allows. */
function isOfProgram(number: number): (placed: PlacedElement) => boolean {
  const programs = [4, 6].flatMap((family) => [`ingress_program${family}`, `egress_program${family}`]);
  return ({ set, element }) => {
    if (programs.includes(set)) return Buffer.from(element.data ?? []).readUInt32LE(4) === number;
    const isTuple = [sharedSets.allow, sharedSets.allowRange, sharedSets.logged, sharedSets.loggedRange].some((each) => each === set);
    return isTuple && Buffer.from(element.key).readUInt32LE(0) === number;
  };
}

/** Programs that only allow, and programs with tiers and every action. */
const anyState = fc.oneof(stateText, tieredState);

describe('the desired state', () => {
  it('DP20: after any history holds what the deltas say, and its changes add up to its elements', () => {
    fc.assert(
      fc.property(fc.array(anyState, { minLength: 1, maxLength: 4 }), (texts) => {
        const state = new DesiredState();
        const model = new DeltaModel({ squashed: true });
        const table = new FakeTable();
        table.take({ removed: [], added: [...state.elements()] });
        let before: Delta = emptyDelta;
        for (const text of [...texts, { pods: [] }]) {
          const after = stateDelta(text, () => 'weir0');
          const delta = deltaBetween(before, after);
          model.apply(delta);
          const changes = state.apply(delta);
          table.take(changes.handover);
          table.take(changes);
          const all = new Map([...state.elements()].map((placed) => [elementIdentity(placed), placed]));
          expect([...table.elements.keys()].sort()).toEqual([...all.keys()].sort());
          for (const [identity, placed] of all)
            expect(sameValue(placed.element, table.elements.get(identity)?.element ?? { key: placed.element.key, comment: '?' })).toBe(
              true,
            );
          expect(state.refused()).toEqual([]);
          expect(wrongVerdicts(model, table)).toEqual([]);
          before = after;
        }
      }),
      { numRuns: 100, seed: 20 },
    );
  });

  it('DP61: whatever was withheld on the way, its changes add up, and once nothing is withheld it holds what the deltas say', () => {
    const step = fc.record({ text: anyState, withheld: fc.array(fc.boolean(), { maxLength: 6 }), isTaken: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), (steps) => {
        const state = new DesiredState();
        const model = new DeltaModel({ squashed: true });
        let before: Delta = emptyDelta;
        for (const { text, withheld, isTaken } of steps) {
          const table = new FakeTable();
          table.take({ removed: [], added: [...state.elements()] });
          const after = stateDelta(text, () => 'weir0');
          const delta = deltaBetween(before, after);
          model.apply(delta);
          const changes = state.apply(delta);
          table.take(changes.handover);
          table.take(changes);
          expect(new Set(table.elements.keys())).toEqual(new Set([...state.elements()].map(elementIdentity)));
          const suspects = state.suspects();
          state.withhold(new Map(suspects.filter((_, i) => withheld[i] === true).map((entry) => [entry, 'refused'])));
          const left = suspects.filter(
            ({ source }, i) => withheld[i] === true && delta.programs.upserts.some(({ key }) => key === source.key),
          );
          for (const { number } of left) expect([...state.elements()].filter(isOfProgram(number))).toEqual([]);
          if (isTaken) state.confirm();
          before = after;
        }
        state.withhold(new Map());
        expect(state.refused()).toEqual([]);
        const table = new FakeTable();
        table.take({ removed: [], added: [...state.elements()] });
        expect(wrongVerdicts(model, table)).toEqual([]);
      }),
      { numRuns: 100, seed: 61 },
    );
  });
});
