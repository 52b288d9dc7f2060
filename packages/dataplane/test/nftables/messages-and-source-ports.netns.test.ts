/** The sets that few programs need, those of messages of ICMP and of source ports, are like all others: listed, counted, compared, taken over. */
import { inNetns } from '@weir/kernel';
import { defined, protocolNumber } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNftablesDataplane, type NftablesDataplane } from '../../src/nftables/index.ts';
import { type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type World } from '../conformance/world.ts';

const { ICMP, TCP } = protocolNumber;
const state: StateText = {
  ingress: {
    b: [
      { id: 'log-all', action: 'log' },
      { id: 'echo', protocol: ICMP, ports: [8 * 256] },
      { id: 'low', protocol: TCP, ports: [80], sourcePorts: [[1_000, 1_999]] },
    ],
  },
};
const sourceTcp = { from: 'a', to: 'b', protocol: 'tcp', port: 80, family: 4 } as const;

describe('sets of messages and of source ports', () => {
  let world: World;
  const open: NftablesDataplane[] = [];
  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    for (const dataplane of open.splice(0)) {
      await dataplane.remove();
      await dataplane.close();
    }
  });
  afterAll(async () => {
    await world.close();
  });

  const start = async (): Promise<NftablesDataplane> => {
    let made: NftablesDataplane | undefined;
    inNetns(world.netns('node'), () => {
      made = createNftablesDataplane({ podInterfaces: [world.podInterfacePrefix], flowRate: 100 });
    });
    const dataplane = defined(made, 'a data plane is made');
    open.push(dataplane);
    expect((await dataplane.apply(stateDelta(state, (pod) => world.podInterface(pod)))).quarantined).toEqual([]);
    return dataplane;
  };
  const nft = (...command: string[]): string => world.run('node', 'nft', ...command);
  const none = { drifted: [], repaired: false };

  it('DP79: nft can list the table, and rules count what they let through by them', async () => {
    const dataplane = await start();
    expect(await world.attempt({ ...sourceTcp, sourcePort: 1_000, expect: 'allowed' })).toBe('answered');
    expect(await world.attempt({ from: 'c', to: 'b', protocol: 'icmp', family: 4, expect: 'allowed' })).toBe('answered');
    const listed = nft('list', 'table', 'inet', 'weir');
    expect(listed).toMatch(/icmp . 2048/);
    expect(listed).toMatch(/tcp . 80 . 1000-1999/);
    const counts = new Map((await dataplane.counters()).map(({ rule, packets }) => [rule.id, packets]));
    expect(counts.get('echo')).toBeGreaterThan(0n);
    expect(counts.get('low')).toBeGreaterThan(0n);
  });

  it.each(['map allow_message', 'map allow_source', 'set asking_source', 'set logged_message'])(
    'DP38: what somebody takes out of the %s comes back',
    async (which) => {
      const [kind = '', set = ''] = which.split(' ');
      const dataplane = await start();
      expect(await dataplane.resync()).toEqual(none);
      nft('flush', kind, 'inet', 'weir', set);
      const report = await dataplane.resync();
      expect(report.drifted.join('; ')).toContain(set);
      expect(report.repaired).toBe(true);
      expect(await dataplane.resync()).toEqual(none);
      expect(await world.attempt({ ...sourceTcp, sourcePort: 1_500, expect: 'allowed' })).toBe('answered');
    },
  );

  it('DP35: a new process takes them over', async () => {
    await (await start()).close();
    open.length = 0;
    const dataplane = await start();
    expect(await dataplane.resync()).toEqual(none);
    expect(await world.attempt({ ...sourceTcp, from: 'c', sourcePort: 1_700, expect: 'allowed' })).toBe('answered');
    expect(await world.attempt({ ...sourceTcp, from: 'c', sourcePort: 2_700, expect: 'denied' })).toBe('silence');
  });
});
