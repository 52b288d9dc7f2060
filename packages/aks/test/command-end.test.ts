/** What becomes of the status of a command's pod. */
import type { Pod } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { exitCodeOf, waitingReason } from '../src/lab/command-end.ts';

const podIn = (state: object, more: object = {}): Pod =>
  ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p' },
    status: { containerStatuses: [{ name: 'command', state }], ...more },
  }) as unknown as Pod;

describe('a command', () => {
  it.each([
    ['that has ended has the exit code of its program', podIn({ terminated: { exitCode: 3, reason: 'Error' } }), 3],
    ['that gives 128 itself has that', podIn({ terminated: { exitCode: 128, reason: 'Error' } }), 128],
    ['that runs has none', podIn({ running: {} }), undefined],
    ['that waits has none', podIn({ waiting: { reason: 'ContainerCreating' } }), undefined],
  ])('%s', (_name, pod, exitCode) => {
    expect(exitCodeOf(pod)).toBe(exitCode);
  });

  it('that never ran has no exit code: the reason is told', () => {
    const notMade = podIn({ terminated: { exitCode: 128, reason: 'StartError', message: 'no cgroup mount found' } });
    expect(() => exitCodeOf(notMade)).toThrow('the container of the command could not be started: no cgroup mount found');
    const evicted = podIn({}, { phase: 'Failed', reason: 'Evicted', message: 'the node was low on memory' });
    expect(() => exitCodeOf(evicted)).toThrow('the pod of the command failed: the node was low on memory');
  });

  it('that does not start says what it waits for', () => {
    expect(waitingReason(podIn({ waiting: { reason: 'ImagePullBackOff', message: 'no such image' } }))).toBe('no such image');
    const unscheduled = { type: 'PodScheduled', status: 'False', message: '0/1 nodes are available' };
    expect(waitingReason(podIn({}, { conditions: [unscheduled] }))).toBe('0/1 nodes are available');
  });
});
