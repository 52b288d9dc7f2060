/** The flows of a cluster of the lab: the files in which its agents tell of them. */
import type { FlowLogCounts } from '@weir/flows';
import { flowLogsOf, readClusterConfig } from '@weir/lab';
import { CommandError, exitCode } from '../exit-code.ts';
import { FlowFile } from './flow-file.ts';
import { type FlowSource, type FlowWish, sumOfCounts, type ToldLine } from './flow-source.ts';

/** Nodes that come and go are looked for so often, in milliseconds. */
const lookAgainMs = 1_000;

/** The agents' files of one cluster. */
export class LabFlows implements FlowSource {
  readonly #cluster: string;
  readonly #sinceMs: number | undefined;
  readonly #files = new Map<string, FlowFile>();
  readonly #news: string[] = [];
  readonly #told = new Set<string>();
  #lookAtMs = 0;

  constructor(cluster: string, { sinceMs }: FlowWish) {
    this.#cluster = cluster;
    this.#sinceMs = sinceMs;
  }

  get counts(): FlowLogCounts {
    return sumOfCounts([...this.#files].map(([who, { counts }]) => ({ who, counts })));
  }

  async take(): Promise<readonly ToldLine[]> {
    try {
      await this.#look();
      return [...this.#files].flatMap(([node, file]) => file.take().map((line) => ({ node, line })));
    } catch (error) {
      const { code, path = '' } = error as NodeJS.ErrnoException;
      if (code === 'EACCES') throw new CommandError(exitCode.unable, `${path} is for root alone: run it as root`);
      throw error;
    }
  }

  news(): readonly string[] {
    return this.#news.splice(0);
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
  }

  async #look(): Promise<void> {
    if (performance.now() < this.#lookAtMs) return;
    this.#lookAtMs = performance.now() + lookAgainMs;
    const config = await readClusterConfig(this.#cluster);
    if (config === undefined) throw new CommandError(exitCode.notFound, `cluster "${this.#cluster}" is gone`);
    for (const log of flowLogsOf(config)) {
      if (log.file === undefined) this.#tell(`node ${log.node} tells of no connections: ${log.reason}`);
      else if (!this.#files.has(log.node)) this.#files.set(log.node, new FlowFile(log.file, this.#sinceMs));
    }
    for (const [node, file] of this.#files) {
      if (!file.isThere)
        this.#tell(`node ${node} has told of no connection yet: its agent has not begun its flow log (weir status says how it is)`);
    }
  }

  #tell(sentence: string): void {
    if (this.#told.has(sentence)) return;
    this.#told.add(sentence);
    this.#news.push(sentence);
  }
}
