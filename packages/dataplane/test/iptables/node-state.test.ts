/** Sets and chains depend on the state and not on the way to it, over random histories. */
import type { Delta } from '@weir/calc';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LocalSetFactory } from '../../src/iptables/local-sets.ts';
import { NodeState } from '../../src/iptables/node-state.ts';
import { wantedFilter } from '../../src/iptables/wanted-filter.ts';
import { stateText } from '../conformance/random-states.ts';
import { deltaBetween, emptyDelta, stateDelta } from '../conformance/state.ts';

/** A state with the sets that it makes for its own pods. */
class Subject {
  readonly state = new NodeState({ namesInUse: [], targets: () => ({ drop: '-j DROP', log: '' }) });
  readonly #factory = new LocalSetFactory(this.state.names);

  /** All sets and chains, by what they hold instead of by their numbers. */
  content(): unknown {
    const options = { podInterfaces: ['weir'], established: 'cut', podToOwnNode: 'by-policy', flowRate: 10 } as const;
    const { sets, chains } = wantedFilter(this.state, this.#factory, options);
    const names = new Map<string, string>([...this.state.programs.all()].map(({ chain, program }) => [chain, `<${program.key}>`]));
    for (const { name, type, members } of sets) names.set(name, JSON.stringify([type, [...members].sort()]));
    const plain = (text: string): string => text.replace(/WEIR-P\d+|weir[46]-[a-z]\d+/g, (name) => names.get(name) ?? name);
    return [4, 6].map((family) =>
      (family === 4 ? chains[4] : chains[6]).map(({ name, rules }) => `${plain(name)}\n${rules.map(plain).sort().join('\n')}`).sort(),
    );
  }
}

const linked = (pod: string): string => `weir-${pod}`;

describe('the state of a node', () => {
  it('is the same from any state as from nothing, for all sets and chains', () => {
    fc.assert(
      fc.property(fc.array(stateText, { minLength: 2, maxLength: 5 }), (texts) => {
        const moving = new Subject();
        let before: Delta = emptyDelta;
        for (const text of texts) {
          const after = stateDelta(text, linked);
          moving.state.apply(deltaBetween(before, after), before === emptyDelta);
          before = after;
          const fresh = new Subject();
          fresh.state.apply(after, true);
          expect(moving.content()).toEqual(fresh.content());
        }
      }),
      { numRuns: 150 },
    );
  });

  it('DP61: is the same when all that the kernel refused on the way is let in again', () => {
    const step = fc.record({ text: stateText, refused: fc.array(fc.nat(20), { maxLength: 4 }), isTried: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { minLength: 2, maxLength: 5 }), (steps) => {
        const moving = new Subject();
        let before: Delta = emptyDelta;
        for (const { text, refused, isTried } of steps) {
          const after = stateDelta(text, linked);
          if (isTried) moving.state.tryAgain();
          moving.state.apply(deltaBetween(before, after), isTried || before === emptyDelta);
          before = after;
          for (const each of refused) {
            const { program } = moving.state.suspects()[each] ?? {};
            if (program !== undefined) moving.state.quarantine(new Map([[program.key, 'too much']]));
          }
          moving.state.confirm();
        }
        moving.state.tryAgain();
        moving.state.apply(emptyDelta, true);
        expect(moving.state.isQuarantining).toBe(false);
        const fresh = new Subject();
        fresh.state.apply(before, true);
        expect(moving.content()).toEqual(fresh.content());
      }),
      { numRuns: 150 },
    );
  });

  it('changes members in place for peers elsewhere, gains apart from losses, and remakes sets where both ends change', () => {
    const rule = { peer: ['one'], protocol: 6, ports: [80] };
    const [a, c] = (['a', 'c'] as const).map((pod) => ({ sets: { one: { [pod]: 'member' as const } }, ingress: { b: [rule] } }));
    const far = new Subject();
    const [before, after] = [stateDelta({ ...a, pods: ['b'] }, linked), stateDelta({ ...c, pods: ['b'] }, linked)];
    far.state.apply(before, true);
    const change = far.state.apply(deltaBetween(before, after), false);
    expect(change.gains.map(({ member }) => member)).toEqual(['10.77.0.3', 'fd77::c']);
    expect(change.losses.map(({ member }) => member)).toEqual(['10.77.0.1', 'fd77::a']);
    const near = new Subject();
    const [one, other] = [stateDelta({ ...a }, linked), stateDelta({ ...c }, linked)];
    near.state.apply(one, true);
    const sets = near.state.peerSets(4).map(({ name }) => name);
    const remade = near.state.apply(deltaBetween(one, other), false);
    expect([...remade.gains, ...remade.losses]).toEqual([]);
    expect(near.state.peerSets(4).filter(({ name }) => sets.includes(name))).toEqual([]);
  });
});
