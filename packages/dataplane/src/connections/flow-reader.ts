/**
 * New connections as the kernel tells of them: allowed ones by connection tracking, when their first
 * packet has passed all filters; denied and logged ones by reports of packets (`packet-reports.ts`).
 *
 * The kernel is asked every few milliseconds, so that a flood costs a bounded amount of work: so many
 * connections are looked at, so many more are only counted, and what does not fit into the kernel's
 * queues meanwhile is lost and known to be.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ConnectionEvents, type ConntrackTuple, type LoggedPacket, PacketLog, type TrackedConnection } from '@weir/kernel';
import { type Address, compareAddresses, type Flow } from '@weir/net';
import type { AddressedService, FlowEvent } from '../dataplane.ts';
import { LoggedReports, type ReportLog } from './logged-reports.ts';
import { type PacketReport, reportBytes, reportGroup, reportOfPrefix } from './packet-reports.ts';
import { flowOf } from './tracked-flow.ts';

/** How long to wait before the kernel is asked again: after events, and at most while there are none. */
const pauseMs = 25;
const idlePauseMs = 100;
/** Connections looked at, and datagrams read, between two pauses. */
const looksMax = 500;
const readsMax = 5_000;
/** Between two looks at the kernel's count of what was not reported. */
const countPauseMs = 1_000;
const countsBehind = 2;

/** What is told of. */
export interface FlowReaderOptions {
  /** Events of each kind that are told in a second. */
  readonly perSecond: number;
  /** Whether a local pod has the address. */
  readonly isLocal: (address: Address) => boolean;
  /** Where reports of packets come from. Default: the log group of `packet-reports.ts`. */
  readonly reports?: ReportLog;
  /** How many packets the kernel's rules have not reported since they were made; it may go back. */
  readonly unreportedPackets: () => number | Promise<number>;
}

/** Opens its sockets in the network namespace of the calling thread. */
export class FlowReader {
  readonly #options: FlowReaderOptions;
  readonly #connections: ConnectionEvents;
  readonly #packets: LoggedReports;
  #closed = false;
  #tokens: number;
  #tokensAtMs = performance.now();
  #unreported: number | undefined;
  #countAtMs = 0;
  /** Counts still to be made: without reported packets there are no unreported ones, but some may come behind a count. */
  #countsToGo = countsBehind;

  /** Throws when another process listens. */
  constructor(options: FlowReaderOptions) {
    this.#options = options;
    this.#tokens = options.perSecond;
    this.#packets = new LoggedReports(options.reports ?? new PacketLog({ group: reportGroup, bytes: reportBytes }));
    try {
      this.#connections = new ConnectionEvents();
    } catch (error) {
      this.#packets.close();
      throw error;
    }
  }

  /** Events until {@link close}. */
  async *events(): AsyncGenerator<FlowEvent, void, undefined> {
    try {
      for (let waitMs = pauseMs; !this.#closed; await sleep(waitMs)) {
        const events = [...this.#reported(), ...this.#allowed(), ...(await this.#notReported())];
        waitMs = events.length > 0 ? pauseMs : Math.min(2 * waitMs, idlePauseMs);
        yield* events;
      }
    } finally {
      this.close();
    }
  }

  /** Ends the iteration at its next turn. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connections.close();
    this.#packets.close();
  }

  #reported(): FlowEvent[] {
    const { packets, lost } = this.#packets.read(readsMax);
    if (packets.length > 0 || lost > 0) this.#countsToGo = countsBehind;
    const events = packets.flatMap((packet) => reportedEvent(packet, reportOfPrefix(packet.prefix)));
    return lost === 0 ? events : [...events, { kind: 'dropped', reason: 'queue', events: lost }];
  }

  #allowed(): FlowEvent[] {
    const { connections, skipped, overruns } = this.#connections.read(looksMax, readsMax);
    const events: FlowEvent[] = [];
    let overRate = skipped;
    this.#refill();
    for (const connection of connections) {
      if (!this.#options.isLocal(connection.original.source) && !this.#options.isLocal(connection.reply.source)) continue;
      if (this.#tokens < 1) {
        overRate++;
        continue;
      }
      this.#tokens--;
      events.push(allowedEvent(connection));
    }
    if (overRate > 0) events.push({ kind: 'dropped', reason: 'rate', events: overRate });
    if (overruns > 0) events.push({ kind: 'dropped', reason: 'queue', events: overruns });
    return events;
  }

  #refill(): void {
    const now = performance.now();
    const { perSecond } = this.#options;
    this.#tokens = Math.min(perSecond, this.#tokens + ((now - this.#tokensAtMs) / 1_000) * perSecond);
    this.#tokensAtMs = now;
  }

  async #notReported(): Promise<FlowEvent[]> {
    const now = performance.now();
    if (now < this.#countAtMs || this.#countsToGo === 0) return [];
    this.#countAtMs = now + countPauseMs;
    this.#countsToGo--;
    const total = await this.#options.unreportedPackets();
    // What was counted before is of an earlier process; a count that went back is of rules made anew.
    const more = this.#unreported === undefined ? 0 : total < this.#unreported ? total : total - this.#unreported;
    this.#unreported = total;
    if (more > 0) this.#countsToGo = countsBehind;
    return more === 0 ? [] : [{ kind: 'dropped', reason: 'rate', events: more }];
  }
}

function reportedEvent({ flow, original }: LoggedPacket, report: PacketReport | undefined): FlowEvent[] {
  // Somebody else logs to our group.
  if (report === undefined) return [];
  const { direction, unowned, byHost, logged } = report;
  const packet = { flow, direction, ...(original !== undefined && isOpeners(flow, original) ? addressedOf(flow, original) : {}) };
  if (logged !== undefined) return [{ kind: 'logged', ...packet, ...(logged === 'not known' ? {} : { verdict: logged }) }];
  return [
    unowned === undefined
      ? { kind: 'denied', ...packet, ...(byHost === true ? { byHost } : {}) }
      : { kind: 'unowned', ...packet, reason: unowned },
  ];
}

function allowedEvent(connection: TrackedConnection): FlowEvent {
  const flow = flowOf(connection);
  return { kind: 'allowed', flow, ...addressedOf(flow, connection.original) };
}

/** Whether a packet is one of the opener of its connection, and no answer and no error about it: sources are translated later. */
function isOpeners(flow: Flow, original: ConntrackTuple): boolean {
  return (
    flow.protocol === original.protocol && flow.sourcePort === original.sourcePort && compareAddresses(flow.source, original.source) === 0
  );
}

/** What the opener spoke to, where translation made something else of it. */
function addressedOf(
  flow: Flow,
  { destination: address, destinationPort: port }: ConntrackTuple,
): { readonly addressed?: AddressedService } {
  if (compareAddresses(address, flow.destination) === 0 && port === flow.destinationPort) return {};
  return { addressed: { address, ...(port === undefined ? {} : { port }) } };
}
