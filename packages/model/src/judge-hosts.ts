/**
 * What host endpoints say of a flow: at each interface that it passes, family after family.
 *
 * ```
 * untracked, preDNAT    failsafe port: the next family · allow: none of the later ones · deny · else the next family
 * normal                failsafe port: allow · its tiers · else what the endpoint's profiles say
 * forward               no policy governs the direction: allow · its tiers · else deny
 * ```
 *
 * A pod that reaches for its own node is let go, dropped, left to the node, or judged by normal policies: a setting.
 */
import { addressRangesContain } from '@weir/net';
import type { HostEndpoint } from './host-endpoint.ts';
import { type HostPassage, hostOfAllInterfaces, hostPassages } from './host-passages.ts';
import type { Failsafe } from './host-settings.ts';
import type { Direction, HostFamily } from './model.ts';
import type { PolicyWorld } from './policy-world.ts';
import type { FlowQuestion, HostVerdict, Truth } from './verdict.ts';
import { type Decision, TierWalk } from './walk-tiers.ts';

/** The verdicts of all host endpoints on the way, and of the setting about pods and their node, in order; empty when nobody has a say. */
export function judgeHosts(world: PolicyWorld, question: FlowQuestion): readonly HostVerdict[] {
  if (!world.asksHosts) return [];
  const verdicts = hostPassages(world, question).flatMap((passage) => judgePassage(world, question, passage));
  return [...verdicts, ...judgePodToHost(world, question)];
}

function judgePassage(world: PolicyWorld, question: FlowQuestion, passage: HostPassage): readonly HostVerdict[] {
  const verdicts = passage.hosts.map((host) => (host === undefined ? undefined : judgeHost(world, question, passage, host)));
  const [first] = verdicts;
  if (verdicts.length < 2) return first === undefined ? [] : [first];
  const outcomes = new Set(verdicts.map((verdict) => verdict?.verdict ?? 'allow'));
  const some = verdicts.find((verdict) => verdict !== undefined);
  if (some === undefined || outcomes.size === 1) return some === undefined ? [] : [some];
  const { decidedBy: _decidedBy, host: _host, ...rest } = some;
  const missing = `the interface of node ${passage.node} that the packet takes: give its host endpoints expectedIPs`;
  return [{ ...rest, verdict: 'unknown', isolatedBy: [], missing: [missing] }];
}

function judgeHost(
  world: PolicyWorld,
  question: FlowQuestion,
  { node, direction, families }: HostPassage,
  host: HostEndpoint,
): HostVerdict | undefined {
  const asked = atHost(question, direction, host);
  const walk = new TierWalk(world, asked, direction);
  for (const family of families) {
    const decision = judgeFamily({ world, question: asked, direction, host, family, walk });
    if (decision === undefined) continue;
    const isolatedBy = world.hosts
      .selecting(host, family)
      .flatMap(({ tier, policies }) => (tier.end === 'pass' ? [] : policies))
      .filter((policy) => policy[direction]?.isolates === true)
      .map(({ ref, source }) => ({ policy: ref, ...(source === undefined ? {} : { source }) }));
    return { node, direction, host, family, isolatedBy, ...decision };
  }
  return undefined;
}

/** The question as the endpoint's rules hear it: names of ports at the node are those that the endpoint gives. */
export function atHost(question: FlowQuestion, direction: Direction, host: HostEndpoint): FlowQuestion {
  const side = direction === 'ingress' ? 'destination' : 'source';
  const end = question[side];
  return end.kind === 'node' ? { ...question, [side]: { ...end, host } } : question;
}

interface FamilyQuestion {
  readonly world: PolicyWorld;
  readonly question: FlowQuestion;
  readonly direction: Direction;
  readonly host: HostEndpoint;
  readonly family: HostFamily;
  readonly walk: TierWalk;
}

/** What a family decides; undefined: the next one is asked. */
function judgeFamily({ world, question, direction, host, family, walk }: FamilyQuestion): Decision | undefined {
  const selecting = world.hosts.selecting(host, family);
  if (family === 'forward') {
    const isGoverned = selecting.some(({ policies }) => policies.some((policy) => policy[direction] !== undefined));
    if (!isGoverned) return walk.decide('allow', { reason: 'no policy', detail: 'not isolated' });
    return walk.run(selecting) ?? walk.decide('deny', { reason: 'profile', detail: 'forwarded' });
  }
  const open = isFailsafe(world.hostSettings(host.node).failsafes, question, direction);
  if (open === 'unknown') return { verdict: 'unknown', missing: ['the address of the peer, of which a failsafe port depends'] };
  if (family === 'normal') {
    if (open === 'yes') return walk.decide('allow', { reason: 'profile', detail: 'failsafe' });
    return walk.run(selecting) ?? walk.decide(host.otherwise, { reason: 'profile', detail: 'host endpoint' });
  }
  return open === 'yes' ? undefined : walk.run(selecting);
}

function isFailsafe(
  failsafes: readonly Failsafe[],
  { protocol, destinationPort, source, destination }: FlowQuestion,
  to: Direction,
): Truth {
  const { address } = to === 'ingress' ? source : destination;
  const ports = failsafes.filter((each) => each.direction === to && each.protocol === protocol && each.port === destinationPort);
  if (ports.some(({ block }) => block === undefined || (address !== undefined && addressRangesContain([block], address)))) return 'yes';
  return ports.length > 0 && address === undefined ? 'unknown' : 'no';
}

function judgePodToHost(world: PolicyWorld, question: FlowQuestion): readonly HostVerdict[] {
  const { source, destination } = question;
  if (source.kind !== 'endpoint' || destination.kind !== 'node' || source.endpoint.node !== destination.node.name) return [];
  const { node } = destination;
  const host = hostOfAllInterfaces(world, node.name);
  const common = { node: node.name, direction: 'ingress', family: 'normal', isolatedBy: [], missing: [] } as const;
  const { podToHost } = world.hostSettings(node.name);
  switch (podToHost) {
    case 'accept':
      return [];
    case 'drop':
      return [{ ...common, verdict: 'deny', decidedBy: { reason: 'profile', detail: 'pod to host' } }];
    case 'policy':
      return judgePassage(world, question, { node: node.name, direction: 'ingress', families: ['normal'], hosts: [host] });
    case 'return':
      if (node.input === undefined)
        return [{ ...common, verdict: 'unknown', missing: [`what node ${node.name} itself does with its input`] }];
      return node.input === 'accept' ? [] : [{ ...common, verdict: 'deny', decidedBy: { reason: 'profile', detail: 'node input' } }];
    default:
      return podToHost satisfies never;
  }
}
