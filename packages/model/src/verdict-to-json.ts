/** A verdict as the JSON of `weir why -o json`; the field names are a contract with scripts. */
import { formatAddress, formatPortRange, formatProtocol } from '@weir/net';
import { describeChange, describeMismatch } from './describe-verdict.ts';
import { podName } from './endpoint.ts';
import type { HostFamily, IcmpMessages, PolicyRef, SourcePosition } from './model.ts';
import type {
  Change,
  DecidedBy,
  DecidingRule,
  DirectionVerdict,
  FlowEnd,
  FlowQuestion,
  FlowVerdict,
  HostVerdict,
  NearMiss,
  Outcome,
  PolicyTrace,
  SideName,
  Truth,
} from './verdict.ts';

/** One end: a pod or a node by name where it is one, and its address where it is known. */
export interface EndJson {
  readonly pod?: string;
  readonly node?: string;
  readonly ip?: string;
}

/** A policy, with its place where it is known. */
export interface PolicyJson {
  readonly kind: string;
  readonly apiVersion: string;
  readonly namespace?: string;
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
}

/** Where a rule stands in its policy; `section` and `peers` only where they have other names than the direction, `from` and `to`. */
export interface RuleJson {
  readonly rule: number;
  readonly peer?: number;
  readonly section?: string;
  readonly peers?: string;
}

/** What decided; with reason `rule` the policy's fields and the rule's are there too. */
export type DecidedByJson =
  | ({
      readonly reason: 'rule';
      readonly tier: string;
      readonly direction: string;
      readonly action: string;
    } & RuleJson &
      PolicyJson)
  | { readonly reason: 'no order'; readonly policies: readonly PolicyJson[] }
  | { readonly reason: 'no policy' | 'end of tier' | 'profile'; readonly tier?: string; readonly detail?: string };

/** One direction. */
export interface DirectionJson {
  readonly verdict: Outcome;
  readonly isolatedBy: readonly PolicyJson[];
  readonly decidedBy?: DecidedByJson;
}

/** What is said at one interface of a node. */
export interface HostJson extends DirectionJson {
  readonly node: string;
  readonly hostEndpoint?: string;
  readonly direction: string;
  readonly family: HostFamily;
}

/** Something that could be changed so that a rule would match; its kind decides which of the fields it has. */
export interface ChangeJson {
  readonly kind: Change['kind'];
  /** For people. */
  readonly text: string;
  /** The end that it is about. */
  readonly side?: SideName;
  /** Whose label it is. */
  readonly space?: 'pod' | 'namespace';
  readonly key?: string;
  /** Of the label: those that would do (absent: any), or those to avoid. */
  readonly values?: readonly string[];
  readonly namespaces?: readonly string[];
  /** `80`, `8000-8080`. */
  readonly ports?: readonly string[];
  /** Of ports. */
  readonly names?: readonly string[];
  readonly protocol?: string;
}

/** One rule that would allow the flow after the changes. */
export interface NearMissJson extends RuleJson {
  readonly direction: string;
  readonly policy: PolicyJson;
  /** Whether the flow is allowed then; false where another end still denies it. */
  readonly isEnough: boolean;
  readonly changes: readonly ChangeJson[];
}

/** One policy looked at, with its rules. */
export interface TraceJson {
  readonly direction: string;
  readonly hostEndpoint?: string;
  readonly family?: HostFamily;
  readonly tier: string;
  readonly policy: PolicyJson;
  readonly applies: PolicyTrace['applies'];
  readonly isolates: boolean;
  readonly why?: readonly string[];
  readonly rules: readonly (RuleJson & {
    readonly action: string;
    readonly matched: Truth;
    readonly line?: number;
    readonly why?: readonly string[];
  })[];
}

/** The whole answer. */
export interface VerdictJson {
  readonly verdict: Outcome;
  readonly missing?: readonly string[];
  readonly source: EndJson;
  readonly destination: EndJson;
  readonly protocol: string;
  readonly port?: number;
  /** The message, of ICMP alone; absent: any. */
  readonly icmp?: IcmpMessages;
  readonly egress: DirectionJson;
  readonly ingress: DirectionJson;
  /** Absent where no host endpoint has a say. */
  readonly hosts?: readonly HostJson[];
  readonly nearMisses: readonly NearMissJson[];
  readonly trace: readonly TraceJson[];
}

/** The verdict as plain JSON values. */
export function verdictToJson(verdict: FlowVerdict): VerdictJson {
  const { question } = verdict;
  return {
    verdict: verdict.verdict,
    ...(verdict.verdict === 'unknown' ? { missing: verdict.missing } : {}),
    source: endToJson(question.source),
    destination: endToJson(question.destination),
    protocol: formatProtocol(question.protocol),
    ...(question.destinationPort === undefined ? {} : { port: question.destinationPort }),
    ...(question.icmp === undefined ? {} : { icmp: question.icmp }),
    egress: directionToJson(verdict.egress),
    ingress: directionToJson(verdict.ingress),
    ...(verdict.hosts.length === 0 ? {} : { hosts: verdict.hosts.map(hostToJson) }),
    nearMisses: verdict.nearMisses.map((miss) => nearMissToJson(miss, question)),
    trace: verdict.trace.map((entry) => traceToJson(entry, question)),
  };
}

function endToJson(end: FlowEnd): EndJson {
  const ip = end.address === undefined ? {} : { ip: formatAddress(end.address) };
  if (end.kind === 'endpoint') return { pod: podName(end.endpoint), ...ip };
  return end.kind === 'node' ? { node: end.node.name, ...ip } : ip;
}

/** One direction as plain JSON values. */
export function directionToJson({ verdict, isolatedBy, decidedBy }: DirectionVerdict): DirectionJson {
  return {
    verdict,
    isolatedBy: isolatedBy.map(({ policy, source }) => policyToJson(policy, source)),
    ...(decidedBy === undefined ? {} : { decidedBy: decidedByToJson(decidedBy) }),
  };
}

function hostToJson(verdict: HostVerdict): HostJson {
  const { node, host, direction, family } = verdict;
  return { node, ...(host === undefined ? {} : { hostEndpoint: host.name }), direction, family, ...directionToJson(verdict) };
}

/** What decided, as plain JSON values. */
export function decidedByToJson(decidedBy: DecidedBy<DecidingRule>): DecidedByJson {
  switch (decidedBy.reason) {
    case 'rule': {
      const { tier, rule } = decidedBy;
      const { policy, source, direction } = rule.origin;
      return { reason: 'rule', tier, ...policyToJson(policy, source), direction, ...ruleToJson(rule), action: rule.action };
    }
    case 'end of tier':
      return { reason: 'end of tier', tier: decidedBy.tier };
    case 'no order':
      return { reason: 'no order', policies: decidedBy.policies.map(({ policy, source }) => policyToJson(policy, source)) };
    case 'no policy':
    case 'profile':
      return { reason: decidedBy.reason, detail: decidedBy.detail };
    default:
      return decidedBy satisfies never;
  }
}

/** A policy as plain JSON values. */
export function policyToJson({ kind, apiVersion, namespace, name }: PolicyRef, source?: SourcePosition): PolicyJson {
  return {
    kind,
    apiVersion,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(source === undefined ? {} : { file: source.file, line: source.line }),
  };
}

function ruleToJson({ origin: { ruleIndex, peerIndex, section, peers } }: DecidingRule): RuleJson {
  return {
    rule: ruleIndex,
    ...(peerIndex === undefined ? {} : { peer: peerIndex }),
    ...(section === undefined ? {} : { section }),
    ...(peers === undefined ? {} : { peers }),
  };
}

function nearMissToJson({ direction, rule, changes, isEnough }: NearMiss, question: FlowQuestion): NearMissJson {
  return {
    direction,
    policy: policyToJson(rule.origin.policy, rule.origin.source),
    ...ruleToJson(rule),
    isEnough,
    changes: changes.map((change) => ({ ...changeFields(change), kind: change.kind, text: describeChange(change, question) })),
  };
}

function changeFields(change: Change): Omit<ChangeJson, 'kind' | 'text'> {
  if (change.kind === 'use port') return { side: change.side, ports: change.ports.map(formatPortRange) };
  if (change.kind === 'use protocol') return { protocol: formatProtocol(change.protocol) };
  return { ...change };
}

function traceToJson(entry: PolicyTrace, question: FlowQuestion): TraceJson {
  const why = (mismatches: PolicyTrace['mismatches']): { readonly why?: readonly string[] } =>
    mismatches.length === 0 ? {} : { why: mismatches.map((mismatch) => describeMismatch(mismatch, question)) };
  return {
    direction: entry.direction,
    ...(entry.host === undefined ? {} : { hostEndpoint: entry.host.endpoint.name, family: entry.host.family }),
    tier: entry.tier,
    policy: policyToJson(entry.policy, entry.source),
    applies: entry.applies,
    isolates: entry.isolates,
    ...why(entry.mismatches),
    rules: entry.rules.map(({ rule, matched, mismatches }) => ({
      ...ruleToJson(rule),
      action: rule.action,
      matched,
      ...(rule.origin.source === undefined ? {} : { line: rule.origin.source.line }),
      ...why(mismatches),
    })),
  };
}
