/**
 * The flows of a cluster whose agents are pods and write them to standard output (`--flow-log -`): the logs of these
 * pods, read through the API server, which asks who the reader is. Nothing listens for it on any node.
 */
import type { Readable } from 'node:stream';
import { ApiError, type KubeClient, podsPath, resourceUrl, TransportError } from '@weir/client';
import { type FlowLogCounts, type FlowLogLine, FlowLogReader } from '@weir/flows';
import type { Pod } from '@weir/kube';
import { CommandError, exitCode } from '../exit-code.ts';
import { type FlowSource, type FlowWish, sumOfCounts, type ToldLine } from './flow-source.ts';

/** How agents are found, and which of their containers tells. */
const agentSelector = 'app.kubernetes.io/name=weir-agent';
const agentContainer = 'agent';
/** Pods that come, and streams that ended, are looked for so often, in milliseconds. */
const lookAgainMs = 1_000;
/** Of a log that goes on: so long nothing comes once the past has been told, and so long is waited for that, in milliseconds. */
const quietMs = 300;
const pastMaxMs = 5_000;

/** One agent's pod. */
interface AgentStream {
  readonly node: string;
  readonly reader: FlowLogReader;
  lines: FlowLogLine[];
  response?: Readable | undefined;
  /** The moment of the last flow: a stream that begins anew repeats what came within that second. */
  lastTime: string;
  heardAtMs: number;
}

/** The logs of the agents' pods. */
export class AgentPodFlows implements FlowSource {
  readonly #client: KubeClient;
  readonly #wish: FlowWish;
  readonly #streams = new Map<string, AgentStream>();
  readonly #news: string[] = [];
  readonly #told = new Set<string>();
  #lookAtMs = 0;
  #isFirst = true;

  constructor(client: KubeClient, wish: FlowWish) {
    this.#client = client;
    this.#wish = wish;
  }

  get counts(): FlowLogCounts {
    return sumOfCounts([...this.#streams.values()].map(({ node, reader }) => ({ who: node, counts: reader.counts })));
  }

  /** The first time it waits until what was told before has come. */
  async take(): Promise<readonly ToldLine[]> {
    await this.#look();
    if (this.#isFirst) await this.#past();
    this.#isFirst = false;
    return [...this.#streams.values()].flatMap((stream) => {
      const { lines, node } = stream;
      stream.lines = [];
      return lines.map((line) => ({ node, line }));
    });
  }

  /** A log that goes on does not say where the past ends: a moment in which nothing comes is taken for it. */
  async #past(): Promise<void> {
    const endMs = performance.now() + pastMaxMs;
    const comes = ({ response, heardAtMs }: AgentStream): boolean => {
      const now = performance.now();
      return response !== undefined && (!this.#wish.isFollowed || (now < endMs && now - heardAtMs < quietMs));
    };
    while ([...this.#streams.values()].some(comes)) await new Promise((resolve) => setTimeout(resolve, quietMs / 10));
  }

  news(): readonly string[] {
    return this.#news.splice(0);
  }

  close(): void {
    for (const { response } of this.#streams.values()) response?.destroy();
    this.#client.close();
  }

  async #look(): Promise<void> {
    if (performance.now() < this.#lookAtMs) return;
    this.#lookAtMs = performance.now() + lookAgainMs;
    const pods = await this.#agents();
    for (const pod of pods) await this.#listenTo(pod);
  }

  /** Those that write flows to standard output; says of the others that they do not. */
  async #agents(): Promise<readonly Pod[]> {
    try {
      const { items } = await this.#client.list<Pod>(podsPath(), { labelSelector: agentSelector });
      if (items.length === 0 && this.#isFirst)
        throw new CommandError(
          exitCode.notFound,
          `the cluster has no pods with the label ${agentSelector}, so no agent of Weir's tells of connections: install deploy/kubernetes, or give a recorded log with --input`,
        );
      const telling = items.filter(tellsFlows);
      for (const { metadata, spec } of items.filter((pod) => !tellsFlows(pod)))
        this.#tell(
          `node ${spec?.nodeName ?? '?'} tells of no connections: set WEIR_AGENT_FLOW_LOG to "-" in pod ${metadata.namespace ?? ''}/${metadata.name ?? ''}'s DaemonSet`,
        );
      return telling;
    } catch (error) {
      if (error instanceof CommandError || !this.#isFirst) {
        if (error instanceof CommandError) throw error;
        this.#tell(`the API server cannot be asked for agents: ${messageOf(error)}; tried again`);
        return [];
      }
      if (error instanceof ApiError || error instanceof TransportError) throw new CommandError(exitCode.unable, error.message);
      throw error;
    }
  }

  async #listenTo({ metadata, spec, status }: Pod): Promise<void> {
    const { uid = '', name = '', namespace = '' } = metadata;
    const known = this.#streams.get(uid);
    if (known?.response !== undefined) return;
    if (status?.phase !== 'Running') {
      this.#tell(
        `node ${spec?.nodeName ?? '?'}: its agent, pod ${namespace}/${name}, does not run (${status?.phase ?? 'no phase is told'}); waiting for it`,
      );
      return;
    }
    const reader = known?.reader ?? new FlowLogReader({ sinceMs: this.#wish.sinceMs });
    const stream = known ?? { node: spec?.nodeName ?? name, reader, lines: [], lastTime: '', heardAtMs: 0 };
    this.#streams.set(uid, stream);
    const since = stream.lastTime === '' ? this.#wish.sinceMs : Date.parse(stream.lastTime);
    const query = {
      container: agentContainer,
      follow: this.#wish.isFollowed,
      ...(since === undefined ? {} : { sinceTime: new Date(since - (since % 1_000)).toISOString() }),
    };
    try {
      const response = await this.#client.stream('GET', resourceUrl(podsPath(namespace), name, 'log'), { query });
      stream.response = response;
      stream.heardAtMs = performance.now();
      const again = known === undefined ? undefined : `node ${stream.node}: its agent is heard again`;
      follow(stream, response, () => again !== undefined && this.#news.push(again));
    } catch (error) {
      this.#tell(`node ${stream.node}: the log of its agent cannot be read: ${messageOf(error)}; tried again`);
    }
  }

  #tell(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#news.push(sentence);
  }
}

/** Gathers what comes; `heard` is called at the first flow. */
function follow(stream: AgentStream, response: Readable, heard: () => void): void {
  const after = stream.lastTime;
  let isFirst = true;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    stream.heardAtMs = performance.now();
    for (const line of stream.reader.push(text)) {
      const time = line.kind === 'flow' ? (line.flow.time ?? '') : '';
      if (time !== '' && time <= after) continue;
      if (time > stream.lastTime) stream.lastTime = time;
      if (isFirst) heard();
      isFirst = false;
      stream.lines.push(line);
    }
  });
  const over = (): void => {
    stream.lines.push(...stream.reader.finish());
    stream.response = undefined;
  };
  response.on('close', over);
  // An error is followed by `close`; the stream is opened again then.
  response.on('error', () => undefined);
}

function tellsFlows({ spec }: Pod): boolean {
  const container = spec?.containers.find(({ name }) => name === agentContainer);
  const asked = container?.env?.some(({ name, value }) => name === 'WEIR_AGENT_FLOW_LOG' && value === '-') === true;
  const words = container?.args ?? [];
  return asked || words.some((word, at) => word === '--flow-log=-' || (word === '--flow-log' && words[at + 1] === '-'));
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
