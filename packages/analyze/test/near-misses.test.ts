/** What would allow a denied flow: only changes that help. */
import { parseManifest } from '@weir/kube';
import { renderVerdict } from '@weir/model';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow, type FlowRequest } from '../src/index.ts';

const pod = (name: string, namespace = 'shop'): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, labels: {app: ${name}}}
spec: {containers: [{name: c}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: ${namespace}, labels: {team: ${namespace}}}
---`;
const policy = (name: string, spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: ${name}, namespace: shop}
spec: ${spec}
---`;
const pods = `${pod('web')}${pod('db')}${pod('probe', 'ops')}`;

function text(policies: string, request: Partial<FlowRequest>): readonly string[] {
  const snapshot = loadSnapshot(parseManifest(`${pods}${policies}`, 'f').documents);
  const answer = explainFlow(snapshot, { source: 'shop/web', destination: 'shop/db', protocol: 'TCP', port: 80, ...request });
  return answer.kind === 'refused' ? [answer.message] : answer.verdicts.flatMap((verdict) => renderVerdict(verdict));
}

/** The lines from the heading of the changes on. */
function changes(policies: string, request: Partial<FlowRequest> = {}): readonly string[] {
  const lines = text(policies, request);
  const start = lines.findIndex((line) => line.includes('would allow it'));
  return start < 0 ? [] : lines.slice(start).map((line) => line.trim());
}

describe('what would allow a denied flow', () => {
  const fromFront = policy(
    'in',
    '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {role: front}}}]}]}',
  );

  it('is the label that a rule wants', () => {
    expect(changes(fromFront)).toEqual([
      'a rule would allow it with this change:',
      'set the label role=front on pod shop/web: kubectl label pod web -n shop role=front [ingress[0].from[0] of NetworkPolicy shop/in]',
    ]);
  });

  it('is no label that brings the pod under a policy which denies the flow', () => {
    expect(changes(`${fromFront}${policy('front', '{podSelector: {matchLabels: {role: front}}, policyTypes: [Egress]}')}`)).toEqual([]);
  });

  it('is a port or protocol only where the other end allows it, too', () => {
    const out = policy(
      'out',
      '{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{ports: [{port: 80, protocol: SCTP}, {port: 443}, {port: 8000, endPort: 9000}]}]}',
    );
    const into = policy('in', '{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 80}, {port: 8080}]}]}');
    expect(changes(`${out}${into}`)).toEqual([
      'a rule would allow it with this change:',
      'use destination port 8080 [egress[0] of NetworkPolicy shop/out]',
    ]);
  });

  it('is told for each end where both deny', () => {
    const closed = policy('closed', '{podSelector: {}, policyTypes: [Ingress, Egress]}');
    const out = policy('out', '{podSelector: {matchLabels: {role: front}}, policyTypes: [Egress], egress: [{}]}');
    const into = policy('in', '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: front}}}]}]}');
    const into2 = policy(
      'out2',
      '{podSelector: {matchLabels: {app: web}}, policyTypes: [Egress], egress: [{to: [{podSelector: {matchLabels: {app: data}}}]}]}',
    );
    expect(changes(`${closed}${out}${into}${into2}`).filter((line) => line.startsWith('a rule would'))).toEqual([
      'a rule would allow it with this change, for egress alone:',
      'a rule would allow it with this change, for ingress alone:',
    ]);
  });

  it('is the namespace, or its label, that a rule wants', () => {
    const byLabel = policy(
      'in',
      '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{namespaceSelector: {matchLabels: {team: tools}}}]}]}',
    );
    expect(changes(byLabel, { source: 'ops/probe' })).toEqual([
      'a rule would allow it with this change:',
      'set the label team=tools on namespace ops: kubectl label namespace ops team=tools --overwrite [ingress[0].from[0] of NetworkPolicy shop/in]',
    ]);
    expect(text(byLabel, { source: 'ops/probe' }).join('\n')).toContain(`the namespace ops's label team is "ops", wanted team=tools`);
    const own = policy('in', '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}]}]}');
    expect(changes(own, { source: 'ops/probe' })[1]).toMatch(/^run the source in namespace shop \[/);
  });
});

describe('a rule with ports of several protocols', () => {
  const mixed = policy(
    'in',
    '{podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {}}], ports: [{port: 80}, {port: 53, protocol: UDP}, {port: 9, protocol: SCTP}]}]}',
  );
  const rulesOf = (request: Partial<FlowRequest>): readonly string[] =>
    text(mixed, request).filter((line) => line.trim().startsWith('allow ingress[0]'));

  it('is shown once, as it matches or as it comes nearest', () => {
    expect(rulesOf({})).toEqual(['      allow ingress[0].from[0] (f:32) matches (namespace=shop)']);
    expect(rulesOf({ port: 81 })).toEqual(['      allow ingress[0].from[0] (f:32) does not match: the destination port is 81, wanted 80']);
  });
});

describe('a pod and itself', () => {
  const workload = (replicas: number): string =>
    `\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: peers, namespace: shop}\nspec: {replicas: ${replicas}, selector: {}, template: {metadata: {labels: {app: peers}}, spec: {containers: []}}}\n---`;
  const closed = policy('closed', '{podSelector: {}, policyTypes: [Ingress]}');
  const between = { source: 'shop/peers', destination: 'shop/peers' };

  it('are two pods where a workload is to have several', () => {
    expect(text(`${workload(3)}${closed}`, between)[0]).toBe('deny: shop/peers → shop/peers TCP/80');
    expect(text(`${workload(1)}${closed}`, between)[0]).toBe('allow: shop/peers → shop/peers TCP/80');
  });
});
