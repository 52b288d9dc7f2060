/** Flows from outside through a service's public address, or through a port of a node. */
import { parseManifest } from '@weir/kube';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

const node = (name: string, address: string): string => `
apiVersion: v1
kind: Node
metadata: {name: ${name}}
status: {addresses: [{type: InternalIP, address: ${address}}]}
---`;
const policy = (spec: string): string => `
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web, namespace: shop}
spec: {podSelector: {matchLabels: {app: web}}, ingress: ${spec}}
---`;

function objects(traffic: string): string {
  return `${node('n1', '192.168.0.1')}${node('n2', '192.168.0.2')}
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {nodeName: n1, containers: [{name: c}]}
status: {phase: Running, podIP: 10.1.0.1}
---
apiVersion: v1
kind: Pod
metadata: {name: agent, namespace: shop, labels: {app: agent}}
spec: {nodeName: n2, hostNetwork: true, containers: [{name: c, ports: [{name: metrics, containerPort: 9100}]}]}
status: {phase: Running, podIP: 192.168.0.2}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {type: LoadBalancer, ${traffic} selector: {app: web}, ports: [{port: 80, targetPort: 8080, nodePort: 30080}]}
status: {loadBalancer: {ingress: [{ip: 203.0.113.80}]}}
---
apiVersion: v1
kind: Service
metadata: {name: agent, namespace: shop}
spec: {selector: {app: agent}, ports: [{port: 80, targetPort: metrics}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {ports: [{port: 443}]}
---
apiVersion: v1
kind: Endpoints
metadata: {name: api, namespace: shop}
subsets: [{addresses: [{ip: 198.51.100.7}], notReadyAddresses: [{ip: 198.51.100.8}], ports: [{port: 6443}]}]
---
apiVersion: v1
kind: Service
metadata: {name: elsewhere, namespace: shop}
spec: {type: ExternalName, externalName: db.example.com}
---`;
}

function outcome(
  destination: string,
  port: number,
  { rules = '[{from: [{ipBlock: {cidr: 203.0.113.0/24}}]}]', traffic = '', source = '203.0.113.5' } = {},
): string {
  const snapshot = loadSnapshot(parseManifest(`${objects(traffic)}${policy(rules)}`, 'f').documents);
  const answer = explainFlow(snapshot, { source, destination, protocol: 'TCP', port });
  if (answer.kind === 'refused') return `${answer.code}: ${answer.message}: ${answer.action}`;
  return answer.verdicts.map(({ verdict, missing, question }) => [verdict, question.destinationPort, ...missing].join(' ')).join();
}

const fact =
  'whom shop/web sees of service shop/web: 203.0.113.5, or the node that it asked where another has the pod (externalTrafficPolicy Cluster)';

describe('a flow that comes in from outside', () => {
  it('is unknown where the pod lets in the client and not the nodes, or the other way round', () => {
    expect(outcome('203.0.113.80', 80)).toBe(`unknown 8080 ${fact}`);
    expect(outcome('shop/svc/web', 80)).toBe(`unknown 8080 ${fact}`);
    expect(outcome('203.0.113.80', 80, { rules: '[{from: [{ipBlock: {cidr: 192.168.0.0/16}}]}]' })).toBe(`unknown 8080 ${fact}`);
  });

  it('is told where it is the same whoever is seen, and with externalTrafficPolicy Local', () => {
    expect(outcome('203.0.113.80', 80, { rules: '[{}]' })).toBe('allow 8080');
    expect(outcome('203.0.113.80', 80, { rules: '[]' })).toBe('deny 8080');
    expect(outcome('203.0.113.80', 80, { traffic: 'externalTrafficPolicy: Local,' })).toBe('allow 8080');
  });

  it('leads from the port of a node to the pods behind it, seen as the node where that has no pod', () => {
    expect(outcome('n1', 30080)).toBe('allow 8080');
    expect(outcome('192.168.0.2', 30080)).toBe('deny 8080');
    expect(outcome('n2', 30080, { traffic: 'externalTrafficPolicy: Local,' })).toBe(
      'no-backend: no pod of service shop/web is on node n2, and with externalTrafficPolicy Local the node asks no other: ask a node that has one',
    );
    expect(outcome('n2', 30081)).toBe('allow 30081');
  });

  it('is what it was for pods that ask the service', () => {
    expect(outcome('shop/svc/web', 80, { source: 'shop/web' })).toBe('allow 8080');
  });
});

describe('what stands behind a service', () => {
  it('may be a pod on the network of its node, by the name of its port', () => {
    expect(outcome('shop/svc/agent', 80)).toBe('allow 9100');
  });

  it('may be told by Endpoints, without those that are not ready', () => {
    expect(outcome('shop/api', 443, { source: 'shop/web' })).toBe('allow 6443');
  });

  it('may be a name outside, of which policies know nothing', () => {
    expect(outcome('elsewhere.shop', 443)).toMatch(/^no-such-service-port: service shop\/elsewhere is another name for db\.example\.com/);
  });
});
