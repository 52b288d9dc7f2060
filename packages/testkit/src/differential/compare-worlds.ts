/** Compares the engine with the oracle, flow by flow, and reports the first difference as a small case. */
import type { OracleEngine } from '../oracle/engine-rules.ts';
import { NetworkPolicyOracle } from '../oracle/network-policy-oracle.ts';
import type { OracleVerdict, World, WorldFlow } from '../oracle/world.ts';
import { flowsOf } from '../random/flows.ts';
import { type EngineParts, engineParts, WorldEvaluator } from './engine-parts.ts';
import { renderFlow, renderWorld } from './render-world.ts';
import { shrinkWorld } from './shrink-world.ts';

/** A flow that the engine and the oracle judge differently. */
export interface Difference {
  readonly flow: WorldFlow;
  readonly expected: OracleVerdict;
  readonly actual: OracleVerdict;
}

/** What to compare. */
export interface CompareOptions {
  /** Default: the engine as it is. */
  readonly parts?: EngineParts;
  /** Default: all flows of the world. */
  readonly flows?: readonly WorldFlow[];
  /** As which engine both judge. Default: `kubernetes`. */
  readonly engine?: OracleEngine;
}

/** The first difference in a world, or undefined. */
export function findDifference(world: World, options: CompareOptions = {}): Difference | undefined {
  const oracle = new NetworkPolicyOracle(world, options.engine);
  const engine = new WorldEvaluator(world, options.parts ?? engineParts, options.engine);
  for (const flow of options.flows ?? flowsOf(world)) {
    const expected = oracle.verdict(flow);
    const actual = engine.verdict(flow);
    if (expected.egressAllowed !== actual.egressAllowed || expected.ingressAllowed !== actual.ingressAllowed)
      return { flow, expected, actual };
  }
  return undefined;
}

/** Throws an Error with the seed, the flow and the smallest manifest when engine and oracle differ. */
export function expectNoDifference(name: string, world: World, options: CompareOptions = {}): void {
  if (findDifference(world, options) === undefined) return;
  const small = shrinkWorld(world, (candidate) => findDifference(candidate, options) !== undefined);
  const difference = findDifference(small, options);
  if (difference === undefined) return;
  throw new Error(
    [
      `${name}: engine and oracle differ`,
      `flow: ${renderFlow(difference.flow)}`,
      `oracle: ${renderVerdict(difference.expected)}`,
      `engine: ${renderVerdict(difference.actual)}`,
      renderWorld(small),
    ].join('\n'),
  );
}

function renderVerdict({ egressAllowed, ingressAllowed }: OracleVerdict): string {
  return `egress ${egressAllowed ? 'allowed' : 'denied'}, ingress ${ingressAllowed ? 'allowed' : 'denied'}`;
}
