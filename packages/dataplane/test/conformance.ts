/**
 * The suite that every back end passes, on real packets: `runDataplaneConformance` is called once
 * per back end, from a kernel test. What a back end does not do is skipped by name, with a reason.
 */

import { inNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Dataplane } from '../src/dataplane.ts';
import { attemptsOf, conformanceCases } from './conformance/cases.ts';
import { stateDelta } from './conformance/state.ts';
import { openWorld, type World } from './conformance/world.ts';

export interface DataplaneConformanceOptions {
  readonly name: string;
  /** Makes the back end; called in the node's namespace. */
  readonly newDataplane: (node: { readonly podInterfaces: readonly string[] }) => Dataplane;
  readonly skip?: readonly { readonly rule: string; readonly reason: string }[];
}

/** Declares the suite for one back end. */
export function runDataplaneConformance({ name, newDataplane, skip = [] }: DataplaneConformanceOptions): void {
  describe(`${name} conformance`, () => {
    let world: World;
    beforeAll(async () => {
      world = await openWorld();
    });
    afterAll(async () => {
      await world.close();
    });

    for (const { rule, name: title, state, allowed, denied } of conformanceCases) {
      const skipped = skip.find((each) => each.rule === rule);
      it.skipIf(skipped !== undefined)(`${rule}: ${title}${skipped === undefined ? '' : ` (skipped: ${skipped.reason})`}`, async () => {
        const dataplane = inNetns(
          world.netns('node'),
          () => newDataplane({ podInterfaces: [world.podInterfacePrefix] }) as never,
        ) as Dataplane;
        try {
          const report = await dataplane.apply(stateDelta(state, (pod) => world.podInterface(pod)));
          expect(report.quarantined).toEqual([]);
          const attempts = [
            ...allowed.map((text) => ({ text, expected: 'allowed' as const })),
            ...denied.map((text) => ({ text, expected: 'denied' as const })),
          ];
          const wrong = await Promise.all(
            attempts.flatMap(({ text, expected }) =>
              attemptsOf(text, expected).map(async (attempt) => {
                const outcome = await world.attempt(attempt);
                const right = (outcome === 'answered') === (expected === 'allowed');
                return right ? [] : [`IPv${attempt.family} ${text}: ${outcome}, expected to be ${expected}`];
              }),
            ),
          );
          expect(wrong.flat()).toEqual([]);
          expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
        } finally {
          await dataplane.remove();
          await dataplane.close();
        }
      });
    }
  });
}
