import type { KubeObject } from '@weir/kube';
import { formatAddress } from '@weir/net';
import { loadSnapshot } from '@weir/snapshot';
import { describe, expect, it } from 'vitest';
import { explainFlow } from '../src/index.ts';

function pod(name: string, ips: readonly string[], others: object = {}, status: object = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'n', labels: { app: 'a' } },
    spec: { containers: [{ name: 'c', ports: [{ name: 'web', containerPort: 8080 }] }], nodeName: 'node1', ...others },
    status: { phase: 'Running', podIP: ips[0], podIPs: ips.map((ip) => ({ ip })), hostIP: '10.0.0.250', ...status },
  } as KubeObject;
}

function service(spec: object): KubeObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name: 's', namespace: 'n' }, spec } as KubeObject;
}

const namespace: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'n' } };

function backends(objects: readonly KubeObject[], request: object = {}): string[] | string {
  const snapshot = loadSnapshot([namespace, ...objects]);
  expect(snapshot.diagnostics).toEqual([]);
  const answer = explainFlow(snapshot, { source: '203.0.113.1', destination: 'n/s', protocol: 'TCP', port: 80, ...request });
  if (answer.kind === 'refused') return answer.code;
  return answer.verdicts.map(({ question: { destination, destinationPort } }) => {
    const address = destination.address === undefined ? '?' : formatAddress(destination.address);
    return `${destination.kind} ${address} ${destinationPort}`;
  });
}

describe('services', () => {
  it.each<[string, readonly KubeObject[], readonly string[] | string, object?]>([
    [
      'every ready pod that the selector matches is a backend',
      [service({ selector: { app: 'a' }, ports: [{ port: 80 }] }), pod('a', ['10.0.0.1']), pod('b', ['10.0.0.2'])],
      ['endpoint 10.0.0.1 80', 'endpoint 10.0.0.2 80'],
    ],
    [
      "a target port by name is each pod's own",
      [service({ selector: { app: 'a' }, ports: [{ port: 80, targetPort: 'web' }] }), pod('a', ['10.0.0.1'])],
      ['endpoint 10.0.0.1 8080'],
    ],
    [
      'a pod that is not ready is none',
      [
        service({ selector: { app: 'a' }, ports: [{ port: 80 }] }),
        pod('a', ['10.0.0.1'], {}, { conditions: [{ type: 'Ready', status: 'False' }] }),
      ],
      'no-backend',
    ],
    [
      'a pod on the host network is its node',
      [service({ selector: { app: 'a' }, ports: [{ port: 80, targetPort: 9 }] }), pod('a', ['10.0.0.250'], { hostNetwork: true })],
      ['node 10.0.0.250 9'],
    ],
    [
      'a dual-stack pod is met in the family of the source',
      [service({ selector: { app: 'a' }, ports: [{ port: 80 }] }), pod('a', ['10.0.0.1', 'fd00::1'])],
      ['endpoint fd00::1 80'],
      { source: '2001:db8::1' },
    ],
    [
      'another protocol is another port',
      [service({ selector: { app: 'a' }, ports: [{ port: 80 }] }), pod('a', ['10.0.0.1'])],
      'no-such-service-port',
      { protocol: 'UDP' },
    ],
  ])('%s', (_name, objects, expected, request) => {
    expect(backends(objects, request)).toEqual(expected);
  });

  it('without a selector the endpoint slices name the backends', () => {
    const slice = {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 's-1', namespace: 'n', labels: { 'kubernetes.io/service-name': 's' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: ['192.0.2.7'] }, { addresses: ['10.0.0.1'] }, { addresses: ['192.0.2.8'], conditions: { ready: false } }],
      ports: [{ name: '', port: 8443, protocol: 'TCP' }],
    } as unknown as KubeObject;
    expect(backends([service({ ports: [{ port: 80 }] }), slice, pod('a', ['10.0.0.1'])])).toEqual([
      'address 192.0.2.7 8443',
      'endpoint 10.0.0.1 8443',
    ]);
  });
});
