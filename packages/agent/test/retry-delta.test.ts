/** What follows a failed delta leads to the engine's state, whether the back end had taken it over or not. */
import { applyDelta, type Delta, Engine, emptyState, stateOf } from '@weir/calc';
import { emptyWorld, eventsBetween, generateChanges, generateWorld, type ObjectEvent } from '@weir/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryDelta } from '../src/enforcement/retry-delta.ts';

type Fate = 'works' | 'lost' | 'kept';

function worldEvents(seed: number): ObjectEvent[] {
  const world = generateWorld(seed);
  const states = [emptyWorld(world), world, ...generateChanges(seed, world).map(({ world: next }) => next), emptyWorld(world), world];
  return states.slice(1).flatMap((state, i) => eventsBetween(states[i] ?? state, state));
}

describe('retryDelta', () => {
  it('leads to the state of the engine after any row of failures', () => {
    const fates = fc.array(fc.constantFrom<Fate>('works', 'lost', 'kept'), { minLength: 5, maxLength: 40 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fates, fc.integer({ min: 1, max: 9 }), (seed, fateList, stride) => {
        const engine = new Engine({ node: 'node-1' });
        for (const source of engine.sources) engine.setInSync(source);
        const backEnd = emptyState();
        let failed: Delta | undefined;
        const send = (fate: Fate): void => {
          const next = engine.flush();
          const delta = failed === undefined ? next : retryDelta(failed, next);
          if (fate !== 'lost') applyDelta(backEnd, delta);
          failed = fate === 'works' ? undefined : delta;
        };
        worldEvents(seed).forEach((event, i) => {
          event(engine);
          if (i % stride === 0) send(fateList[(i / stride) % fateList.length] ?? 'works');
        });
        send('works');
        expect(backEnd).toEqual(stateOf(engine));
      }),
      { numRuns: 30, seed: 20_261 },
    );
  });
});
