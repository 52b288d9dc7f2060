/** Rules of the model as rules of programs: that they match what the evaluator says. A failing seed is printed by fast-check. */

import {
  createPolicyWorld,
  type Direction,
  type Endpoint,
  type EngineProfile,
  engineProfiles,
  judgeDirection,
  type Match,
  type Policy,
  questionOf,
  selectorMatches,
} from '@weir/model';
import { addressRangesContain, compareAddresses, type Flow, isIcmp, type PortRange, portRangesContain } from '@weir/net';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namedPortsIn } from '../src/delta/set-spec.ts';
import { planPolicy } from '../src/policies/plan-policy.ts';
import type { PlannedRule } from '../src/policies/planned-rule.ts';
import { blockLimits } from '../src/policies/policy-reading.ts';
import { renderRule } from '../src/programs/render-rule.ts';
import { addressOf, endpoints, flowBetween, groups, matchOf, nodes } from './random-rules.ts';

const ref = { apiVersion: 'projectcalico.org', kind: 'NetworkPolicy', namespace: 'a', name: 'p' };
const local = endpoints[0] as Endpoint;
const one = (text: string): { first: ReturnType<typeof addressOf>; last: ReturnType<typeof addressOf> } => ({
  first: addressOf(text),
  last: addressOf(text),
});

function policyOf(direction: Direction, match: Match): Policy {
  const rules = [{ action: 'allow', match, origin: { policy: ref, direction, ruleIndex: 0 } } as const];
  return { ref, order: 1, subject: { kind: 'all' }, staged: false, [direction]: { isolates: true, rules } };
}

function endpointAt(address: Flow['source']): Endpoint | undefined {
  return endpoints.find(({ addresses }) => addresses.some((own) => compareAddresses(own, address) === 0));
}

function isIn({ spec, port: asked }: PlannedRule['peer'][number], peer: Flow['source'], flow: Flow): boolean {
  const { protocol } = flow;
  const port = asked === 'source' ? flow.sourcePort : flow.destinationPort;
  if (spec.kind === 'range') return addressRangesContain(spec.ranges, peer);
  if ('groups' in spec) {
    const members = spec.groups.flatMap((name) => groups.get(name) ?? []).filter(({ address }) => compareAddresses(address, peer) === 0);
    if (spec.kind === 'address') return members.length > 0;
    return (
      protocol === spec.protocol &&
      members.some(
        (member) =>
          member.protocol === protocol &&
          member.port === port &&
          (spec.ports === undefined || portRangesContain(spec.ports, member.port ?? -1)),
      )
    );
  }
  const endpoint = endpointAt(peer);
  if (endpoint === undefined || !selectorMatches(spec.selector, endpoint)) return false;
  return spec.kind === 'address' || (protocol === spec.protocol && namedPortsIn(spec, endpoint.namedPorts).includes(port ?? -1));
}

const { calico } = engineProfiles;
/** Whose blocks mean nobody but strangers; port names are as with the other one. */
const strangersAlone: EngineProfile = { ...calico, ipBlockMatchesPods: false, ipBlockMatchesNodes: false };
const ownNode = [one('10.1.0.1'), one('fd01::1')];
const otherNodes = [one('10.1.0.2'), one('fd01::2')];

interface Asked {
  readonly profile: EngineProfile;
  readonly direction: Direction;
  readonly match: Match;
}

/** Whether a rule that the policy's only rule became matches. */
function isPlanned({ profile, direction, match }: Asked, flow: Flow): boolean {
  const limits = blockLimits({ profile, system: 'linux', expandsUnsupported: false }, { own: ownNode, others: otherNodes });
  const plan = planPolicy(policyOf(direction, match), { limits });
  const among = (ranges: readonly PortRange[] | undefined, port: number | undefined): boolean =>
    ranges === undefined || (port !== undefined && portRangesContain(ranges, port));
  return (plan[direction] ?? []).some((planned) => {
    const rule = renderRule(planned, 'id', local.namedPorts);
    if (rule === undefined) return false;
    if (rule.protocol !== undefined && rule.protocol !== flow.protocol) return false;
    if (rule.notProtocol === flow.protocol) return false;
    if (!among(rule.ports, isIcmp(flow.protocol) ? flow.message : flow.destinationPort) || !among(rule.sourcePorts, flow.sourcePort))
      return false;
    const peer = direction === 'ingress' ? flow.source : flow.destination;
    return planned.peer.every((test) => isIn(test, peer, flow) !== test.negated);
  });
}

const questions = fc.constantFrom<Direction>('ingress', 'egress').chain((direction) =>
  fc.record({
    direction: fc.constant(direction),
    match: matchOf(direction),
    flows: fc.array(
      flowBetween((source, destination) => {
        const [own, peer] = direction === 'ingress' ? [destination, source] : [source, destination];
        // Its own node reaches every pod, whatever rules say.
        const isAsked = direction === 'egress' || !nodes[0]?.addresses.some((address) => compareAddresses(address, peer) === 0);
        return isAsked && endpointAt(own) === local && endpointAt(peer) !== local;
      }),
      { minLength: 20, maxLength: 20 },
    ),
  }),
);

describe('planned rules', () => {
  it.each([
    ['anybody', calico],
    ['no pod and no node', strangersAlone],
  ])('P2 P6 L5 match what the evaluator says, whatever fields a rule has, where blocks mean %s', (_, profile) => {
    let matched = 0;
    fc.assert(
      fc.property(questions, ({ direction, match, flows }) => {
        const tiers = [{ name: 'default', order: 1, end: 'deny', policies: [policyOf(direction, match)] } as const];
        const world = createPolicyWorld({ tiers, endpoints, nodes, groups, profile });
        const wrong = flows.filter((flow) => {
          const { verdict } = judgeDirection(world, questionOf(world, flow), direction);
          if (verdict === 'allow') matched++;
          return isPlanned({ profile, direction, match }, flow) !== (verdict === 'allow');
        });
        expect(wrong).toEqual([]);
      }),
      { seed: 20_261_126, numRuns: 300 },
    );
    expect(matched).toBeGreaterThan(200);
  });
});
