/** What the processes of the cluster have recorded, read as it grows. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { RequestTimes, WriteTimes } from '@weir/apiserver';

/** Times of all records are nanoseconds of CLOCK_MONOTONIC. */
type RequestRecord = RequestTimes & { readonly channel: 'weir:apiserver:request' };

/** A write to the store. */
export type WriteRecord = WriteTimes & { readonly channel: 'weir:apiserver:write' };

/** `weir:agent:transaction`. */
export interface TransactionRecord {
  readonly channel: 'weir:agent:transaction';
  readonly node: string;
  readonly arrivedAt: number;
  readonly flushingAt: number;
  readonly flushedAt: number;
  readonly appliedAt: number;
  readonly changes: number;
}

type TraceRecord = RequestRecord | WriteRecord | TransactionRecord;

/** All records so far, by channel, in no particular order across processes. */
export class TraceLog {
  readonly requests: RequestRecord[] = [];
  readonly writes: WriteRecord[] = [];
  readonly transactions: TransactionRecord[] = [];
  readonly #directory: string;
  /** Bytes that have been read of each file. */
  readonly #read = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Takes in what has been written since. A line that is half written is left for the next time. */
  refresh(): void {
    for (const file of readdirSync(this.#directory)) {
      const path = join(this.#directory, file);
      const from = this.#read.get(file) ?? 0;
      if (statSync(path).size <= from) continue;
      const bytes = readFileSync(path);
      const end = bytes.lastIndexOf(0x0a) + 1;
      this.#read.set(file, end);
      for (const line of bytes.subarray(from, end).toString('utf8').split('\n'))
        if (line !== '') this.#take(JSON.parse(line) as TraceRecord);
    }
  }

  #take(record: TraceRecord): void {
    switch (record.channel) {
      case 'weir:apiserver:request':
        this.requests.push(record);
        break;
      case 'weir:apiserver:write':
        this.writes.push(record);
        break;
      case 'weir:agent:transaction':
        this.transactions.push(record);
    }
  }
}
