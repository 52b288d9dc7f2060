/** Which nodes of a cluster tell of connections. */
import { describe, expect, it } from 'vitest';
import { childDefinitions } from '../../src/cluster/child-definitions.ts';
import { planCluster } from '../../src/cluster/cluster-config.ts';
import { clusterLayout } from '../../src/cluster/cluster-layout.ts';
import { flowLogsOf } from '../../src/cluster/flow-logs.ts';
import { noFakes } from '../../src/fakes/fake-counts.ts';

const shape = { name: 'flows', nodes: 1, windowsNodes: 1, engine: 'azure', standIn: false, dualStack: false, fakes: noFakes } as const;

describe('the flow logs of a cluster', () => {
  it('are files that the agents of Linux nodes are told to write, and none for Windows nodes', () => {
    const config = planCluster(shape, 6443, ['node', 'weir']);
    const logs = flowLogsOf(config);
    expect(logs).toEqual([
      { node: 'node1', file: clusterLayout('flows').flowLog('node1') },
      { node: 'win1', reason: expect.stringContaining('HNS does not tell of connections') as string },
    ]);
    const commands = childDefinitions(config, clusterLayout('flows')).map(({ name, command }) => ({
      name,
      log: command[command.indexOf('--flow-log') + 1],
    }));
    expect(commands.find(({ name }) => name === 'node1-agent')?.log).toBe(logs[0]?.file);
    expect(childDefinitions(config, clusterLayout('flows')).find(({ name }) => name === 'win1-agent')?.command).not.toContain('--flow-log');
  });

  it('are none where there is no engine', () => {
    const config = planCluster({ ...shape, windowsNodes: 0, engine: 'none' }, 6443, ['node', 'weir']);
    expect(flowLogsOf(config)).toMatchObject([{ node: 'node1', reason: expect.stringContaining('no policy engine') as string }]);
  });
});
