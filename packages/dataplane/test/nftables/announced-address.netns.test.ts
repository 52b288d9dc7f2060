/** An address that was nobody's begins without connections, whoever left them. */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createNftablesDataplane, type NftablesDataplane } from '../../src/nftables/index.ts';
import { deltaBetween, type StateText, stateDelta } from '../conformance/state.ts';
import { hostAddresses, openWorld, type World } from '../conformance/world.ts';

describe('an announced address', () => {
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
    world.run('node', 'conntrack', '-F');
  });
  afterAll(async () => {
    await world?.close();
  });

  const start = (): NftablesDataplane => {
    inNetns(world.netns('node'), () => open.push(createNftablesDataplane({ podInterfaces: [world.podInterfacePrefix] })));
    return defined(open.at(-1), 'a data plane is made');
  };
  const delta = (text: StateText): Delta => stateDelta(text, (pod) => world.podInterface(pod));
  const { 4: a4 } = hostAddresses.a;
  const { 4: b4 } = hostAddresses.b;
  /** What an earlier owner of the address of `a` left behind, as a process that died before it could end it does. */
  const leaveConnection = (): void => {
    world.run('node', 'conntrack', '-I', '-p', 'udp', '-s', a4, '-d', b4, '--sport', '5555', '--dport', '7001', '--timeout', '600');
    expect(connections()).toContain('sport=5555');
  };
  const connections = (): string => world.run('node', 'conntrack', '-L', '-s', a4);

  it('DP60: loses connections of before when its pod comes, and the pods that were there keep theirs', async () => {
    const dataplane = start();
    const without = delta({ pods: ['b', 'c'] });
    await dataplane.apply(without);
    leaveConnection();
    await dataplane.apply(deltaBetween(without, delta({ pods: ['a', 'b', 'c'] })));
    expect(connections()).not.toContain('sport=5555');
    leaveConnection();
    await dataplane.apply(deltaBetween(delta({ pods: ['a', 'b', 'c'] }), delta({ pods: ['a', 'b'] })));
    expect(connections()).toContain('sport=5555');
  });

  it('DP60: loses them also when a process takes over that was told of the pod first', async () => {
    await start().apply(delta({ pods: ['b', 'c'] }));
    await open.pop()?.close();
    leaveConnection();
    await start().apply(delta({ pods: ['a', 'b', 'c'] }));
    expect(connections()).not.toContain('sport=5555');
  });
});
