/**
 * The reasons that a running engine gives, against those of the evaluator: both must name the same
 * rule, or the same policies that isolate. Verdicts are compared with the oracle in calc.test.ts.
 * One world for each forty of the run (`WEIR_WORLDS`, 2 000 by default).
 */
import { type EndJudgement, Engine, judgeFlow } from '@weir/calc';
import type { DecidedBy, DecidingRule, Direction, PolicyRef } from '@weir/model';
import { type Address, compareAddresses, parseAddress } from '@weir/net';
import {
  emptyWorld,
  endAddress,
  eventsBetween,
  flowsOf,
  generateWorld,
  protocolOf,
  renderFlow,
  runSize,
  type World,
  WorldEvaluator,
  type WorldFlow,
} from '@weir/testkit';
import { describe, expect, it } from 'vitest';

const { firstSeed, count } = runSize(2000);
const seeds = Array.from({ length: Math.ceil(count / 40) }, (_, i) => firstSeed + i);
const node = 'node-0';

function engineOf(world: World): Engine {
  const engine = new Engine({ node });
  for (const source of engine.sources) engine.setInSync(source);
  for (const event of eventsBetween(emptyWorld(world), world)) event(engine);
  engine.flush();
  return engine;
}

function reason(decidedBy: DecidedBy<DecidingRule> | undefined): unknown {
  if (decidedBy?.reason !== 'rule') return decidedBy;
  const { policy, direction, ruleIndex, peerIndex } = decidedBy.rule.origin;
  return { rule: `${policy.namespace ?? ''}/${policy.name} ${direction}[${ruleIndex}] ${peerIndex ?? ''}` };
}

const names = (policies: readonly PolicyRef[]): string[] => policies.map(({ namespace, name }) => `${namespace ?? ''}/${name}`).sort();

/** Compares one flow; gives the number of local ends. */
function compare(
  world: World,
  { engine, evaluator, own }: { engine: Engine; evaluator: WorldEvaluator; own: readonly Address[] },
  flow: WorldFlow,
): number {
  const source = endAddress(world, flow.source);
  const packet = {
    source,
    destination: endAddress(world, flow.destination),
    protocol: protocolOf(flow.protocol, source.family),
    ...(flow.port === undefined ? {} : { destinationPort: flow.port }),
  };
  const judged = judgeFlow(engine.emittedState, packet, (address) => own.some((one) => compareAddresses(one, address) === 0));
  const wanted = evaluator.directions(flow);
  let ends = 0;
  const check = (direction: Direction, end: EndJudgement | undefined): void => {
    if (end === undefined) return;
    ends++;
    const { verdict, decidedBy, isolatedBy } = wanted[direction];
    const what = `${direction} of ${renderFlow(flow)}`;
    expect([end.verdict, reason(end.decidedBy)], what).toEqual([verdict, reason(decidedBy)]);
    const isolating = engine.emittedState.isolatedBy(end.endpoint.uid, direction);
    if (end.decidedBy.reason !== 'profile') expect(names(isolating), what).toEqual(names(isolatedBy.map(({ policy }) => policy)));
  };
  check('egress', judged.egress);
  check('ingress', judged.ingress);
  return ends;
}

describe('Q1: a running engine gives the reasons that the evaluator gives', () => {
  it.each(seeds)('seed %i', (seed) => {
    const world = generateWorld(seed);
    const own = (world.nodes ?? [])
      .filter(({ metadata }) => metadata.name === node)
      .flatMap(({ status }) => (status?.addresses ?? []).flatMap(({ address }) => parseAddress(address) ?? []));
    const parts = { engine: engineOf(world), evaluator: new WorldEvaluator(world), own };
    let ends = 0;
    for (const [i, flow] of flowsOf(world).entries()) if (i % 5 === seed % 5) ends += compare(world, parts, flow);
    const isLocal = world.pods.some(({ spec }) => spec?.nodeName === node && spec.hostNetwork !== true);
    if (isLocal) expect(ends).toBeGreaterThan(0);
  });
});
