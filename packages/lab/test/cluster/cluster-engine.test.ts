/** Which clusters an engine can serve: every engine with every data plane, and the shapes that are refused. */
import { engineProfiles } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { type EngineWish, engineProblem, standsBehindKubeProxy } from '../../src/cluster/cluster-engine.ts';

const engines = Object.values(engineProfiles);
const problem = (wish: Partial<EngineWish>): string | undefined => engineProblem({ engine: 'kubernetes', dualStack: false, ...wish });

describe('the engine of a cluster', () => {
  it.each(engines)('$name takes each data plane of Linux in place of its own', ({ name }) => {
    for (const dataplane of ['nftables', 'iptables', 'ebpf'] as const) expect(problem({ engine: name, dataplane })).toBeUndefined();
  });

  it.each(engines)('$name takes Windows nodes when it has a data plane for them', ({ name, dataplanes }) => {
    const said = problem({ engine: name, windowsNodes: 1 });
    if (dataplanes.windows !== undefined) expect(said).toBeUndefined();
    else expect(said).toBe(`the engine ${name} runs on Linux only: leave out --windows-nodes, or choose another --engine`);
    expect(problem({ engine: name, windowsNodes: 1, dataplane: 'iptables' })).toBe(said);
  });

  it.each(engines)('$name takes two families when it knows IPv6 on every system of the cluster', ({ name, unsupported }) => {
    for (const windowsNodes of [0, 1]) {
      const gap = unsupported.find(
        ({ feature, operatingSystem }) => feature === 'ipv6' && (operatingSystem === 'any' || windowsNodes === 1),
      );
      const said = problem({ engine: name, dualStack: true, windowsNodes: name === 'cilium' ? 0 : windowsNodes });
      expect(said).toBe(gap === undefined ? undefined : `${gap.message}: leave out --dual-stack, or choose another --engine`);
    }
  });

  it('that is none has no data plane', () => {
    expect(problem({ engine: 'none' })).toBeUndefined();
    expect(problem({ engine: 'none', dataplane: 'ebpf' })).toMatch(/leave out --dataplane/);
  });

  it('ends no connections on Windows, which has no call for it', () => {
    expect(problem({ established: 'cut' })).toBeUndefined();
    expect(problem({ established: 'cut', windowsNodes: 1 })).toBe(
      'HNS cannot end connections: leave out --established cut, or --windows-nodes',
    );
    expect(problem({ established: 'keep', windowsNodes: 1 })).toBeUndefined();
  });

  it('expands what Windows lacks only where there is Windows', () => {
    expect(problem({ windowsExpandUnsupported: true })).toMatch(/add --windows-nodes/);
    expect(problem({ windowsExpandUnsupported: true, windowsNodes: 1 })).toBeUndefined();
  });
});

describe('the service proxy of a node', () => {
  it('stands in for a kube-proxy with iptables where the engine’s rules stand behind that one’s', () => {
    expect(engines.filter(({ name }) => standsBehindKubeProxy({ engine: name })).map(({ name }) => name)).toEqual(['azure']);
    expect(standsBehindKubeProxy({ engine: 'azure', dataplane: 'nftables' })).toBe(false);
    expect(standsBehindKubeProxy({ engine: 'kubernetes', dataplane: 'iptables' })).toBe(false);
    expect(standsBehindKubeProxy({ engine: 'none' })).toBe(false);
  });
});
