/** The desired state against a linear interpreter of the same deltas, over random histories. */
import type { Delta } from '@weir/calc';
import { type Address, addressToBytes, assert, defined, hasPorts, isIcmp, parseAddress } from '@weir/net';
import { DeltaModel } from '@weir/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DesiredState } from '../../src/nftables/desired-state.ts';
import { elementIdentity, type PlacedElement, pairKey, sameValue, tupleElement } from '../../src/nftables/element.ts';
import { familySets, sharedSets } from '../../src/nftables/sets.ts';
import { stateText } from '../conformance/random-states.ts';
import { deltaBetween, emptyDelta, stateDelta } from '../conformance/state.ts';
import { hostAddresses } from '../conformance/world.ts';
import { ruleFeatures, tieredState } from '../tiers/random-tiers.ts';

/** What the kernel would hold: deletions must find their element, additions must not. */
class FakeTable {
  readonly elements = new Map<string, PlacedElement>();
  /** Ranges of tuples by set, program and class, since the last change. */
  #ranges: Map<string, PlacedElement[]> | undefined;

  take({ removed, added }: { removed: readonly PlacedElement[]; added: readonly PlacedElement[] }): void {
    this.#ranges = undefined;
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
  allows(own: Address, peer: Address, flow: AskedFlow): boolean {
    const sets = familySets(own.family);
    const program = this.number(sets[flow.direction], addressToBytes(own));
    const pair = flow.direction === 'egress' ? pairKey(own, peer) : pairKey(peer, own);
    if (program === undefined || this.elements.has(elementIdentity({ set: sets.self, element: { key: pair } }))) return true;
    const peerClass = this.number(sets.class, addressToBytes(peer)) ?? this.block(peer);
    return [0, defined(peerClass, 'every address has a class')].some((number) => this.#hasTuple({ program, class: number }, flow));
  }

  #hasTuple(of: { program: number; class: number }, { protocol, port, sourcePort }: AskedFlow): boolean {
    const exact = hasPorts(protocol) && port !== 0 ? [{ protocol, ports: { first: port, last: port } }] : [];
    if ([...exact, { protocol }, {}].some((tuple) => this.elements.has(elementIdentity(tupleElement({ ...of, rule: 0 }, tuple)))))
      return true;
    const key = Buffer.alloc(20);
    key.writeUInt32LE(of.program, 0);
    key.writeUInt32LE(of.class, 4);
    key.writeUInt8(protocol, 8);
    key.writeUInt16BE(port, 12);
    key.writeUInt16BE(sourcePort, 16);
    if (this.#holdsRange(isIcmp(protocol) ? sharedSets.allowMessage : sharedSets.allowRange, key.subarray(0, 16))) return true;
    // A checksum stands where ranges of all protocols look for the port of ICMP.
    if (isIcmp(protocol) && this.#holdsRange(sharedSets.allowRange, Buffer.concat([key.subarray(0, 12), Buffer.from([0x12, 0x34, 0, 0])])))
      return true;
    const asking = elementIdentity({ set: sharedSets.askingSource, element: { key: key.subarray(0, 4) } });
    return this.elements.has(asking) && this.#holdsRange(sharedSets.allowSource, key);
  }

  /** Whether every field of the key is in its range; numbers of programs and classes are no ranges. */
  #holdsRange(set: string, key: Buffer): boolean {
    const fields = fieldsOf(key);
    this.#ranges ??= rangesByNumbers(this.elements.values());
    return (this.#ranges.get(numbersOf(set, key)) ?? []).some(({ element }) => {
      const [first, last] = [fieldsOf(element.key), fieldsOf(element.keyEnd ?? element.key)];
      return fields.every((field, i) => field >= (first[i] ?? 0) && field <= (last[i] ?? 0));
    });
  }
}

function rangesByNumbers(elements: Iterable<PlacedElement>): Map<string, PlacedElement[]> {
  const ranges = new Map<string, PlacedElement[]>();
  for (const placed of elements) {
    if (placed.element.keyEnd === undefined) continue;
    const numbers = numbersOf(placed.set, placed.element.key);
    ranges.set(numbers, [...(ranges.get(numbers) ?? []), placed]);
  }
  return ranges;
}

function numbersOf(set: string, key: Uint8Array): string {
  return `${set} ${Buffer.from(key).toString('hex', 0, 8)}`;
}

/** A packet of one direction; of ICMP `port` is the message. */
interface AskedFlow {
  readonly direction: 'ingress' | 'egress';
  readonly protocol: number;
  readonly port: number;
  readonly sourcePort: number;
}

/** Protocol, port and, where there is one, source port of a key. */
function fieldsOf(key: Uint8Array): number[] {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.length);
  return [bytes.readUInt8(8), bytes.readUInt16BE(12), ...(key.length > 16 ? [bytes.readUInt16BE(16)] : [])];
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
      for (const [protocol, port, sourcePort = 0] of [
        [6, 80, 1_000],
        [6, 80, 40_000],
        [6, 81, 3_500],
        [6, 85, 1_500],
        [17, 80, 1_000],
        [17, 443, 2_000],
        [132, 80, 1_000],
        [1, 8 * 256],
        [1, 8 * 256 + 5],
        [1, 13 * 256],
        [58, 128 * 256 + 1],
        [58, 139 * 256],
        [47, 0],
      ] as const) {
        const ports = hasPorts(protocol) ? { destinationPort: port, sourcePort } : isIcmp(protocol) ? { message: port } : {};
        const flow = { source, destination, protocol, ...ports };
        const { egressAllowed = true, ingressAllowed = true } = model.judge(flow, []);
        const egress = table.allows(source, destination, { direction: 'egress', protocol, port, sourcePort });
        const ingress = table.allows(destination, source, { direction: 'ingress', protocol, port, sourcePort });
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
    const isTuple = /^(allow|logged)/.test(set);
    return isTuple && Buffer.from(element.key).readUInt32LE(0) === number;
  };
}

/** Programs that only allow, and programs with tiers and every action. */
const anyState = fc.oneof(stateText, tieredState(ruleFeatures));

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
      { numRuns: 60, seed: 20 },
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
