import { parseManifest } from '@weir/kube';
import { computeMatrix, matrixOutcome } from '@weir/matrix';
import { renderVerdict } from '@weir/model';
import { parseAddress } from '@weir/net';
import { loadSnapshot, type Snapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow, type FlowRequest } from '../src/index.ts';

const article = `
apiVersion: v1
kind: Namespace
metadata: {name: demo}
---
apiVersion: v1
kind: Pod
metadata: {name: server, namespace: demo, labels: {app: server}}
spec:
  nodeName: node1
  containers: [{name: c, ports: [{name: web, containerPort: 80}]}]
status: {phase: Running, podIP: 10.224.0.72, hostIP: 10.224.0.4}
---
apiVersion: v1
kind: Pod
metadata: {name: client, namespace: demo}
spec: {nodeName: node1, containers: [{name: c}]}
status: {phase: Running, podIP: 10.224.0.73, hostIP: 10.224.0.4}
---
apiVersion: v1
kind: Pod
metadata: {name: done, namespace: demo}
spec: {nodeName: node1, containers: []}
status: {phase: Succeeded, podIP: 10.224.0.74}
---
apiVersion: v1
kind: Pod
metadata: {name: host, namespace: demo, labels: {app: client}}
spec: {nodeName: node2, hostNetwork: true, containers: []}
status: {phase: Running, podIP: 10.224.0.5, hostIP: 10.224.0.5}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: demo}
spec: {clusterIP: 10.0.0.10, selector: {app: server}, ports: [{port: 8080, targetPort: web}]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: demo-policy
  namespace: demo
spec:
  podSelector:
    matchLabels:
      app: server
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: client
    ports:
    - port: 80
      protocol: TCP
`;

function snapshotOf(text: string): Snapshot {
  const { documents, diagnostics } = parseManifest(text, 'demo.yaml');
  expect(diagnostics).toEqual([]);
  return loadSnapshot(documents);
}

function ask(text: string, request: Partial<FlowRequest>): ReturnType<typeof explainFlow> {
  return explainFlow(snapshotOf(text), { source: 'demo/client', destination: 'demo/server', protocol: 'TCP', port: 80, ...request });
}

function outcome(text: string, request: Partial<FlowRequest>): string {
  const answer = ask(text, request);
  return answer.kind === 'refused' ? answer.code : answer.verdicts.map(({ verdict }) => verdict).join();
}

describe('why', () => {
  it("the article's denial names the isolating policy, that no rule matches, and the label that would", () => {
    const answer = ask(article, {});
    expect(answer.kind === 'answered' && answer.verdicts.map((verdict) => renderVerdict(verdict).join('\n'))).toMatchInlineSnapshot(`
      [
        "deny: demo/client (10.224.0.73) → demo/server (10.224.0.72) TCP/80
        egress of demo/client: allowed, no policy isolates it
        ingress of demo/server: denied, it is isolated and no rule allows this
          isolated by NetworkPolicy demo/demo-policy (demo.yaml:37)
          NetworkPolicy demo/demo-policy (demo.yaml:37): none of its rules matches:
            allow ingress[0].from[0] (demo.yaml:48) does not match: the source's label app is absent, wanted app=client
        a rule would allow it with this change:
          set the label app=client on pod demo/client: kubectl label pod client -n demo app=client [ingress[0].from[0] of NetworkPolicy demo/demo-policy]",
      ]
    `);
  });

  it.each<[string, Partial<FlowRequest>, string]>([
    ['the labelled client is allowed', { source: 'demo/labelled' }, 'allow'],
    [
      "the service is judged by its backend and the backend's port",
      { source: 'demo/labelled', destination: 'demo/web', port: 8080 },
      'allow',
    ],
    ["the service's address means the service", { source: 'demo/client', destination: '10.0.0.10', port: 8080 }, 'deny'],
    ['a port that the service does not have', { destination: 'demo/web', port: 80 }, 'no-such-service-port'],
    ['a pod reaches itself', { source: 'demo/server' }, 'allow'],
    ['a pod reaches itself through its own service', { source: 'demo/server', destination: 'demo/web', port: 8080 }, 'allow'],
    ['an address outside is denied', { source: '203.0.113.10' }, 'deny'],
    ["the pod's node is allowed", { source: '10.224.0.4' }, 'allow'],
    ['a pod on the host network of another node is that node, whatever its labels', { source: 'demo/host' }, 'deny'],
    ['a host by its name', { source: 'ext1' }, 'deny'],
    ['a finished pod', { source: 'demo/done' }, 'finished-pod'],
    ["the address of a finished pod is nobody's", { source: '10.224.0.74' }, 'deny'],
    ['a pod that is not there', { source: 'demo/gone' }, 'not-found'],
    ['a service as the source', { source: 'demo/web' }, 'not-found'],
    ['a port out of range', { port: 0 }, 'bad-port'],
    ['ICMP with a port', { protocol: 'ICMP' }, 'bad-port'],
    ['families that do not meet', { source: '2001:db8::1' }, 'no-common-family'],
  ])('%s', (_name, request, expected) => {
    const labelled = `${article}---\napiVersion: v1\nkind: Pod\nmetadata: {name: labelled, namespace: demo, labels: {app: client}}\nspec: {containers: []}\nstatus: {podIP: 10.224.0.80}\n`;
    const address = parseAddress('203.0.113.10');
    const hosts = new Map([['ext1', address === undefined ? [] : [address]]]);
    expect(outcome(labelled, { hosts, ...request })).toBe(expected);
  });

  it('ping is not allowed by a rule with ports', () => {
    const answer = explainFlow(snapshotOf(article), { source: '203.0.113.10', destination: 'demo/server', protocol: 'ICMP' });
    expect(answer.kind === 'answered' && answer.verdicts[0]?.verdict).toBe('deny');
  });

  it('a refused policy isolates and allows nothing', () => {
    const refused = article.replace('ingress:', 'ingresses:');
    expect(outcome(refused, { source: '203.0.113.10' })).toBe('deny');
    expect(snapshotOf(refused).diagnostics).toMatchObject([
      { code: 'unknown-field', field: 'spec.ingresses', position: { file: 'demo.yaml', line: 46 } },
    ]);
  });

  it('an object whose fields have wrong types is left out and said so', () => {
    const wrong = article.replace('labels: {app: server}', 'labels: {app: on}');
    const { documents } = parseManifest(wrong, 'demo.yaml');
    const snapshot = loadSnapshot(documents);
    expect(snapshot.diagnostics).toMatchObject([{ code: 'wrong-type', object: 'Pod demo/server', position: { line: 6 } }]);
    expect(snapshot.endpoints.has('demo/server')).toBe(false);
  });

  it('pods from manifests have no addresses yet and can be asked about all the same', () => {
    const planned = article.replace(/status: .*\n/g, '');
    expect(outcome(planned, {})).toBe('deny');
    expect(outcome(planned, { source: 'demo/server', destination: 'demo/client' })).toBe('allow');
  });
});

describe('matrix', () => {
  it('has the pairs that why answers, and itself always', () => {
    const matrix = computeMatrix(snapshotOf(article), { ports: [{ protocol: 6, port: 80 }] });
    expect([...matrix.classOf.keys()]).toEqual(['demo/server', 'demo/client']);
    expect(matrixOutcome(matrix, 'demo/client', 'demo/server', 0)).toBe('deny');
    expect(matrixOutcome(matrix, 'demo/server', 'demo/client', 0)).toBe('allow');
    expect(matrixOutcome(matrix, 'demo/server', 'demo/server', 0)).toBe('allow');
    expect(matrixOutcome(matrix, 'demo/host', 'demo/server', 0)).toBeUndefined();
  });
});
