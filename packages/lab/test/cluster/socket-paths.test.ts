import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { clusterLayout } from '../../src/cluster/cluster-layout.ts';
import { checkSocketPaths } from '../../src/cluster/socket-paths.ts';

describe('the sockets of a node', () => {
  it.each([
    ['have room for the names of AKS below /run', '/run/weir', 'aks-nodepool1-12345678-vmss000000', undefined],
    ['have room to the last byte', `/run/${'d'.repeat(81)}`, 'n', undefined],
    ['are refused one byte further, before the kernel does it', `/run/${'d'.repeat(82)}`, 'n', /a path of 108 bytes.*WEIR_RUN_DIR/],
  ])('%s', (_name, directory, node, problem) => {
    vi.stubEnv('WEIR_RUN_DIR', directory);
    try {
      const layout = clusterLayout('cluster1');
      if (problem === undefined) expect(() => checkSocketPaths(layout, node)).not.toThrow();
      else expect(() => checkSocketPaths(layout, node)).toThrow(problem);
      expect(layout.gateSocket(node)).toBe(join(directory, 'cluster1', `${node}-gate.sock`));
    } finally {
      vi.unstubAllEnvs();
    }
  });
});
