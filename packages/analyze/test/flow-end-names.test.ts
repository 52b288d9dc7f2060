import { parseManifest } from '@weir/kube';
import { describeEnd } from '@weir/model';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

const pod = (name: string, namespace: string, rest: string, address: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}, namespace: ${namespace}, ${rest}}
spec: {nodeName: n1, containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}
status: {phase: Running, podIP: ${address}}
---`;
const owned = (kind: string, name: string): string =>
  `labels: {app: ${name}, pod-template-hash: abc}, ownerReferences: [{apiVersion: apps/v1, kind: ${kind}, name: ${name}${kind === 'ReplicaSet' ? '-abc' : ''}, controller: true}]`;

const objects = `
apiVersion: v1
kind: Node
metadata: {name: n1}
status: {addresses: [{type: InternalIP, address: 10.0.0.1}]}
---
apiVersion: v1
kind: Service
metadata: {name: data, namespace: shop}
spec: {clusterIP: 10.96.0.7, selector: {app: db}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec: {template: {metadata: {labels: {app.kubernetes.io/name: cart}}, spec: {containers: [{name: c}]}}}
---${pod('web-abc-1', 'shop', owned('ReplicaSet', 'web'), '10.1.0.1')}${pod('web-abc-2', 'shop', owned('ReplicaSet', 'web'), '10.1.0.2')}${pod('db-0', 'shop', owned('StatefulSet', 'db'), '10.1.0.3')}${pod('probe', 'shop', 'labels: {app: probe}', '10.1.0.4')}${pod('probe', 'ops', 'labels: {app: probe}', '10.1.0.5')}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: np, namespace: shop}
spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: [{podSelector: {matchLabels: {app: web}}}]}]}
`;
const snapshot = loadSnapshot(parseManifest(objects, 'f').documents);

/** The ends that a destination stands for, or what is said instead. */
function named(destination: string, source = 'shop/probe'): string {
  const answer = explainFlow(snapshot, { source, destination, protocol: 'TCP', port: 80 });
  if (answer.kind === 'refused') return `${answer.code}: ${answer.message}: ${answer.action}`;
  return answer.verdicts.map(({ question }) => describeEnd(question.destination)).join(', ');
}

describe('the end of a flow', () => {
  it.each([
    ['shop/web', 'shop/web-abc-1 (10.1.0.1), shop/web-abc-2 (10.1.0.2)'],
    ['web', 'shop/web-abc-1 (10.1.0.1), shop/web-abc-2 (10.1.0.2)'],
    ['deployment/web', 'shop/web-abc-1 (10.1.0.1), shop/web-abc-2 (10.1.0.2)'],
    ['deployment.apps/web', 'shop/web-abc-1 (10.1.0.1), shop/web-abc-2 (10.1.0.2)'],
    ['shop/sts/db', 'shop/db-0 (10.1.0.3)'],
    ['db-0', 'shop/db-0 (10.1.0.3)'],
    ['po/db-0', 'shop/db-0 (10.1.0.3)'],
    ['ops/probe', 'ops/probe (10.1.0.5)'],
    ['app=db', 'shop/db-0 (10.1.0.3)'],
    ['ops/app=probe', 'ops/probe (10.1.0.5)'],
    ['app.kubernetes.io/name=cart', 'shop/cart'],
    ['shop/app.kubernetes.io/name=cart', 'shop/cart'],
    ['app=web,pod-template-hash=abc', 'shop/web-abc-1 (10.1.0.1), shop/web-abc-2 (10.1.0.2)'],
    ['deploy/cart', 'shop/cart'],
    ['data', 'shop/db-0 (10.1.0.3)'],
    ['svc/data', 'shop/db-0 (10.1.0.3)'],
    ['data.shop', 'shop/db-0 (10.1.0.3)'],
    ['data.shop.svc.cluster.local', 'shop/db-0 (10.1.0.3)'],
    ['db-0.data.shop.svc', 'shop/db-0 (10.1.0.3)'],
    ['10.96.0.7', 'shop/db-0 (10.1.0.3)'],
    ['n1', 'node n1 (10.0.0.1)'],
    ['node/n1', 'node n1 (10.0.0.1)'],
  ])('%s stands for %s', (text, ends) => {
    expect(named(text)).toBe(ends);
  });

  it.each([
    ['probe', "ambiguous: 'probe' is in several namespaces: write one of shop/probe, ops/probe"],
    ['shop/wbe', 'not-found: there is no pod, workload, service, node or host shop/wbe: did you mean shop/web?'],
    ['shpo/db-0', 'not-found: there is no pod, workload, service, node or host shpo/db-0: did you mean shop/db-0?'],
    ['deploy/wep', 'not-found: there is no pod, workload, service, node or host deploy/wep: did you mean shop/web?'],
    ['sts/web', 'not-found: there is no pod, workload, service, node or host sts/web: did you mean shop/web?'],
    ['app=wep', 'not-found: no pod has app=wep: did you mean app=web?'],
    ['10.0.0.0/8', 'not-found: 10.0.0.0/8 is a block of addresses: name one address of it; weir matrix tells of whole blocks'],
  ])('%s is refused: %s', (text, said) => {
    expect(named(text)).toBe(said);
  });

  it('may be several pods on both sides, each asked about the others', () => {
    const answer = explainFlow(snapshot, { source: 'shop/web', destination: 'app=web', protocol: 'TCP', port: 80 });
    const asked =
      answer.kind === 'refused'
        ? []
        : answer.verdicts.map(({ question: { source, destination } }) => [source, destination].map(describeEnd));
    expect(asked).toEqual([
      ['shop/web-abc-1 (10.1.0.1)', 'shop/web-abc-2 (10.1.0.2)'],
      ['shop/web-abc-2 (10.1.0.2)', 'shop/web-abc-1 (10.1.0.1)'],
    ]);
  });
});
