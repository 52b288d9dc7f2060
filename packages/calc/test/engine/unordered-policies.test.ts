/** Policies of Calico and of Cilium that select one pod: closed while both do, any state to any state. */
import type { KubeObject } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { applyDelta, difference, Engine, emptyDelta, emptyState, fromScratch, judgeFlow } from '../../src/index.ts';
import { addressOf, namespaceOf, podOf } from '../objects.ts';

const calico = 'networkpolicies.crd.projectcalico.org';
const cilium = 'ciliumnetworkpolicies.cilium.io';
const kubernetes = 'networkpolicies.networking.k8s.io';
const apiVersions = { [calico]: 'crd.projectcalico.org/v1', [cilium]: 'cilium.io/v2', [kubernetes]: 'networking.k8s.io/v1' };
const kindNames = { [calico]: 'NetworkPolicy', [cilium]: 'CiliumNetworkPolicy', [kubernetes]: 'NetworkPolicy' };

function object(kind: keyof typeof apiVersions, name: string, spec: object): KubeObject {
  return { apiVersion: apiVersions[kind], kind: kindNames[kind], metadata: { name, namespace: 'shop', uid: name }, spec } as KubeObject;
}

type Objects = Readonly<Record<string, readonly KubeObject[]>>;

const allow = object(calico, 'of-calico', { selector: 'app == "web"', ingress: [{ action: 'Allow' }] });
const noted = object(calico, 'of-calico', { selector: 'app == "web"', types: ['Egress'], egress: [{ action: 'Allow' }] });
const staged = { ...allow, metadata: { ...allow.metadata, uid: 'staged' }, kind: 'StagedNetworkPolicy' };
const both = { ingress: [{ fromEntities: ['all'] }], egress: [{ toEntities: ['all'] }] };
const web = object(cilium, 'of-cilium', { endpointSelector: { matchLabels: { app: 'web' } }, ...both });
const ingress = object(cilium, 'of-cilium', { endpointSelector: {}, ingress: [{ fromEntities: ['all'] }] });
const db = object(cilium, 'of-cilium', { endpointSelector: { matchLabels: { app: 'db' } }, ...both });
const plain = object(kubernetes, 'plain', { podSelector: {}, ingress: [{}] });

const states: readonly Objects[] = [
  {},
  { [calico]: [allow] },
  { [calico]: [allow], [cilium]: [web] },
  { [calico]: [allow], [cilium]: [web], [kubernetes]: [plain] },
  { [calico]: [noted], [cilium]: [web] },
  { [calico]: [noted], [cilium]: [ingress] },
  { 'stagednetworkpolicies.crd.projectcalico.org': [staged], [cilium]: [web] },
  { [calico]: [allow], [cilium]: [db] },
  { [cilium]: [web] },
  { [calico]: [{ ...allow, spec: { selector: 'app == "web"', ingress: [{ action: 'Allow', http: {} }] } } as KubeObject], [cilium]: [web] },
];

const namespaces = [namespaceOf('shop')];
const pods = [
  podOf('shop/web', { labels: { app: 'web' }, ip: '10.0.0.1', node: 'n1' }),
  podOf('shop/db', { labels: { app: 'db' }, ip: '10.0.0.2', node: 'n1' }),
];

function tell(engine: Engine, from: Objects, to: Objects): void {
  for (const kind of new Set([...Object.keys(from), ...Object.keys(to)])) {
    for (const { metadata } of from[kind] ?? [])
      if (!(to[kind] ?? []).some((each) => each.metadata.name === metadata.name))
        engine.deletePolicyObject(kind, 'shop', metadata.name ?? '');
    for (const one of to[kind] ?? []) engine.upsertPolicyObject(kind, one);
  }
}

function started(): Engine {
  const engine = new Engine({ node: 'n1' });
  for (const namespace of namespaces) engine.upsertNamespace(namespace);
  for (const pod of pods) engine.upsertPod(pod);
  for (const source of engine.sources) engine.setInSync(source);
  return engine;
}

/** What becomes of a flow that comes to `web` or leaves it. */
function verdicts(engine: Engine): string {
  const flow = (source: string, destination: string): Parameters<typeof judgeFlow>[1] => ({
    source: addressOf(source),
    destination: addressOf(destination),
    protocol: 6,
    destinationPort: 80,
  });
  const into = judgeFlow(engine.emittedState, flow('192.0.2.1', '10.0.0.1'), () => false).ingress;
  const out = judgeFlow(engine.emittedState, flow('10.0.0.1', '192.0.2.1'), () => false).egress;
  return [into, out].map((each) => `${each?.verdict} (${each?.decidedBy.reason})`).join(', ');
}

function after(...history: readonly Objects[]): Engine {
  const engine = started();
  for (const [i, next] of history.entries()) {
    tell(engine, history[i - 1] ?? {}, next);
    engine.flush();
  }
  return engine;
}

describe('policies of Calico and of Cilium that select one pod', () => {
  it('are what an engine that starts with them makes of them, from any state to any other', () => {
    for (const from of states) {
      for (const to of states) {
        const engine = started();
        const state = emptyState();
        tell(engine, {}, from);
        applyDelta(state, engine.flush());
        tell(engine, from, to);
        applyDelta(state, engine.flush());
        const { [kubernetes]: policies = [], ...objects } = to;
        const inputs = { node: 'n1', pods, namespaces, policies: policies as never, objects, attachments: [] };
        const wanted = fromScratch({ ...inputs, accepted: engine.acceptedPolicies() });
        expect(difference(state, applyDelta(emptyState(), wanted))).toEqual(emptyDelta);
      }
    }
  });

  it('close it in the directions of which both speak, and in no other', () => {
    expect(verdicts(after({ [calico]: [allow], [cilium]: [web] }))).toBe('deny (no order), allow (rule)');
    expect(verdicts(after({ [calico]: [noted], [cilium]: [web] }))).toBe('allow (rule), deny (no order)');
    expect(verdicts(after({ [calico]: [noted], [cilium]: [ingress] }))).toBe('allow (rule), allow (rule)');
  });

  it('leave it to the other one as soon as one of them goes, selects others or is staged', () => {
    const meeting = { [calico]: [allow], [cilium]: [web] };
    expect(verdicts(after(meeting, { [calico]: [allow] }))).toBe('allow (rule), allow (no policy)');
    expect(verdicts(after(meeting, { [cilium]: [web] }))).toBe('allow (rule), allow (rule)');
    expect(verdicts(after(meeting, { [calico]: [allow], [cilium]: [db] }))).toBe('allow (rule), allow (no policy)');
    expect(verdicts(after(states[6] ?? {}))).toBe('allow (rule), allow (rule)');
  });

  it('are refused for it with the names of both, and in force elsewhere', () => {
    const engine = after({ [calico]: [allow], [cilium]: [ingress] });
    expect(engine.refusedPolicies().map(({ object: { metadata }, inForce }) => `${metadata.name} ${inForce}`)).toEqual([
      'of-cilium elsewhere',
      'of-calico elsewhere',
    ]);
    expect(engine.refusedPolicies()[1]?.diagnostics).toEqual([
      {
        code: 'unordered-policies',
        severity: 'error',
        object: 'NetworkPolicy shop/of-calico',
        message:
          'it selects pods together with CiliumNetworkPolicy shop/of-cilium (cilium.io), and the policies of these APIs have no order among each other; ingress of these pods is closed',
        action: 'let only one of the APIs select a pod',
      },
    ]);
    expect(
      engine
        .localPolicies()
        .map(({ policy, endpoints }) => `${policy.name} ${endpoints}`)
        .sort(),
    ).toEqual(['of-calico 1', 'of-cilium 2']);
    tell(engine, { [calico]: [allow] }, {});
    engine.flush();
    expect(engine.refusedPolicies()).toEqual([]);
  });

  it('are refused for both reasons where one of them is not valid', () => {
    const [refused] = after(states.at(-1) ?? {})
      .refusedPolicies()
      .filter(({ inForce }) => inForce === 'closed');
    expect(refused?.diagnostics.map(({ code }) => code)).toEqual(['unsupported-policy', 'unordered-policies']);
  });
});
