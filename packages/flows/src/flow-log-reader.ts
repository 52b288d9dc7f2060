/**
 * Reads logs of connections, one JSON object a line, in any of the formats that are known, also mixed.
 *
 * Bounded: only the beginning of a line whose end is still to come is kept. Lines that cannot be read are counted, with
 * the first of them, and what others say that they had to leave out is added up.
 */
import { readAgentLine } from './agent-line.ts';
import { readCalicoLine, readGoldmaneFlow } from './calico-line.ts';
import { isOfHubble, isOtherOfHubble, readHubbleFlow } from './hubble-line.ts';
import { type Fields, fieldsOf, timeOf } from './log-fields.ts';
import type { ObservedFlow } from './observed-flow.ts';

/** The longest line, in characters; no log writes longer ones. */
const lineMax = 1024 * 1024;
/** What is shown of a line that cannot be read, in characters. */
const shownMax = 60;

/** What else Hubble streams, by the names of its definition and by those that protobuf makes of them. */
const otherEvents = ['agent_event', 'debug_event', 'node_status', 'agentEvent', 'debugEvent', 'nodeStatus'] as const;

/** What a line is: a flow, a note of how many were left out, something else that such logs have, or nothing that can be read. */
export type FlowLogLine =
  | { readonly kind: 'flow'; readonly flow: ObservedFlow }
  | { readonly kind: 'dropped'; readonly events: number; readonly node?: string; readonly time?: string }
  | { readonly kind: 'other' }
  | { readonly kind: 'broken'; readonly problem: string };

/** What was read so far. */
export interface FlowLogCounts {
  readonly flows: number;
  /** Lines that are no flows and none of the other lines of such logs. */
  readonly broken: number;
  /** The first of them: its number, from 1, and what is wrong. */
  readonly firstBroken?: string;
  /** How many connections the writers say that they left out. */
  readonly dropped: number;
}

/** Reads one line; lines without anything are `other`. */
export function readFlowLogLine(line: string): FlowLogLine {
  const text = withoutPrefix(line).trim();
  if (text === '') return { kind: 'other' };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isBegun = /^[[{]\s*("[^"]*":.*)?$/.test(text);
    return { kind: 'broken', problem: `no JSON: ${shortened(text)}${isBegun ? ' (an object has to be on one line: jq -c)' : ''}` };
  }
  if (Array.isArray(value)) return { kind: 'broken', problem: `a list, and not one object a line (jq -c '.[]'): ${shortened(text)}` };
  const fields = fieldsOf(value);
  // As collectors of the logs of containers keep a line.
  const kept = fields['log'];
  if (typeof kept === 'string' && kept.trimStart().startsWith('{')) return readFlowLogLine(kept);
  const other = readOther(fields);
  if (other !== undefined) return other;
  const flow = readFlow(fields);
  return flow === undefined ? { kind: 'broken', problem: `no flow: ${shortened(text)}` } : { kind: 'flow', flow };
}

/** What container engines (time, stream, a letter) and `kubectl logs --prefix --timestamps` put before a line, and the mark of its encoding. */
function withoutPrefix(line: string): string {
  return line.replace(/^\uFEFF?(?:\[[^\]{]*\] )?(?:\d{4}-\d\d-\d\dT\S+ (?:(?:stdout|stderr) [FP] )?)?(?=\s*\{)/, '');
}

function readFlow(fields: Fields): ObservedFlow | undefined {
  const { flow } = fields;
  if (flow !== undefined) return 'Key' in fieldsOf(flow) ? readGoldmaneFlow(fieldsOf(flow)) : readHubbleFlow(fieldsOf(flow));
  if ('Key' in fields) return readGoldmaneFlow(fields);
  if (isHubble(fields)) return readHubbleFlow(fields);
  if ('reporter' in fields || 'source_name_aggr' in fields || 'dest_namespace' in fields) return readCalicoLine(fields);
  return readAgentLine(fields);
}

/** Without the object around it, as older versions print it; a verdict that is not known is left out there. */
function isHubble(fields: Fields): boolean {
  return 'IP' in fields && isOfHubble(fields);
}

/** Lines that belong to such logs and tell of no connection. */
function readOther(fields: Fields): FlowLogLine | undefined {
  const { dropped, level, msg, flow } = fields;
  const time = timeOf(fields['time']);
  const when = time === undefined ? {} : { time };
  if (dropped !== undefined && typeof level !== 'string') {
    const events = Object.values(fieldsOf(dropped)).reduce<number>((sum, count) => sum + (typeof count === 'number' ? count : 0), 0);
    return { kind: 'dropped', events, ...when, ...(typeof fields['node'] === 'string' ? { node: fields['node'] } : {}) };
  }
  const lost = fieldsOf(fields['lost_events'] ?? fields['lostEvents']);
  if ('lost_events' in fields || 'lostEvents' in fields) {
    const node = fields['node_name'] ?? fields['nodeName'];
    return {
      kind: 'dropped',
      events: Number(lost['num_events_lost'] ?? lost['numEventsLost'] ?? 0) || 0,
      ...when,
      ...(typeof node === 'string' ? { node } : {}),
    };
  }
  // The agent's own log, which shares the stream with the flows in the logs of a pod.
  if (typeof level === 'string' && typeof msg === 'string') return { kind: 'other' };
  if (otherEvents.some((name) => name in fields)) return { kind: 'other' };
  // Hubble tells of more than connections being let through or dropped.
  const seen = flow === undefined ? (isHubble(fields) ? fields : {}) : fieldsOf(flow);
  return isOtherOfHubble(seen) ? { kind: 'other' } : undefined;
}

function shortened(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}

/** Reads a log as it comes, in pieces of any size. */
export class FlowLogReader {
  readonly #sinceMs: number;
  #rest = '';
  #skipping = false;
  #lines = 0;
  #flows = 0;
  #broken = 0;
  #firstBroken: string | undefined;
  #dropped = 0;

  /** What was left out before `sinceMs` (milliseconds since 1970) is not counted. */
  constructor({ sinceMs = Number.NEGATIVE_INFINITY }: { readonly sinceMs?: number | undefined } = {}) {
    this.#sinceMs = sinceMs;
  }

  get counts(): FlowLogCounts {
    return {
      flows: this.#flows,
      broken: this.#broken,
      ...(this.#firstBroken === undefined ? {} : { firstBroken: this.#firstBroken }),
      dropped: this.#dropped,
    };
  }

  /** The flows and notes of the lines that end in this piece. */
  push(text: string): FlowLogLine[] {
    const lines = `${this.#rest}${text}`.split('\n');
    this.#rest = lines.pop() ?? '';
    const read = lines.flatMap((line) => this.#take(line));
    if (this.#rest.length > lineMax) {
      if (!this.#skipping) this.#count(this.#lines + 1, 'a line that is longer than any log writes');
      this.#skipping = true;
      this.#rest = '';
    }
    return read;
  }

  /** What a last line without an end tells. */
  finish(): FlowLogLine[] {
    return this.push('\n');
  }

  #take(line: string): FlowLogLine[] {
    this.#lines++;
    if (this.#skipping) {
      this.#skipping = false;
      return [];
    }
    const read = readFlowLogLine(line);
    if (read.kind === 'flow') this.#flows++;
    if (read.kind === 'dropped') {
      if (read.time !== undefined && Date.parse(read.time) < this.#sinceMs) return [];
      this.#dropped += read.events;
    }
    if (read.kind === 'broken') this.#count(this.#lines, read.problem);
    return read.kind === 'other' ? [] : [read];
  }

  #count(line: number, problem: string): void {
    this.#broken++;
    this.#firstBroken ??= `line ${line}: ${problem}`;
  }
}
