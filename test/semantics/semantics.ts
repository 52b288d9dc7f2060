/**
 * The corners of NetworkPolicy on real packets: services, errors, neighbour discovery, fragments,
 * packets that no decent sender sends, and many or large policies.
 */
import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import type { BackEnd } from '../packets/back-ends.ts';
import { describeErrors } from './errors.ts';
import { describeManyPolicies } from './many-policies.ts';
import { describeOwnNode } from './own-node.ts';
import { describePacketShapes } from './packet-shapes.ts';
import { SemanticsScene } from './semantics-scene.ts';
import { describeServices } from './services.ts';

/** Declares the suite for one back end. */
export function describeSemantics(backEnd: BackEnd): void {
  describe(`${backEnd.name}: the corners of NetworkPolicy`, () => {
    const scene = new SemanticsScene(backEnd);

    beforeAll(() => scene.open());
    afterEach(async () => {
      expect(await scene.policed.drift()).toEqual([]);
      await scene.policed.reset();
    });
    afterAll(() => scene.close());

    describeServices(scene);
    describeOwnNode(scene);
    describeErrors(scene);
    describePacketShapes(scene);
    describeManyPolicies(scene);
  });
}
