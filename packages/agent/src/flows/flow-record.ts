/**
 * One line of the flow log: a new connection with its verdict, its ends by name, and the rule behind
 * it, in the fields of `weir agent explain -o json`.
 *
 * The verdict is the kernel's. The rule is what the running engine says a moment later; when both do
 * not agree, because the state has changed in between, the record says so instead of naming a rule.
 */
import { type EndJudgement, type Engine, type FlowJudgement, judgeFlow } from '@weir/calc';
import type { FlowEvent, UnownedReason } from '@weir/dataplane';
import type { Direction, EndJson } from '@weir/model';
import { type Address, type Flow, formatAddress, formatProtocol } from '@weir/net';
import { type DirectionExplanation, endOf, explainEnd } from '../explain-flow.ts';

/** An end with the port that it uses. */
interface FlowEndRecord extends EndJson {
  readonly port?: number;
  /** Of a destination that is no pod: the names that pods of this node lately asked for and were told this address. */
  readonly names?: readonly string[];
}

/** A direction whose reason is not known any more. */
interface ChangedDirection {
  readonly verdict: 'allow' | 'deny';
  readonly decidedBy: { readonly reason: 'state changed' };
}

/** A direction in which no policy was asked: an end is no pod's, or its address came from another link. */
interface UnownedDirection {
  readonly verdict: 'deny';
  readonly decidedBy: { readonly reason: UnownedReason };
}

/** A host endpoint's policies deny it; which of them is not told. */
interface HostDirection {
  readonly verdict: 'deny';
  readonly decidedBy: { readonly reason: 'host endpoint' };
}

/** One line; `logged`: written because a rule with the action `log` matches, beside what else is written of the flow. `service` is what the opener spoke to, where translation made `destination` of it. */
export interface FlowRecord {
  readonly time: string;
  readonly node: string;
  readonly verdict: 'allow' | 'deny';
  readonly logged?: true;
  /** The directions that this node judged; for a denied flow the one that denies. */
  readonly direction: Direction | 'both';
  readonly source: FlowEndRecord;
  readonly destination: FlowEndRecord;
  readonly service?: { readonly ip: string; readonly port?: number };
  readonly protocol: string;
  readonly port?: number;
  readonly icmp?: { readonly type: number; readonly code: number };
  readonly egress?: DirectionExplanation | ChangedDirection | UnownedDirection | HostDirection;
  readonly ingress?: DirectionExplanation | ChangedDirection | UnownedDirection | HostDirection;
}

/** What a record is made from. */
export interface FlowContext {
  readonly engine: Engine;
  readonly isOwnAddress: (address: Address) => boolean;
  readonly namesOf: (address: Address) => readonly string[];
  /** RFC 3339. */
  readonly time: string;
}

/** Events of single packets, of which an attempt may have several. */
export type ReportedFlow = Extract<FlowEvent, { readonly direction: Direction }>;

/** The line for an event; undefined when no end of it is a pod of this node (any more). */
export function flowRecord(event: Exclude<FlowEvent, { kind: 'dropped' }>, context: FlowContext): FlowRecord | undefined {
  const { engine, isOwnAddress, namesOf, time } = context;
  const { flow } = event;
  if (event.kind === 'unowned') return unjudgedRecord(event, event.reason, context);
  if (event.kind === 'denied' && event.byHost === true) return unjudgedRecord(event, 'host endpoint', context);
  const judged = judgeFlow(engine.emittedState, flow, isOwnAddress);
  const directions = event.kind === 'allowed' ? directionsOf(judged) : [event.direction];
  const [first] = directions;
  if (first === undefined) return undefined;
  const verdict = verdictOf(event, judged[first]);
  const explained = directions.map((direction) => [direction, explain(engine, { direction, verdict, judged: judged[direction] })] as const);
  return {
    time,
    node: engine.node,
    verdict,
    ...(event.kind === 'logged' ? { logged: true as const } : {}),
    direction: directions.length === 2 ? 'both' : first,
    source: endRecord(engine, flow.source, flow.sourcePort),
    destination: destinationRecord(engine, flow, namesOf),
    ...serviceOf(event),
    protocol: formatProtocol(flow.protocol),
    ...portOf(flow.destinationPort),
    ...messageOf(flow),
    ...Object.fromEntries(explained),
  };
}

/** A packet that was dropped without asking policies of pods. */
function unjudgedRecord(
  event: Pick<ReportedFlow, 'flow' | 'direction' | 'addressed'>,
  reason: UnownedReason | 'host endpoint',
  { engine, namesOf, time }: FlowContext,
): FlowRecord {
  const { flow, direction } = event;
  return {
    time,
    node: engine.node,
    verdict: 'deny',
    direction,
    source: endRecord(engine, flow.source, flow.sourcePort),
    destination: destinationRecord(engine, flow, namesOf),
    ...serviceOf(event),
    protocol: formatProtocol(flow.protocol),
    ...portOf(flow.destinationPort),
    ...messageOf(flow),
    [direction]: { verdict: 'deny', decidedBy: { reason } },
  };
}

/** The kernel's; of a packet that was logged before its verdict was known the engine's. */
function verdictOf(event: Exclude<FlowEvent, { kind: 'dropped' | 'unowned' }>, judged: EndJudgement | undefined): 'allow' | 'deny' {
  if (event.kind === 'logged') return event.verdict ?? judged?.verdict ?? 'deny';
  return event.kind === 'denied' ? 'deny' : 'allow';
}

function directionsOf({ egress, ingress }: FlowJudgement): Direction[] {
  return [...(egress === undefined ? [] : ['egress' as const]), ...(ingress === undefined ? [] : ['ingress' as const])];
}

interface JudgedDirection {
  readonly direction: Direction;
  readonly verdict: 'allow' | 'deny';
  readonly judged: EndJudgement | undefined;
}

function explain(engine: Engine, { direction, verdict, judged }: JudgedDirection): DirectionExplanation | ChangedDirection {
  if (judged?.verdict === verdict) return explainEnd(engine, direction, judged);
  return { verdict, decidedBy: { reason: 'state changed' } };
}

function endRecord(engine: Engine, address: Address, port: number | undefined): FlowEndRecord {
  return { ...endOf(engine, address), ...portOf(port) };
}

function destinationRecord(engine: Engine, { destination, destinationPort }: Flow, namesOf: FlowContext['namesOf']): FlowEndRecord {
  const end = endRecord(engine, destination, destinationPort);
  const names = end.pod === undefined ? namesOf(destination) : [];
  return names.length === 0 ? end : { ...end, names };
}

function serviceOf({ addressed }: Pick<ReportedFlow, 'addressed'>): Pick<FlowRecord, 'service'> {
  return addressed === undefined ? {} : { service: { ip: formatAddress(addressed.address), ...portOf(addressed.port) } };
}

function portOf(port: number | undefined): { readonly port?: number } {
  return port === undefined ? {} : { port };
}

function messageOf({ message }: Flow): Pick<FlowRecord, 'icmp'> {
  return message === undefined ? {} : { icmp: { type: message >> 8, code: message & 255 } };
}

/** What two packets of one attempt share that are reported for the same reason. */
export function attemptKey({
  kind,
  direction,
  flow: { source, destination, protocol, sourcePort, destinationPort, message },
}: ReportedFlow): string {
  return `${kind} ${direction} ${formatAddress(source)} ${sourcePort ?? ''} ${formatAddress(destination)} ${destinationPort ?? message ?? ''} ${protocol}`;
}
