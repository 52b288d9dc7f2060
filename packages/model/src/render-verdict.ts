/** A verdict as text for people: the answer first, then why, then what would change it. */
import { addToGroup, unreachable } from '@weir/net';
import {
  describeChange,
  describeEnd,
  describeMismatch,
  describeOrigin,
  describePlace,
  describePolicy,
  describeSelector,
  describeService,
  describeTier,
  describeUnordered,
} from './describe-verdict.ts';
import { podName } from './endpoint.ts';
import type { Direction, HostFamily, Rule } from './model.ts';
import type { DecidedBy, DirectionVerdict, FlowVerdict, HostVerdict, NearMiss, PolicyTrace, RuleTrace } from './verdict.ts';

/** What to show. */
export interface RenderVerdictOptions {
  /** Also the policies that do not apply, each with the reason. Default: false. */
  readonly allPolicies?: boolean;
}

/** Lines of text without a newline at the end; the first line is the answer. */
export function renderVerdict(verdict: FlowVerdict, options: RenderVerdictOptions = {}): string[] {
  const { question } = verdict;
  const title = `${verdict.verdict}: ${describeEnd(question.source)} → ${describeEnd(question.destination)} ${describeService(question)}`;
  const missing = verdict.missing.map((fact) => `  not known: ${fact}`);
  return [
    title,
    ...missing,
    ...renderDirection(verdict, 'egress', options),
    ...verdict.hosts.flatMap((host) => renderHost(verdict, host, options)),
    ...renderDirection(verdict, 'ingress', options),
    ...renderNearMisses(verdict),
  ];
}

function renderDirection(verdict: FlowVerdict, direction: Direction, options: RenderVerdictOptions): string[] {
  const result = verdict[direction];
  const end = direction === 'egress' ? verdict.question.source : verdict.question.destination;
  // Where its host endpoint speaks for a node, that says it all.
  if (end.kind === 'node' && verdict.hosts.some((host) => host.direction === direction && host.node === end.node.name)) return [];
  const subject = end.kind === 'endpoint' ? podName(end.endpoint) : describeEnd(end);
  const traces = verdict.trace.filter((trace) => trace.direction === direction && trace.host === undefined);
  return [`  ${direction} of ${subject}: ${describeDirection(result)}`, ...renderReasons(verdict, result, traces, options)];
}

function renderHost(verdict: FlowVerdict, result: HostVerdict, options: RenderVerdictOptions): string[] {
  const { host, node, direction, family } = result;
  const subject = host === undefined ? `node ${node}` : `host endpoint ${host.name} (node ${node}, ${familyTexts[family]})`;
  const traces = verdict.trace.filter(
    (trace) => trace.direction === direction && trace.host?.family === family && trace.host.endpoint === host,
  );
  return [`  ${direction} of ${subject}: ${describeDirection(result)}`, ...renderReasons(verdict, result, traces, options)];
}

/** What the policies of Calico that are about a family are called there. */
const familyTexts: Readonly<Record<HostFamily, string>> = {
  untracked: 'policies with doNotTrack',
  preDNAT: 'policies with preDNAT',
  normal: 'normal policies',
  forward: 'policies with applyOnForward',
};

function renderReasons(
  verdict: FlowVerdict,
  { isolatedBy }: DirectionVerdict,
  traces: readonly PolicyTrace[],
  options: RenderVerdictOptions,
): string[] {
  return [
    ...isolatedBy.map(({ policy, source }) => `    isolated by ${describePolicy(policy)}${describePlace(source)}`),
    ...traces.flatMap((trace) => renderPolicy(verdict, trace, options)),
  ];
}

/** What one direction says and why, for example `denied, it is isolated and no rule allows this`. */
export function describeDirection({ verdict, decidedBy, isolatedBy }: DirectionVerdict): string {
  if (decidedBy === undefined) return 'unknown, it depends on a fact that is not known';
  if (decidedBy.reason === 'no policy' && isolatedBy.length > 0) return 'allowed, it is passed on, and no policy behind that isolates it';
  const words = verdict === 'allow' ? 'allowed' : 'denied';
  return `${words}, ${reasonText(decidedBy)}`;
}

function reasonText(decidedBy: DecidedBy): string {
  switch (decidedBy.reason) {
    case 'rule': {
      const { origin } = decidedBy.rule;
      const tier = describeTier(decidedBy.tier);
      return `rule ${describeOrigin(origin)} of ${describePolicy(origin.policy)}${tier}${describePlace(origin.source)} matches`;
    }
    case 'no policy':
      return decidedBy.detail === 'not isolated' ? 'no policy isolates it' : 'it is no pod, policies do not apply to it';
    case 'no order':
      return `${describeUnordered(decidedBy.policies)}: let only one of the APIs select it`;
    case 'end of tier':
      return `it is isolated and no rule${describeTier(decidedBy.tier)} allows this`;
    case 'profile':
      return profileTexts[decidedBy.detail];
    default:
      return unreachable(decidedBy);
  }
}

const profileTexts = {
  self: 'a pod always reaches itself',
  'own node': 'a node always reaches its own pods',
  'unknown pod': 'the API server knows no such pod',
  failsafe: 'it is a failsafe port, which no policy closes',
  'host endpoint': 'no policy decides it, and what its profiles say counts',
  forwarded: 'policies of the host endpoint are about what is forwarded, and none allows this',
  'pod to host': 'pods do not reach their own node (defaultEndpointToHostAction)',
  'node input': 'it is left to the node itself, which drops it (defaultEndpointToHostAction)',
} as const;

function renderPolicy(verdict: FlowVerdict, trace: PolicyTrace, { allPolicies = false }: RenderVerdictOptions): string[] {
  const name = `${describePolicy(trace.policy)}${describeTier(trace.tier)}${describePlace(trace.source)}`;
  switch (trace.applies) {
    case 'yes': {
      const rules = trace.rules.filter(({ matched }) => matched !== 'no').length === 0 ? 'none of its rules matches:' : 'its rules:';
      const heading = trace.rules.length === 0 ? `has no ${trace.direction} rules and allows nothing` : rules;
      return [
        `    ${name}${trace.rules.length === 0 ? ' ' : ': '}${heading}`,
        ...onePerPlace(trace.rules).map((rule) => `      ${renderRule(verdict, rule)}`),
      ];
    }
    case 'not selected': {
      if (!allPolicies) return [];
      const why = trace.mismatches.map((mismatch) => describeMismatch(mismatch, verdict.question)).join('; ');
      return [`    ${name} does not select it: ${why}`];
    }
    case 'other direction':
      return allPolicies ? [`    ${name} says nothing about ${trace.direction}`] : [];
    case 'staged':
      return allPolicies ? [`    ${name} is staged and not enforced`] : [];
    default:
      return unreachable(trace.applies);
  }
}

/**
 * Of the rules that stand for one place of a policy, one for each protocol of its ports, those that match or may match; else
 * the one that is nearest to it.
 */
function onePerPlace(rules: readonly RuleTrace[]): readonly RuleTrace[] {
  const places = new Map<string, RuleTrace[]>();
  for (const rule of rules) addToGroup(places, `${rule.rule.action} ${describeOrigin(rule.rule.origin)}`, rule);
  return [...places.values()].flatMap((same) => {
    const matching = same.find(({ matched }) => matched === 'yes') ?? same.find(({ matched }) => matched === 'unknown');
    const [nearest] = [...same].sort((a, b) => a.mismatches.length - b.mismatches.length);
    return matching ?? nearest ?? [];
  });
}

function renderRule(verdict: FlowVerdict, { rule, matched, mismatches }: RuleTrace): string {
  const place = `${rule.action} ${describeOrigin(rule.origin)}${describePlace(rule.origin.source)}`;
  if (matched === 'yes') return `${place} matches (${describeRule(rule)})`;
  const why = mismatches.map((mismatch) => describeMismatch(mismatch, verdict.question)).join('; ');
  return `${place} ${matched === 'no' ? 'does not match' : 'may match'}: ${why}`;
}

function describeRule({ match, origin }: Rule): string {
  const peer = origin.direction === 'ingress' ? match.source : match.destination;
  if (peer.selector !== undefined) return describeSelector(peer.selector);
  return peer.nets === undefined ? 'any peer' : 'the address is in the block';
}

function renderNearMisses({ nearMisses, question }: FlowVerdict): string[] {
  if (nearMisses.length === 0) return [];
  const linesOf = (misses: readonly NearMiss[]): string[] =>
    misses.map(({ rule, changes }) => {
      const what = changes.map((change) => describeChange(change, question)).join('; and ');
      return `    ${what} [${describeOrigin(rule.origin)} of ${describePolicy(rule.origin.policy)}]`;
    });
  const enough = nearMisses.filter(({ isEnough }) => isEnough);
  const parts = (['egress', 'ingress'] as const).map((direction) => ({
    direction,
    misses: nearMisses.filter((miss) => !miss.isEnough && miss.direction === direction),
  }));
  return [
    ...(enough.length === 0 ? [] : ['  a rule would allow it with this change:', ...linesOf(enough)]),
    ...parts.flatMap(({ direction, misses }) =>
      misses.length === 0 ? [] : [`  a rule would allow it with this change, for ${direction} alone:`, ...linesOf(misses)],
    ),
  ];
}
