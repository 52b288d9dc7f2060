/**
 * One process takes the rules of another over, of the same version and of versions with other tables,
 * while packets are under way: none passes that the policies deny, none is lost that they allow.
 */
import type { Delta } from '@weir/calc';
import { NftablesDataplane, weirTable } from '@weir/dataplane';
import { inNetns, NetlinkError, NftablesConnection } from '@weir/kernel';
import { defined } from '@weir/net';
import { netpolPolicy as policy } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DesiredState } from '../packages/dataplane/src/nftables/desired-state.ts';
import { bySet } from '../packages/dataplane/src/nftables/element.ts';
import { type TableLayout, tableLayout } from '../packages/dataplane/src/nftables/layout.ts';
import { replaceTable } from '../packages/dataplane/src/nftables/replacement.ts';
import { guardTable } from '../packages/dataplane/src/nftables/sets.ts';
import type { LoadLane } from './packets/load-prober.ts';
import { countWhile } from './packets/load-run.ts';
import { PolicedNetwork } from './packets/policed-network.ts';
import { podAddressOf, twoNodeWorld } from './packets/two-node-world.ts';

const node = 'node-0';
const loadMs = Number(process.env['WEIR_LOAD_SECONDS'] ?? 1.5) * 1_000;

/** `x/a` may talk to `x/c`, on port 80 by one rule and on 443 by a range; `z/c` may not. All are on one node. */
const world = twoNodeWorld({
  policies: [
    policy('x', 'in', {
      podSelector: { matchLabels: { pod: 'c' } },
      policyTypes: ['Ingress'],
      ingress: [
        {
          from: [{ podSelector: { matchLabels: { pod: 'a' } } }],
          ports: [
            { protocol: 'UDP', port: 80 },
            { protocol: 'TCP', port: 80 },
            { protocol: 'UDP', port: 400, endPort: 500 },
            { protocol: 'TCP', port: 400, endPort: 500 },
          ],
        },
      ],
    }),
    policy('x', 'out', { podSelector: { matchLabels: { pod: 'a' } }, policyTypes: ['Egress'], egress: [{ to: [{ podSelector: {} }] }] }),
  ],
});

describe('taking rules over under load', () => {
  let policed: PolicedNetwork;
  let whole: Delta;
  const open: NftablesDataplane[] = [];

  beforeAll(async () => {
    policed = new PolicedNetwork();
    await policed.moveTo(world);
    whole = policed.node(node).engine.emitted();
  });
  afterEach(async () => {
    for (const dataplane of open.splice(0)) await dataplane.close();
  });
  afterAll(async () => {
    await policed.close();
  });

  const inNode = <T>(make: () => T): T => {
    let made: T | undefined;
    inNetns(policed.network.nodeNetns(node), () => {
      made = make();
    });
    return defined(made, 'it is made');
  };
  /** This version's table, and those of two others: hooks in other places, a set and a chain more. */
  const layouts = (): TableLayout[] => {
    const own = tableLayout({ podInterfaces: [policed.network.podInterfacePrefix] });
    const moved = (by: number): TableLayout => ({
      ...own,
      sets: [...own.sets, { name: `spare${by}`, key: own.sets.at(-1)?.key ?? [] }],
      chains: [
        ...own.chains.map((chain) =>
          chain.hook === undefined ? chain : { ...chain, hook: { ...chain.hook, priority: chain.hook.priority + by } },
        ),
        { name: `spare${by}` },
      ],
    });
    return [own, moved(-10), moved(5)];
  };
  const newProcess = (layout?: TableLayout): NftablesDataplane => {
    const options = { podInterfaces: [policed.network.podInterfacePrefix] };
    const dataplane = inNode(() => new NftablesDataplane(options, layout === undefined ? undefined : () => layout));
    open.push(dataplane);
    return dataplane;
  };

  const lanes = (): LoadLane[] =>
    ['x/a', 'z/c'].flatMap((from) =>
      ([4, 6] as const).flatMap((family) =>
        ([80, 443] as const).map((port) => {
          const source = podAddressOf(from, family);
          const protocol = (family === 4) === (port === 80) ? 'UDP' : 'TCP';
          return { source, destination: podAddressOf('x/c', family), port, protocol, netns: policed.network.holderOf(source) };
        }),
      ),
    );
  /** Runs `step` again and again under load; how many packets leaked, how many were lost, and how often it ran. */
  const underLoad = async (step: (times: number) => Promise<void>): Promise<{ leaked: number; lost: number; times: number }> => {
    let times = 0;
    const counts = await countWhile(policed.network, { packetsPerSecond: 20_000, lanes: lanes() }, async () => {
      for (const end = performance.now() + loadMs; performance.now() < end || times < 20; times++) {
        await step(times);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    expect(counts.every(({ sent }) => sent > 100)).toBe(true);
    const sum = (list: readonly number[]): number => list.reduce((a, b) => a + b, 0);
    return {
      leaked: sum(counts.slice(4).map(({ arrived }) => arrived)),
      lost: sum(counts.slice(0, 4).map(({ sent, arrived }) => sent - arrived)),
      times,
    };
  };
  const inForce = async (dataplane: NftablesDataplane): Promise<void> => {
    expect((await dataplane.resync()).drifted).toEqual([]);
    expect(inNode(() => new NftablesConnection()).hasTable(guardTable)).toBe(false);
  };

  it('DP35: a process of the same version exchanges the contents of the table', async () => {
    let last = newProcess();
    await last.apply(whole);
    const { leaked, lost } = await underLoad(async () => {
      await last.close();
      last = newProcess();
      await last.apply(whole);
    });
    expect({ leaked, lost }).toEqual({ leaked: 0, lost: 0 });
    await inForce(last);
  });

  it('DP51: processes of versions with other tables replace each other, there and back', async () => {
    const versions = layouts();
    let last = newProcess(versions[0]);
    await last.apply(whole);
    const { leaked, lost } = await underLoad(async (times) => {
      await last.close();
      last = newProcess(versions[(times + 1) % versions.length]);
      await last.apply(whole);
    });
    expect({ leaked, lost }).toEqual({ leaked: 0, lost: 0 });
    await inForce(last);
  });

  it('DP51: a table that was tampered with is replaced without a gap', async () => {
    let last = newProcess();
    await last.apply(whole);
    const run = (...command: string[]): string => policed.network.run(policed.network.nodeNetns(node), ['nft', ...command]);
    const { leaked, lost } = await underLoad(async () => {
      run('add chain inet weir theirs; add set inet weir theirs { type ipv4_addr; }');
      await last.close();
      last = newProcess();
      await last.apply(whole);
    });
    expect({ leaked, lost }).toEqual({ leaked: 0, lost: 0 });
    await inForce(last);
  });

  it('DP52: a process that ended in the middle of a replacement is taken over from, wherever it ended', async () => {
    const versions = layouts();
    let last = newProcess(versions[0]);
    await last.apply(whole);
    let steps = 0;
    const { leaked, lost, times } = await underLoad(async (round) => {
      // Ends before its first, second, … transaction, then a third version takes over from what is left.
      steps = endInTheMiddle(whole, defined(versions[(round * 2 + 1) % 3], 'a version'), round % 9) ?? steps;
      last = newProcess(versions[(round * 2 + 2) % 3]);
      await last.apply(whole);
      await last.close();
    });
    expect({ leaked, lost }).toEqual({ leaked: 0, lost: 0 });
    expect(steps).toBe(7);
    expect(times).toBeGreaterThanOrEqual(18);
  });

  /** Replaces the table and fails before a transaction; the number of all transactions when it did not come to that. */
  const endInTheMiddle = (state: Delta, layout: TableLayout, before: number): number | undefined => {
    const connection = inNode(() => new EndingConnection(before));
    const desired = new DesiredState(1_000_000);
    desired.apply(state);
    try {
      return replaceTable({ connection, layout, elements: bySet(desired.elements()), retire: () => undefined }).transactions;
    } catch (error) {
      if (!(error instanceof NetlinkError && error.code === 'uncertain')) throw error;
      return undefined;
    } finally {
      connection.close();
    }
  };

  it('DP30: takes both tables away', async () => {
    const left = newProcess();
    await left.apply(whole);
    endInTheMiddle(whole, defined(layouts()[1], 'a version'), 4);
    const connection = inNode(() => new NftablesConnection());
    expect([weirTable, guardTable].map((table) => connection.hasTable(table))).toEqual([true, true]);
    await left.remove();
    expect([weirTable, guardTable].map((table) => connection.hasTable(table))).toEqual([false, false]);
    connection.close();
  });
});

/** Commits a number of transactions, and then nothing any more. */
class EndingConnection extends NftablesConnection {
  #left: number;

  constructor(commits: number) {
    super();
    this.#left = commits;
  }

  override commit(...transaction: Parameters<NftablesConnection['commit']>): ReturnType<NftablesConnection['commit']> {
    if (this.#left === 0) throw new NetlinkError('uncertain', 0, 'the process has ended');
    this.#left--;
    return super.commit(...transaction);
  }
}
