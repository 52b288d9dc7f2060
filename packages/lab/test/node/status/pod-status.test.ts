import type { Container, ContainerState, Pod, PodSpec } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { podStatus } from '../../../src/node/status/pod-status.ts';
import type { ContainerFacts, PodStatusFacts } from '../../../src/node/status/status-facts.ts';

const then = '2026-01-01T00:00:00Z';
const now = '2026-01-01T00:00:09Z';

const waiting: ContainerState = { waiting: { reason: 'ContainerCreating' } };
const backingOff: ContainerState = { waiting: { reason: 'CrashLoopBackOff' } };
const running: ContainerState = { running: { startedAt: then } };
const ended = (exitCode: number): ContainerState => ({ terminated: { exitCode } });

function container(name: string, state: ContainerState, more: Partial<ContainerFacts> = {}): ContainerFacts {
  const isRunning = state.running !== undefined;
  return {
    container: { name, image: 'agnhost' },
    state,
    lastState: {},
    restartCount: 0,
    containerId: undefined,
    restarts: false,
    started: isRunning,
    ready: isRunning,
    ...more,
  };
}
function sidecar(name: string, state: ContainerState, more: Partial<ContainerFacts> = {}): ContainerFacts {
  const specification: Container = { name, image: 'agnhost', restartPolicy: 'Always' };
  return container(name, state, { container: specification, ...more });
}
function facts(spec: Partial<PodSpec>, more: Partial<PodStatusFacts> = {}): PodStatusFacts {
  const pod: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p', generation: 4 }, spec: { containers: [], ...spec } };
  return {
    pod,
    reported: undefined,
    startTime: then,
    hostAddresses: ['10.224.0.4'],
    podAddresses: ['10.224.1.2'],
    initContainers: [],
    containers: [],
    ephemeralContainers: [],
    initialized: true,
    ended: false,
    failure: undefined,
    now,
    ...more,
  };
}

describe('the phase of a pod', () => {
  type Row = readonly [name: string, more: Partial<PodStatusFacts>, phase: string];
  const rows: readonly Row[] = [
    ['that has not started is Pending', { containers: [container('a', waiting)] }, 'Pending'],
    ['of which one has not started is Pending', { containers: [container('a', running), container('b', waiting)] }, 'Pending'],
    ['that runs is Running', { containers: [container('a', running)] }, 'Running'],
    [
      'that waits for its next start is Running',
      { containers: [container('a', backingOff, { lastState: ended(1), restarts: true })] },
      'Running',
    ],
    ['that ended and starts again is Running', { containers: [container('a', ended(0), { restarts: true })] }, 'Running'],
    ['that ended well and need not start again has Succeeded', { containers: [container('a', ended(0))] }, 'Succeeded'],
    [
      'that failed and will start again is Running',
      { containers: [container('a', ended(1), { restarts: true }), container('b', ended(0))] },
      'Running',
    ],
    [
      'of which one failed and none starts again has Failed',
      { containers: [container('a', ended(1)), container('b', ended(0))] },
      'Failed',
    ],
    ['of which one still runs is Running', { containers: [container('a', ended(1)), container('b', running)] }, 'Running'],
    [
      'that was deleted has Failed by the exit code of a container',
      { containers: [container('a', ended(137), { restarts: true })], ended: true },
      'Failed',
    ],
    [
      'that was deleted has Succeeded when all ended well',
      { containers: [container('a', ended(0), { restarts: true })], ended: true },
      'Succeeded',
    ],
    [
      'whose init container runs is Pending',
      { initContainers: [container('i', running)], containers: [container('a', waiting)], initialized: false },
      'Pending',
    ],
    [
      'whose init container failed has Failed when nothing starts again',
      { initContainers: [container('i', ended(2))], containers: [container('a', waiting)], initialized: false },
      'Failed',
    ],
    [
      'whose init container failed is Pending when it starts again',
      {
        initContainers: [container('i', backingOff, { lastState: ended(2), restarts: true })],
        containers: [container('a', waiting)],
        initialized: false,
      },
      'Pending',
    ],
    [
      'whose sidecar has not started yet is Pending',
      { initContainers: [sidecar('s', running, { started: false })], containers: [container('a', waiting)], initialized: false },
      'Pending',
    ],
    [
      'whose sidecar starts again later is Running',
      { initContainers: [sidecar('s', backingOff, { lastState: ended(1), restarts: true })], containers: [container('a', running)] },
      'Running',
    ],
    [
      'whose sidecar still runs is Running although all others have ended',
      { initContainers: [sidecar('s', running)], containers: [container('a', ended(0))] },
      'Running',
    ],
    [
      'does not depend on how a sidecar ended',
      { initContainers: [sidecar('s', ended(143))], containers: [container('a', ended(0))] },
      'Succeeded',
    ],
    ['that has Failed stays so', { reported: { phase: 'Failed' }, containers: [container('a', running)] }, 'Failed'],
    [
      'that may not be active any more is Running until its containers are gone',
      { failure: { reason: 'DeadlineExceeded', message: '' }, containers: [container('a', running)] },
      'Running',
    ],
    [
      'that was active for too long has Failed',
      { failure: { reason: 'DeadlineExceeded', message: '' }, containers: [container('a', ended(0))], ended: true },
      'Failed',
    ],
  ];
  it.each(rows)('%s', (_name, more, phase) => {
    expect(podStatus(facts({}, more)).phase).toBe(phase);
  });
});

describe('the conditions of a pod', () => {
  const conditionsOf = (given: PodStatusFacts): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      (podStatus(given).conditions ?? []).map(({ type, status, reason, message }) => [
        type,
        [status, reason, message].filter(Boolean).join(' '),
      ]),
    );

  it('say that it serves', () => {
    expect(conditionsOf(facts({}, { containers: [container('a', running)] }))).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    });
  });

  it('name the containers that keep it from serving, sidecars included', () => {
    const given = facts(
      {},
      {
        initContainers: [sidecar('s', running, { ready: false })],
        containers: [container('a', running), container('b', running, { ready: false })],
      },
    );
    const unready = 'False ContainersNotReady containers with unready status: [s b]';
    expect(conditionsOf(given)).toMatchObject({ Ready: unready, ContainersReady: unready, Initialized: 'True' });
  });

  it('name the init containers that have not ended', () => {
    const given = facts(
      {},
      {
        initContainers: [container('one', ended(0)), container('two', running), container('three', waiting)],
        containers: [container('a', waiting)],
        initialized: false,
      },
    );
    expect(conditionsOf(given)['Initialized']).toBe('False ContainersNotInitialized containers with incomplete status: [two three]');
  });

  it('wait for the gates of others', () => {
    const readinessGates = [{ conditionType: 'open' }, { conditionType: 'shut' }, { conditionType: 'missing' }];
    const base = facts({ readinessGates }, { containers: [container('a', running)] });
    const conditions = [
      { type: 'open', status: 'True' },
      { type: 'shut', status: 'False' },
    ] as const;
    const seen = conditionsOf({ ...base, pod: { ...base.pod, status: { conditions } } });
    expect(seen).toMatchObject({
      ContainersReady: 'True',
      Ready:
        'False ReadinessGatesNotReady the status of pod readiness gate "shut" is not "True", but False, corresponding condition of pod readiness gate "missing" does not exist.',
    });
    expect(seen).not.toHaveProperty('open');
  });

  it('keep the time of their last change', () => {
    const first = podStatus(facts({}, { containers: [container('a', running, { ready: false })], now: then }));
    const second = podStatus(facts({}, { containers: [container('a', running)], reported: first }));
    const times = Object.fromEntries((second.conditions ?? []).map(({ type, lastTransitionTime }) => [type, lastTransitionTime]));
    expect(times).toMatchObject({ Ready: now, ContainersReady: now, Initialized: then, PodReadyToStartContainers: then });
    expect(second.observedGeneration).toBe(4);
    expect(second.conditions?.every(({ observedGeneration }) => observedGeneration === 4)).toBe(true);
  });

  it.each([
    ['Succeeded', 0, 'PodCompleted'],
    ['Failed', 1, 'PodFailed'],
  ])('of a pod that has %s say so', (_phase, exitCode, reason) => {
    const seen = conditionsOf(facts({}, { containers: [container('a', ended(exitCode))], ended: true }));
    expect(seen).toMatchObject({ Ready: `False ${reason}`, ContainersReady: `False ${reason}`, PodReadyToStartContainers: 'False' });
  });
});

describe('the status of a container', () => {
  it('says that it waits for init containers', () => {
    const given = facts({}, { initContainers: [container('i', running)], containers: [container('a', waiting)], initialized: false });
    expect(podStatus(given).containerStatuses?.[0]?.state).toEqual({ waiting: { reason: 'PodInitializing' } });
  });

  it('of an init container is ready when it ended well', () => {
    const given = facts(
      {},
      { initContainers: [container('i', ended(0)), container('j', ended(1))], containers: [container('a', waiting)] },
    );
    expect(podStatus(given).initContainerStatuses).toMatchObject([
      { ready: true, started: false },
      { ready: false, started: false },
    ]);
  });

  it('of an ephemeral container is never ready and does not count for the pod', () => {
    const given = facts({}, { containers: [container('a', running)], ephemeralContainers: [container('e', ended(1))] });
    const status = podStatus(given);
    expect(status.phase).toBe('Running');
    expect(status.ephemeralContainerStatuses).toMatchObject([{ name: 'e', ready: false, state: { terminated: { exitCode: 1 } } }]);
    expect(status.ephemeralContainerStatuses?.[0]).not.toHaveProperty('started');
  });
});

describe('the status of a container', () => {
  it('says who its programs are, and which volumes they see', () => {
    const volumeMounts = [
      { name: 'own', mountPath: '/own' },
      { name: 'given', mountPath: '/given', readOnly: true },
    ];
    const specification: Container = { name: 'c', image: 'agnhost', volumeMounts, securityContext: { runAsGroup: 3000 } };
    const securityContext = { runAsUser: 1000, fsGroup: 2000, supplementalGroups: [4000] };
    const statusOf = (more: Partial<ContainerFacts>) =>
      podStatus(facts({ securityContext }, { containers: [container('c', running, { container: specification, ...more })] }))
        .containerStatuses?.[0];
    expect(statusOf({ containerId: 'weir://1' })).toMatchObject({
      user: { linux: { uid: 1000, gid: 3000, supplementalGroups: [3000, 4000, 2000] } },
      volumeMounts: [
        { name: 'own', mountPath: '/own' },
        { name: 'given', mountPath: '/given', readOnly: true, recursiveReadOnly: 'Disabled' },
      ],
    });
    expect(statusOf({})).not.toHaveProperty('user');
  });
});
