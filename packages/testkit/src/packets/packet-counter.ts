/** Counts packets where they arrive: by the kernel, in front of everything else in a network namespace, so that a busy event loop loses none. */
import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** nftables matches by name, such as `{ denied: 'udp dport 7002' }`. */
export type PacketMatches = Readonly<Record<string, string>>;

const defaultTable = 'weirt_count';
/** No packet comes for so long: nothing is on its way any more. Queues of a busy machine are slow. */
const quietMs = 300;

/** Counters in one namespace; they go with it, or with {@link remove}. */
export class PacketCounter<Name extends string> {
  readonly #netns: string;
  readonly #names: readonly Name[];
  readonly #table: string;

  /** Counts what matches from now on; each packet once for each match. Replaces the counters that were there in the table. */
  constructor(netns: string, matches: Readonly<Record<Name, string>>, table: string = defaultTable) {
    this.#netns = netns;
    this.#table = table;
    this.#names = Object.keys(matches) as Name[];
    const rules = this.#names.map((name) => `${matches[name]} counter comment "${name}"`);
    const chain = `chain arrived { type filter hook prerouting priority -310; ${rules.join('; ')}; }`;
    this.#nft(`table inet ${table} {}; delete table inet ${table}; table inet ${table} { ${chain}; }`);
  }

  /** Packets so far. */
  counts(): Record<Name, number> {
    const listed = this.#nft(`list table inet ${this.#table}`);
    const found = new Map(
      [...listed.matchAll(/counter packets (\d+) bytes \d+ comment "([^"]+)"/g)].map(([, packets, name]) => [name, Number(packets)]),
    );
    return Object.fromEntries(this.#names.map((name) => [name, found.get(name) ?? -1])) as Record<Name, number>;
  }

  /** Packets when no more arrive. */
  async settled(): Promise<Record<Name, number>> {
    for (let before = this.counts(); ; ) {
      await sleep(quietMs);
      const now = this.counts();
      if (this.#names.every((name) => now[name] === before[name])) return now;
      before = now;
    }
  }

  remove(): void {
    this.#nft(`delete table inet ${this.#table}`);
  }

  #nft(commands: string): string {
    return execFileSync('ip', ['netns', 'exec', this.#netns, 'nft', commands], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  }
}
