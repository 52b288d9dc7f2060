/** Every engine with every data plane on every system: what is chosen, and what is refused with what to do. */
import { describe, expect, it } from 'vitest';
import { chooseDataplane, type DataplaneName, type EngineName, engineProfiles, systemOf } from '../src/index.ts';

const engines = Object.keys(engineProfiles) as EngineName[];
const dataplanes: readonly DataplaneName[] = ['nftables', 'iptables', 'ebpf', 'hns'];
const pairs = engines.flatMap((engine) => dataplanes.map((dataplane) => ({ engine, dataplane })));

describe('the data plane', () => {
  it('is that of the engine on the node’s system when none is asked for', () => {
    const chosen = engines.map((engine) => (['linux', 'windows'] as const).map((system) => chooseDataplane({ engine, system })));
    expect(chosen).toEqual([
      [{ name: 'nftables' }, { name: 'hns' }],
      [{ name: 'iptables' }, { name: 'hns' }],
      [{ name: 'nftables' }, { name: 'hns' }],
      [{ name: 'ebpf' }, { problem: 'the engine cilium runs on Linux only' }],
    ]);
  });

  it.each(pairs)(
    '$dataplane for $engine on Linux is taken, but that of Windows for an engine that does not run there',
    ({ engine, dataplane }) => {
      const choice = chooseDataplane({ engine, system: 'linux', dataplane });
      if (engine !== 'cilium' || dataplane !== 'hns') expect(choice).toEqual({ name: dataplane });
      else expect(choice).toEqual({ problem: 'the engine cilium runs on Linux only, and the data plane hns is that of Windows' });
    },
  );

  it.each(pairs)('$dataplane for $engine on Windows is taken only when it is that of Windows', ({ engine, dataplane }) => {
    const choice = chooseDataplane({ engine, system: 'windows', dataplane });
    if (dataplane === 'hns' && engine !== 'cilium') expect(choice).toEqual({ name: 'hns' });
    else
      expect(choice).toEqual({
        problem: expect.stringContaining(systemOf(dataplane) === 'linux' ? 'leave out --dataplane' : 'Linux only'),
      });
  });
});
