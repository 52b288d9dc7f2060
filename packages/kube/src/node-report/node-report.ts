/**
 * What the agent of one node says of the policies there, as other processes read it.
 *
 * Everything in it is bounded: a node with more than the limits says how many there are, and lists the
 * newest.
 */
import { checkShape, listShape, openShape, type Shape, stringShape } from '../shape/object-shape.ts';

/** A list that may have been cut: `total` is how many there are. */
export interface BoundedList<T> {
  readonly total: number;
  readonly items: readonly T[];
}

/** A policy whose newest version is not in force, and what is instead. */
export interface ReportedRefusal {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /**
   * `accepted`: its last accepted version; `closed`: it isolates what it selects and allows nothing;
   * `nothing`: the engine does not enforce what it does not support; `elsewhere`: itself, but for pods that are closed since
   * policies without an order with it select them, too.
   */
  readonly inForce: 'accepted' | 'closed' | 'nothing' | 'elsewhere';
  readonly reason: string;
}

/** A policy in force without fields that the agent does not know; `reason` names them and what they mean. */
export type ReportedUnknownFields = Omit<ReportedRefusal, 'inForce'>;

/** A pod whose rules the data plane cannot enforce; it is closed or keeps the rules of before. */
export interface ReportedQuarantine {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly reason: string;
}

/** A policy that selects pods of the node, in the version that the kernel has. */
export interface ReportedSelection {
  readonly uid: string;
  /** `metadata.generation`; 0 when the API server counts none. */
  readonly generation: number;
  /** Pods of the node that it selects. */
  readonly pods: number;
  /** RFC 3339. The agent has known this version to be in the kernel since then. */
  readonly since: string;
}

/** One node. */
export interface NodeReport {
  /**
   * `enforcing`: changes come through; `failing`: the kernel refuses changes, what was in force stays;
   * `stopped`: the agent was stopped in order, its rules stay.
   */
  readonly state: 'enforcing' | 'failing' | 'stopped';
  /** Why it fails. */
  readonly problem?: string;
  /** Every NetworkPolicy as of this resourceVersion is in the kernel, or refused, or selects nothing here. */
  readonly policyVersion: string;
  /** The same for the policies of every kind that is installed, by `plural.group`; absent in reports of earlier releases. */
  readonly versions?: Readonly<Record<string, string>>;
  readonly refused: BoundedList<ReportedRefusal>;
  /** Absent in reports of earlier releases. */
  readonly partlyKnown?: BoundedList<ReportedUnknownFields>;
  readonly quarantined: BoundedList<ReportedQuarantine>;
  /** Newest first. */
  readonly selecting: BoundedList<ReportedSelection>;
}

/** More of these are counted, not listed; with {@link reportTextLimit} a report stays under 48 KiB. */
export const reportLimits = { refused: 40, partlyKnown: 20, quarantined: 20, selecting: 150 } as const;

/** Longest reason or problem, in UTF-16 code units. */
export const reportTextLimit = 200;

const count: Shape = { kind: 'integer', min: 0 };

function bounded(fields: Readonly<Record<string, Shape>>, maxLength: number): Shape {
  return openShape({ total: count, items: listShape(openShape(fields, Object.keys(fields)), maxLength) }, ['total', 'items']);
}

const named = { namespace: stringShape, name: stringShape, uid: stringShape, reason: stringShape };

const shape: Shape = openShape(
  {
    state: stringShape,
    problem: stringShape,
    policyVersion: stringShape,
    versions: { kind: 'stringMap' },
    refused: bounded({ ...named, inForce: stringShape }, reportLimits.refused),
    partlyKnown: bounded(named, reportLimits.partlyKnown),
    quarantined: bounded(named, reportLimits.quarantined),
    selecting: bounded({ uid: stringShape, generation: count, pods: count, since: stringShape }, reportLimits.selecting),
  },
  ['state', 'policyVersion', 'refused', 'quarantined', 'selecting'],
);

const states: readonly string[] = ['enforcing', 'failing', 'stopped'];

/** The report as text. */
export function formatNodeReport(report: NodeReport): string {
  return JSON.stringify(report);
}

/** Reads the text; undefined when it is no report that this version understands. */
export function parseNodeReport(text: string): NodeReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (value === null || checkShape(value, shape, '', 'wrong').length > 0) return undefined;
  const report = value as NodeReport;
  const isKnown =
    states.includes(report.state) &&
    report.refused.items.every(({ inForce }) => ['accepted', 'closed', 'nothing', 'elsewhere'].includes(inForce));
  return isKnown ? report : undefined;
}
