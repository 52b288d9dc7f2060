import type { Pod, Service } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { desiredEndpointSlices, desiredEndpoints, hasManagedEndpoints } from '../../src/controllers/endpoints/endpoint-slices.ts';

type PodWish = { name: string; ips?: string[]; ready?: boolean; port?: number; labels?: Record<string, string> } & Partial<Pod['metadata']>;

function pod({ name, ips = ['10.224.1.5'], ready = true, port = 8080, labels = { app: 'web' }, deletionTimestamp }: PodWish): Pod {
  return {
    metadata: { name, namespace: 'demo', uid: `uid-${name}`, labels, ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }) },
    spec: { nodeName: 'node1', containers: [{ name: 'c', ports: [{ name: 'http', containerPort: port }] }] },
    status: {
      phase: 'Running',
      podIPs: ips.map((ip) => ({ ip })),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

function service(spec: Partial<NonNullable<Service['spec']>> = {}): Service {
  return {
    metadata: { name: 'web', namespace: 'demo', uid: 'u', labels: { team: 'a' } },
    spec: { clusterIP: '10.0.0.20', selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 'http' }], ...spec },
  };
}

const endpointsOf = (wanted: Service, pods: Pod[]): unknown[] =>
  desiredEndpointSlices(wanted, pods).flatMap((slice) =>
    (slice.endpoints ?? []).map(({ addresses, conditions }) => [addresses[0], conditions]),
  );

describe('the endpoints of a service', () => {
  it('are its selected pods with an address, ready or not', () => {
    const pods = [
      pod({ name: 'a' }),
      pod({ name: 'b', ips: ['10.224.1.6'], ready: false }),
      pod({ name: 'other', ips: ['10.224.1.7'], labels: { app: 'db' } }),
      pod({ name: 'new', ips: [] }),
      { ...pod({ name: 'done', ips: ['10.224.1.8'] }), status: { phase: 'Succeeded' as const, podIPs: [{ ip: '10.224.1.8' }] } },
    ];
    expect(endpointsOf(service(), pods)).toEqual([
      ['10.224.1.5', { ready: true, serving: true, terminating: false }],
      ['10.224.1.6', { ready: false, serving: false, terminating: false }],
    ]);
  });

  it('are not ready but serving while their pod terminates', () => {
    const pods = [pod({ name: 'a', deletionTimestamp: '2026-01-01T00:00:00Z' })];
    expect(endpointsOf(service(), pods)).toEqual([['10.224.1.5', { ready: false, serving: true, terminating: true }]]);
    expect(desiredEndpoints(service(), pods).subsets).toBeUndefined();
  });

  it('are all ready when the service publishes addresses that are not', () => {
    const pods = [pod({ name: 'a', ready: false })];
    expect(endpointsOf(service({ publishNotReadyAddresses: true }), pods)).toEqual([
      ['10.224.1.5', { ready: true, serving: true, terminating: false }],
    ]);
  });

  it('with different numbers for a named port stand in different slices', () => {
    const slices = desiredEndpointSlices(service(), [pod({ name: 'a' }), pod({ name: 'b', ips: ['10.224.1.6'], port: 9090 })]);
    expect(slices.map((slice) => [slice.ports?.[0]?.port, slice.endpoints?.length])).toEqual([
      [8080, 1],
      [9090, 1],
    ]);
    expect(new Set(slices.map((slice) => slice.metadata.name)).size).toBe(2);
  });

  it('leave a pod out that has no port of the name', () => {
    expect(endpointsOf(service({ ports: [{ name: 'x', port: 80, targetPort: 'missing' }] }), [pod({ name: 'a' })])).toEqual([]);
  });

  it('find named ports of sidecars too', () => {
    const sidecar = pod({ name: 'a' });
    const initContainers = [{ name: 's', restartPolicy: 'Always', ports: [{ name: 'proxy', containerPort: 15_001 }] }];
    const wanted = service({ ports: [{ name: 'p', port: 80, targetPort: 'proxy' }] });
    const [slice] = desiredEndpointSlices(wanted, [{ ...sidecar, spec: { containers: [], ...sidecar.spec, initContainers } }]);
    expect(slice?.ports?.[0]?.port).toBe(15_001);
  });

  it('have slices of both families when the service has', () => {
    const pods = [pod({ name: 'a', ips: ['10.224.1.5', 'fd00:10:224:1::5'] })];
    const slices = desiredEndpointSlices(service({ ipFamilies: ['IPv4', 'IPv6'] }), pods);
    expect(slices.map((slice) => [slice.addressType, slice.endpoints?.[0]?.addresses[0]])).toEqual([
      ['IPv4', '10.224.1.5'],
      ['IPv6', 'fd00:10:224:1::5'],
    ]);
  });

  it('never stand in slices of more than a hundred', () => {
    const pods = Array.from({ length: 250 }, (_, i) => pod({ name: `p${i}`, ips: [`10.224.2.${i}`] }));
    expect(desiredEndpointSlices(service(), pods).map((slice) => slice.endpoints?.length)).toEqual([100, 100, 50]);
  });

  it('are one empty slice when there are none', () => {
    expect(desiredEndpointSlices(service(), []).map((slice) => [slice.endpoints, slice.ports])).toEqual([[[], []]]);
  });

  it('carry the labels by which others find them', () => {
    const [slice] = desiredEndpointSlices(service({ clusterIP: 'None' }), [pod({ name: 'a' })]);
    expect(slice?.metadata.labels).toEqual({
      team: 'a',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
      'service.kubernetes.io/headless': '',
    });
  });

  it('are nobody’s business here without a selector, or behind an ExternalName', () => {
    expect(hasManagedEndpoints(service({ selector: {} }))).toBe(false);
    expect(hasManagedEndpoints(service({ type: 'ExternalName', externalName: 'x' }))).toBe(false);
    expect(hasManagedEndpoints(service())).toBe(true);
  });

  it('say the same as Endpoints', () => {
    const pods = [pod({ name: 'a' }), pod({ name: 'b', ips: ['10.224.1.6'], ready: false })];
    expect(desiredEndpoints(service(), pods).subsets).toEqual([
      {
        addresses: [expect.objectContaining({ ip: '10.224.1.5', nodeName: 'node1' })],
        notReadyAddresses: [expect.objectContaining({ ip: '10.224.1.6' })],
        ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
      },
    ]);
  });
});
