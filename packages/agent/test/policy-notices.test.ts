/** What people are told of refused policies and closed pods. */
import { Engine } from '@weir/calc';
import type { NetworkPolicy, NetworkPolicySpec } from '@weir/kube';
import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { QuarantinedEndpoint } from '../src/start-gate/endpoints-in-force.ts';
import { PolicyNotices } from '../src/status/policy-notices.ts';

function policy(name: string, spec: NetworkPolicySpec): NetworkPolicy {
  return { metadata: { name, namespace: 'demo', uid: `uid-${name}` }, spec };
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly object?: string;
  readonly reason?: string;
}

function describeLine({ level, msg, object, reason }: LogLine): string {
  return [pino.levels.labels[level], msg, object, reason].filter((part) => part !== undefined).join(': ');
}

const good: NetworkPolicySpec = { podSelector: {} };
const bad: NetworkPolicySpec = { podSelector: {}, ingress: [{ ports: [{ port: 99_999 }] }] };

describe('people', () => {
  let engine: Engine;
  let told: string[];
  let logged: string[];
  let quarantined: QuarantinedEndpoint[];
  let known: Set<string>;
  let notices: PolicyNotices;

  beforeEach(() => {
    engine = new Engine({ node: 'n1' });
    for (const source of engine.sources) engine.setInSync(source);
    [told, logged, quarantined, known] = [[], [], [], new Set(['demo/p', 'demo/q'])];
    notices = new PolicyNotices({
      engine,
      quarantined: () => quarantined,
      policyUid: (_kind, namespace, name) => (known.has(`${namespace}/${name}`) ? `uid-${name}` : undefined),
      board: {
        announce: ({ object, type, reason }, { isOurs, isLasting }) =>
          void told.push(`${type} ${reason} ${object.kind} ${object.name}${isOurs ? ' ours' : ''}${isLasting ? ' lasting' : ''}`),
        withdraw: ({ reason, object }) => void told.push(`withdrawn ${reason} ${object.name}`),
      },
      log: pino({ level: 'info' }, { write: (line) => void logged.push(describeLine(JSON.parse(line) as LogLine)) }),
    });
  });

  const upsert = (object: NetworkPolicy): void => {
    engine.upsertNetworkPolicy(object);
    settle();
  };
  const settle = (): void => {
    engine.flush();
    notices.inKernel();
  };

  it('are told of a refused policy once, and when it is cured', () => {
    upsert(policy('p', bad));
    settle();
    expect(told).toEqual(['Warning PolicyRefused NetworkPolicy p lasting']);
    expect(logged).toEqual([
      expect.stringMatching(
        /^error: the newest version of the policy is refused: NetworkPolicy demo\/p: .*spec\.ingress\[0\]\.ports\[0\]\.port: .*99999.* What to do: \S+/,
      ),
    ]);
    upsert(policy('q', good));
    upsert(policy('p', good));
    expect(told.slice(1)).toEqual(['withdrawn PolicyRefused p', 'Normal PolicyAccepted NetworkPolicy p']);
    expect(logged.at(-1)).toBe('info: the policy is enforced again in its newest version');
  });

  it('are told anew when the reason is another, and of nothing when the policy is deleted', () => {
    upsert(policy('p', bad));
    upsert(policy('p', { ...bad, policyTypes: ['Sideways' as 'Ingress'] }));
    expect(told.slice(1)).toEqual(['Warning PolicyRefused NetworkPolicy p lasting', 'withdrawn PolicyRefused p']);
    known.clear();
    engine.deleteNetworkPolicy('demo', 'p');
    settle();
    expect(told.slice(3)).toEqual(['withdrawn PolicyRefused p']);
  });

  it('are told at once by the nodes that have pods of the policy', () => {
    const pod = { metadata: { name: 'a', namespace: 'demo', uid: 'a' }, spec: { nodeName: 'n1', containers: [] } };
    engine.upsertPod({ ...pod, status: { phase: 'Running', podIPs: [{ ip: '10.0.0.1' }] } });
    upsert(policy('p', bad));
    expect(told).toEqual(['Warning PolicyRefused NetworkPolicy p ours lasting']);
  });

  it('are told of a policy in force without fields that are not known, until it has none', () => {
    const odd = { podSelector: {}, ingress: [{ ports: [{ port: 80 }], sourcePorts: [1] }] };
    upsert(policy('p', odd));
    settle();
    expect(told).toEqual(['Warning PolicyFieldsUnknown NetworkPolicy p lasting']);
    expect(logged).toEqual([
      expect.stringMatching(
        /^error: the policy is in force without fields .*spec\.ingress\[0\]\.sourcePorts: .* allows nothing\. What to do: /,
      ),
    ]);
    upsert(policy('p', { podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }));
    expect(told.slice(1)).toEqual(['withdrawn PolicyFieldsUnknown p', 'Normal PolicyAccepted NetworkPolicy p']);
    expect(engine.partlyKnownPolicies()).toEqual([]);
  });

  it('are told of what is no policy in words of its own', () => {
    const object = {
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'FelixConfiguration',
      metadata: { name: 'default', uid: 'uid-default' },
      spec: { defaultEndpointToHostAction: 'Perhaps' },
    };
    engine.upsertPolicyObject('felixconfigurations.crd.projectcalico.org', object);
    settle();
    expect(told).toEqual(['Warning PolicyRefused FelixConfiguration default lasting']);
    expect(logged.join('\n')).toContain('Instead, no version of it was ever accepted, so what it sets is as without it.');
  });

  it('are told of a pod whose rules cannot be enforced, until they can', () => {
    quarantined = [{ uid: 'u', namespace: 'demo', name: 'a', reason: 'the kernel says no' }];
    notices.inKernel();
    notices.inKernel();
    expect(told).toEqual(['Warning PolicyNotEnforced Pod a ours lasting']);
    quarantined = [];
    notices.inKernel();
    expect(told.at(-1)).toBe('withdrawn PolicyNotEnforced a');
  });

  it('read twenty lines of a thousand refusals', () => {
    for (let i = 0; i < 1_000; i++) engine.upsertNetworkPolicy(policy(`p${i}`, bad));
    settle();
    expect(told).toHaveLength(1_000);
    expect(logged).toHaveLength(21);
  });
});
