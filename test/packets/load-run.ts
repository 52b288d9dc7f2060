/**
 * Packets under way while something happens: sent by a process of its own, counted by the kernel
 * where they arrive, so that a busy event loop loses none.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { bundledArguments } from '@weir/testkit';
import type { LoadLane, LoadOrder } from './load-prober.ts';
import type { PacketNetwork } from './packet-network.ts';

/** What came of a lane. */
export interface LaneCount {
  readonly sent: number;
  readonly arrived: number;
}

const table = 'packet_count';

/** Sends on the lanes while `section` runs, and counts. No two lanes are equal. */
export async function countWhile(network: PacketNetwork, order: LoadOrder, section: () => Promise<void>): Promise<LaneCount[]> {
  const holders = [...new Set(order.lanes.map(({ destination }) => network.holderOf(destination)))];
  for (const netns of holders) {
    const rules = order.lanes.flatMap((lane, i) =>
      network.holderOf(lane.destination) === netns ? [`${matchOf(lane)} counter drop comment "${i}"`] : [],
    );
    network.run(
      netns,
      ['nft', '-f', '-'],
      `table inet ${table} { chain arrived { type filter hook prerouting priority -310; ${rules.join('; ')}; }; }`,
    );
  }
  // Made once for all that count in this process.
  proberProgram ??= bundledArguments(fileURLToPath(new URL('load-prober.ts', import.meta.url)));
  const prober = spawn(process.execPath, [...(await proberProgram), JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const lines = createInterface({ input: prober.stdout })[Symbol.asyncIterator]();
    const begun = await lines.next();
    if (begun.value !== 'sending') throw new Error('the prober did not begin');
    await section();
    const sent = await endProber(prober, lines);
    // What is in a queue still arrives, on a busy machine late.
    let arrived = readCounts(network, holders);
    for (let before = -1; before !== sumOf(arrived); arrived = readCounts(network, holders)) {
      before = sumOf(arrived);
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return order.lanes.map((_, i) => ({ sent: sent[i] ?? 0, arrived: arrived.get(i) ?? -1 }));
  } finally {
    prober.kill('SIGKILL');
    for (const netns of holders) network.run(netns, ['nft', 'delete', 'table', 'inet', table]);
  }
}

function readCounts(network: PacketNetwork, holders: readonly string[]): Map<number, number> {
  const arrived = new Map<number, number>();
  for (const netns of holders) {
    const listed = network.run(netns, ['nft', 'list', 'table', 'inet', table]);
    for (const [, packets, lane] of listed.matchAll(/counter packets (\d+) bytes \d+ drop comment "(\d+)"/g)) {
      arrived.set(Number(lane), Number(packets));
    }
  }
  return arrived;
}

function sumOf(counts: ReadonlyMap<number, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}

let proberProgram: Promise<readonly string[]> | undefined;

async function endProber(prober: ChildProcessByStdio<Writable, Readable, null>, lines: AsyncIterator<string>): Promise<number[]> {
  prober.stdin.end();
  const last = await lines.next();
  return JSON.parse(String(last.value)) as number[];
}

function matchOf({ source, destination, port, protocol = 'UDP' }: LoadLane): string {
  const family = source.includes(':') ? 'ip6' : 'ip';
  return `${family} saddr ${source} ${family} daddr ${destination} ${protocol.toLowerCase()} dport ${port}`;
}
