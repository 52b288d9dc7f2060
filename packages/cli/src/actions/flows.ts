/** What `weir flows` does: observed connections, from agents or from a recorded log. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubeClient } from '@weir/client';
import { type FlowFilter, flowMatches, type ObservedFlow, ServicesByConnection } from '@weir/flows';
import type { Invocation } from '../command.ts';
import { type ExitCode, usageError } from '../exit-code.ts';
import { failOnCode } from '../fail-on.ts';
import { flowFilterOf } from '../flow-options.ts';
import { FlowPrinter } from '../flow-printer.ts';
import type { FlowSource, ToldLine } from '../flow-sources/flow-source.ts';
import { givenClient, openFlows } from '../flow-sources/open-flow-source.ts';
import { NodeDirectory } from '../node-directory.ts';
import { noticeCounts, readFlowFiles } from '../observed-flows.ts';
import type { Output } from '../output.ts';
import { PodDirectory } from '../pod-directory.ts';
import { byTime, RecordedFlows } from '../recorded-flows.ts';
import { ServiceDirectory } from '../service-directory.ts';

/** Between two looks at what has come, in milliseconds. */
const lookAgainMs = 100;
/** How many are shown when nobody says so: of the past alone, and before what follows. */
const lastUsually = 50;
const lastBeforeFollowing = 10;

/** Answers `weir flows`. */
export async function runFlows(invocation: Invocation): Promise<ExitCode> {
  const { options, output } = invocation;
  const inputs = options.list('input');
  const filter = flowFilterOf(options, Date.now());
  const isFollowing = options.flag('follow');
  if (isFollowing && filter.untilMs !== undefined) throw usageError('--until names an end, and --follow has none: leave one of them out');
  if (inputs.length > 0) {
    if (isFollowing) throw usageError('--input is a recorded log, which has an end: leave out --follow');
    return showRecorded(inputs, invocation, filter);
  }
  const wish = { isFollowed: isFollowing, ...(filter.sinceMs === undefined ? {} : { sinceMs: filter.sinceMs }) };
  const { source, client } = await openFlows(options, wish);
  const shown = new Shown(output, filter, client);
  try {
    const last = options.whole('last', 0) ?? (filter.sinceMs !== undefined ? undefined : isFollowing ? lastBeforeFollowing : lastUsually);
    await shown.past(await shown.wanted(flowsOf(await source.take())), last);
    for (const sentence of source.news()) output.notice(sentence);
    if (isFollowing) await follow(source, shown, invocation);
    else noticeCounts(source.counts, output);
  } finally {
    source.close();
    client.close();
  }
  return failOnCode(options, shown.has);
}

async function showRecorded(paths: readonly string[], { options, output }: Invocation, filter: FlowFilter): Promise<ExitCode> {
  const client = await givenClient(options);
  const shown = new Shown(output, filter, client);
  try {
    // What one node's log tells of a service may complete a line of another's, which was read before.
    const recorded = new RecordedFlows(options.whole('last', 0), async (flows) => shown.print(await shown.wanted(flows)));
    const counts = await readFlowFiles(paths, '--input', async (flows) => recorded.add(await shown.wanted(flows)), filter.sinceMs);
    shown.tellOfMore(await recorded.finish());
    noticeCounts(counts, output);
  } finally {
    client?.close();
  }
  return failOnCode(options, shown.has);
}

async function follow(source: FlowSource, shown: Shown, { output, signal }: Invocation): Promise<void> {
  while (!signal.aborted && !output.isReaderGone) {
    await sleep(lookAgainMs, undefined, { signal }).catch(() => undefined);
    const lines = await source.take();
    await shown.print(await shown.comes(flowsOf(lines)));
    for (const { node, line } of lines) {
      if (line.kind === 'dropped')
        output.notice(`node ${line.node ?? node} left out ${line.events} connections: there were more than it tells`);
      if (line.kind === 'broken') output.notice(`node ${node} wrote a line that is no flow: ${line.problem}`);
    }
    for (const sentence of source.news()) output.notice(sentence);
  }
  if (!output.isReaderGone) await shown.print(await shown.rest());
}

/** Those that are asked for, on their way to the output. */
class Shown {
  /** What there was among those that were shown. */
  readonly has = { allowed: false, denied: false };
  readonly #filter: FlowFilter;
  readonly #pods: PodDirectory;
  readonly #nodes: NodeDirectory;
  readonly #services: ServiceDirectory;
  readonly #connections = new ServicesByConnection();
  #waiting: readonly ObservedFlow[] = [];
  readonly #printer: FlowPrinter;
  readonly #output: Output;

  constructor(output: Output, filter: FlowFilter, client: KubeClient | undefined) {
    this.#output = output;
    this.#filter = filter;
    this.#pods = new PodDirectory(client);
    this.#nodes = new NodeDirectory(client);
    this.#services = new ServiceDirectory(client);
    this.#printer = new FlowPrinter(output, (pod) => this.#pods.get(pod));
  }

  /** The latest, oldest first; says how many were not shown. */
  async past(wanted: readonly ObservedFlow[], last: number | undefined): Promise<void> {
    const shown = last === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - last));
    this.tellOfMore(wanted.length - shown.length);
    await this.print(shown);
  }

  tellOfMore(more: number): void {
    if (more > 0 && !this.#output.json) this.#output.progress(`${more} earlier ones are not shown (--last N, --since TIME)`);
  }

  /** Of those that come one by one: what the node of the opener tells of a service may come a moment after what the next node says. */
  async comes(flows: readonly ObservedFlow[]): Promise<ObservedFlow[]> {
    const waiting = flows.filter((flow) => this.#connections.mayLack(flow));
    const others = flows.filter((flow) => !this.#connections.mayLack(flow));
    const ready = [...this.#waiting, ...others];
    this.#waiting = waiting;
    return this.wanted(ready);
  }

  /** Those that wait when nothing comes any more. */
  async rest(): Promise<ObservedFlow[]> {
    const waiting = this.#waiting;
    this.#waiting = [];
    return this.wanted(waiting);
  }

  /**
   * Those that are asked for, in the order of time. Agents know their own node alone by its address, services by theirs, and
   * only where they translate: the rest is said here.
   */
  async wanted(flows: readonly ObservedFlow[]): Promise<ObservedFlow[]> {
    const named = await this.#services.named(this.#connections.completed(await this.#nodes.named(flows)));
    return named.filter((flow) => flowMatches(flow, this.#filter)).sort(byTime);
  }

  async print(flows: readonly ObservedFlow[]): Promise<void> {
    if (this.#output.json) await this.#pods.learn(flows.flatMap(podsOf));
    for (const { verdict } of flows) {
      if (verdict === 'allow') this.has.allowed = true;
      if (verdict === 'deny') this.has.denied = true;
    }
    this.#printer.print(flows);
  }
}

function flowsOf(lines: readonly ToldLine[]): ObservedFlow[] {
  return lines.flatMap(({ node, line }) =>
    line.kind === 'flow' ? [line.flow.node === undefined ? { ...line.flow, node } : line.flow] : [],
  );
}

function podsOf({ source, destination }: ObservedFlow): string[] {
  return [source, destination].flatMap(({ namespace, pod }) =>
    namespace === undefined || pod === undefined ? [] : [`${namespace}/${pod}`],
  );
}
