/** The questions of "from there to there": each source with each destination, on each port. */
import type { Outcome } from '@weir/model';
import type { Family } from '@weir/net';
import { isOwnNode, pairOf } from './alike-ends.ts';
import type { Assertion, Claim } from './assertion.ts';
import type { AskedEnd, AskedFlow, Plan } from './check.ts';
import { type CheckPlanner, endpointOf, flowsMax, type ServedPort, type Target } from './check-planner.ts';
import type { EndProblem } from './end-finder.ts';
import type { PortPattern } from './port-pattern.ts';

/** Plans it; `expect` is the wished verdict. */
export function planFlow(planner: CheckPlanner, assertion: Assertion, claim: Claim & { kind: 'flow' }, expect: Outcome): Plan {
  const [from, to] = [planner.finder.findAll(claim.from), planner.finder.findAll(claim.to)];
  if (from.kind === 'problem') return from;
  if (to.kind === 'problem') return to;
  const perNode = [...from.ends, ...to.ends].some((each) => each.kind === 'end' && each.end.kind === 'node');
  const sources = planner.sources(from, assertion, perNode);
  if ('kind' in sources) return sources;
  const targets: (readonly Target[])[] = [
    ...planner.ends(to, { perNode, ...(assertion.family === undefined ? {} : { family: assertion.family }) }),
    ...planner.backends(to.ends).map((each) => [each]),
  ];
  const empty = to.ends.find((each) => each.kind === 'service' && planner.backends([each]).length === 0);
  if (empty !== undefined)
    return planner.problem('to', `no pod stands behind service ${empty.name}`, 'check its selector and its target ports', assertion);
  const leavesOwnNodeOut = from.isCollective || to.isCollective;
  const flows: AskedFlow[] = [];
  let hadFamily = false;
  /** Those of whom nothing could be asked. */
  const mute = new Set<Target>();
  for (const sourceGroup of sources) {
    for (const targetGroup of targets) {
      const pair = pairOf(sourceGroup, targetGroup);
      if (pair === undefined || (leavesOwnNodeOut && isOwnNode(pair.source.end, pair.target.end))) continue;
      const { source, target } = pair;
      for (const family of planner.familiesBetween(source.end, target.end, assertion.family)) {
        hadFamily = true;
        const between = flowsBetween(planner, source, target, { assertion, family });
        if (between.length === 0) mute.add(target);
        flows.push(...between);
        if (flows.length > flowsMax)
          return planner.problem('from', `these are more than ${flowsMax} connections`, 'name fewer ends or ports', assertion);
      }
    }
  }
  if (flows.length > 0 && mute.size === 0) return { kind: 'planned', checks: [{ flows, count: flows.length, wants: 'every', expect }] };
  return nothingAsked(planner, assertion, { sources: sources.flat(), targets: mute.size > 0 ? [...mute] : targets.flat(), hadFamily });
}

function flowsBetween(
  planner: CheckPlanner,
  source: AskedEnd,
  target: Target,
  { assertion: { ports }, family }: { readonly assertion: Assertion; readonly family: Family },
): AskedFlow[] {
  const destination = endpointOf(target.end);
  const numbers = target.onlyOn === undefined ? ports : servedPorts(target.onlyOn, ports);
  // A service that serves none of the ports.
  if (target.onlyOn !== undefined && numbers.length === 0) return [];
  const classes = planner.traffic.cut(family, numbers);
  return planner.traffic
    .chosen(classes, numbers, { destination, family })
    .map(planner.flowsBetween(source, target, { among: classes, family }));
}

function nothingAsked(
  planner: CheckPlanner,
  assertion: Assertion,
  {
    sources,
    targets,
    hadFamily,
  }: { readonly sources: readonly AskedEnd[]; readonly targets: readonly Target[]; readonly hadFamily: boolean },
): EndProblem {
  if (hadFamily) {
    const named = assertion.ports.find(({ kind }) => kind === 'named');
    if (targets.some(({ onlyOn }) => onlyOn !== undefined))
      return planner.problem(
        'to',
        `${targets[0]?.name ?? ''} is not reached on any of these ports`,
        'name ports that the service has',
        assertion,
      );
    if (named?.kind === 'named')
      return planner.problem(
        'to',
        `${targets[0]?.name ?? ''} has no port named ${named.name}`,
        'write its number, or the name that containers give it',
        assertion,
      );
    return planner.problem('to', 'there is no such traffic between these ends', 'name another port', assertion);
  }
  const [source, target] = [sources[0], targets[0]];
  if (source !== undefined && target !== undefined && pairOf(sources, targets) === undefined)
    return planner.problem('to', `${source.name} is on both sides, and a pod always reaches itself`, 'name another pod', assertion);
  return planner.problem(
    'to',
    'no two of these ends can talk: they have no addresses of one family, or are the same',
    'name other ends',
    assertion,
  );
}

/** Where the ports of a service that are meant end; all of them where none is named. */
function servedPorts(served: readonly ServedPort[], ports: readonly PortPattern[]): PortPattern[] {
  return served.flatMap(({ asked, name, port }): PortPattern[] => {
    const { first } = asked.range;
    const isMeant =
      ports.length === 0 ||
      ports.some(
        (pattern) =>
          pattern.kind !== 'icmp' &&
          pattern.protocol === asked.protocol &&
          (pattern.kind === 'named' ? pattern.name === name : first >= pattern.range.first && first <= pattern.range.last),
      );
    return isMeant ? [{ kind: 'range', protocol: asked.protocol, range: { first: port, last: port } }] : [];
  });
}
