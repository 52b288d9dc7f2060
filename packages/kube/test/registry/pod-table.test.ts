import { describe, expect, it } from 'vitest';
import { builtInResources, type JsonObject } from '../../src/index.ts';

const pods = builtInResources.find(({ plural }) => plural === 'pods');
const now = Date.parse('2026-01-01T01:00:00Z');
const running = { name: 'c', ready: true, restartCount: 0, state: { running: {} } };

interface Row {
  readonly name: string;
  readonly status: JsonObject;
  readonly spec?: JsonObject;
  readonly metadata?: JsonObject;
  /** Ready, status, restarts. */
  readonly cells: readonly [string, string, string];
}

const rows: Row[] = [
  { name: 'pending', status: { phase: 'Pending' }, cells: ['0/1', 'Pending', '0'] },
  { name: 'running', status: { phase: 'Running', containerStatuses: [running] }, cells: ['1/1', 'Running', '0'] },
  {
    name: 'running but not ready',
    status: { phase: 'Running', containerStatuses: [{ ...running, ready: false }] },
    cells: ['0/1', 'Running', '0'],
  },
  {
    name: 'waiting for its image',
    status: {
      phase: 'Pending',
      containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { waiting: { reason: 'ErrImagePull' } } }],
    },
    cells: ['0/1', 'ErrImagePull', '0'],
  },
  {
    name: 'restarted',
    status: {
      phase: 'Running',
      containerStatuses: [{ ...running, restartCount: 3, lastState: { terminated: { finishedAt: '2026-01-01T00:57:30Z' } } }],
    },
    cells: ['1/1', 'Running', '3 (2m30s ago)'],
  },
  {
    name: 'failed without a reason',
    status: { phase: 'Failed', containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 3 } } }] },
    cells: ['0/1', 'ExitCode:3', '0'],
  },
  {
    name: 'killed by a signal',
    status: {
      phase: 'Failed',
      containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 137, signal: 9 } } }],
    },
    cells: ['0/1', 'Signal:9', '0'],
  },
  {
    name: 'completed',
    status: {
      phase: 'Succeeded',
      containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state: { terminated: { exitCode: 0, reason: 'Completed' } } }],
    },
    cells: ['0/1', 'Completed', '0'],
  },
  {
    name: 'being deleted',
    status: { phase: 'Running', containerStatuses: [running] },
    metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
    cells: ['1/1', 'Terminating', '0'],
  },
  {
    name: 'initializing',
    spec: { initContainers: [{ name: 'i' }, { name: 'j' }], containers: [{ name: 'c' }] },
    status: {
      phase: 'Pending',
      initContainerStatuses: [
        { name: 'i', restartCount: 0, state: { terminated: { exitCode: 0 } } },
        { name: 'j', restartCount: 0, state: { running: {} } },
      ],
    },
    cells: ['0/1', 'Init:1/2', '0'],
  },
  {
    name: 'running with a sidecar',
    spec: { initContainers: [{ name: 's', restartPolicy: 'Always' }], containers: [{ name: 'c' }] },
    status: {
      phase: 'Running',
      initContainerStatuses: [{ name: 's', ready: true, started: true, restartCount: 1, state: { running: {} } }],
      containerStatuses: [running],
    },
    cells: ['2/2', 'Running', '1'],
  },
];

describe('kubectl get pods', () => {
  it.each(rows)('shows a pod that is $name', ({ status, spec, metadata, cells }) => {
    const pod = {
      metadata: { name: 'p', creationTimestamp: '2026-01-01T00:59:00Z', ...metadata },
      spec: { containers: [{ name: 'c' }], ...spec },
      status,
    };
    const row = pods?.table.row(pod, now);
    expect(row?.cells.slice(1, 4)).toEqual(cells);
    expect(row?.cells[4]).toBe('60s');
  });
});
