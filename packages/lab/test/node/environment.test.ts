import type { Container, Pod, Service } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { containerEnvironment, type EnvironmentFacts } from '../../src/node/environment/container-environment.ts';
import { podField } from '../../src/node/environment/pod-fields.ts';
import { serviceEnvironment } from '../../src/node/environment/service-environment.ts';

const pod: Pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { b: '2', a: 'x "y"' } },
  spec: { nodeName: 'node1', serviceAccountName: 'robot', containers: [{ name: 'other', resources: { limits: { cpu: '1500m' } } }] },
};

const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys' }, data: { word: Buffer.from('open').toString('base64') } };
const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { colour: 'blue', 'size.max': '3' } };

const facts: EnvironmentFacts = {
  pod,
  podAddresses: ['10.0.0.1', 'fd00::1'],
  hostAddresses: ['10.224.0.4'],
  allocatable: { cpu: '2', memory: '4096Ki' },
  hostname: 'p',
  home: '/root',
  services: { KUBERNETES_SERVICE_HOST: '10.0.0.1' },
  find: (kind, name) => (kind === 'Secret' && name === 'keys' ? secret : kind === 'ConfigMap' && name === 'config' ? config : undefined),
};

function environment(container: Partial<Container>): Readonly<Record<string, string>> {
  return containerEnvironment({ name: 'c', ...container }, facts);
}

describe('the environment of a container', () => {
  it('expands references to variables before it, also to those of services, and no others', () => {
    const env = [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A)-$(LATER)-$$(A)-$(KUBERNETES_SERVICE_HOST)' },
      { name: 'LATER', value: 'x' },
    ];
    expect(environment({ env })).toMatchObject({ B: 'a-$(LATER)-$(A)-10.0.0.1' });
  });

  it('takes whole objects with a prefix, and single keys over them', () => {
    const result = environment({
      envFrom: [{ prefix: 'P_', configMapRef: { name: 'config' } }, { secretRef: { name: 'keys' } }],
      env: [{ name: 'P_colour', valueFrom: { secretKeyRef: { name: 'keys', key: 'word' } } }],
    });
    expect(result).toMatchObject({ P_colour: 'open', 'P_size.max': '3', word: 'open' });
  });

  it.each([
    [{ envFrom: [{ configMapRef: { name: 'none' } }] }, 'configmap "none" not found'],
    [{ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'none', key: 'k' } } }] }, 'secret "none" not found'],
    [{ env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'config', key: 'k' } } }] }, "couldn't find key k in ConfigMap n/config"],
  ])('says what is missing for %j', (container, message) => {
    expect(() => environment(container)).toThrow(message);
  });

  it('does without what is optional', () => {
    const reference = { name: 'none', key: 'k', optional: true };
    const result = environment({
      envFrom: [{ secretRef: { name: 'none', optional: true } }],
      env: [{ name: 'A', valueFrom: { configMapKeyRef: reference } }],
    });
    expect(result).not.toHaveProperty('A');
  });

  it('tells resources in units of the divisor, rounded up, and all of the node where there is no limit', () => {
    const of = (resource: string, more: object = {}): string | undefined =>
      environment({
        resources: { limits: { memory: '1000001' }, requests: { cpu: '250m' } },
        env: [{ name: 'R', valueFrom: { resourceFieldRef: { resource, ...more } } }],
      })['R'];
    expect(of('limits.memory', { divisor: '1M' })).toBe('2');
    expect(of('requests.cpu')).toBe('1');
    expect(of('requests.cpu', { divisor: '1m' })).toBe('250');
    expect(of('limits.cpu')).toBe('2');
    expect(of('requests.memory')).toBe('0');
    expect(of('limits.cpu', { containerName: 'other', divisor: '1m' })).toBe('1500');
  });
});

it.each([
  ['metadata.labels', 'a="x \\"y\\""\nb="2"'],
  ["metadata.labels['b']", '2'],
  ['spec.serviceAccountName', 'robot'],
  ['status.podIPs', '10.0.0.1,fd00::1'],
  ['status.hostIP', '10.224.0.4'],
  ['status.phase', undefined],
])('the downward API tells %s', (path, text) => {
  expect(podField(path, facts)).toBe(text);
});

describe('the variables about services', () => {
  const service = (name: string, namespace: string, clusterIP: string): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { clusterIP, ports: [{ name: 'web-a', port: 80, protocol: 'TCP' }] },
  });
  const all = [service('kubernetes', 'default', '10.0.0.1'), service('my-shop', 'n', '10.0.0.9'), service('b', 'other', '10.0.0.8')];

  it('tell those of the namespace and the API server', () => {
    expect(serviceEnvironment(all, { namespace: 'n', links: true })).toEqual({
      ...serviceEnvironment(all, { namespace: 'n', links: false }),
      MY_SHOP_SERVICE_HOST: '10.0.0.9',
      MY_SHOP_SERVICE_PORT: '80',
      MY_SHOP_SERVICE_PORT_WEB_A: '80',
      MY_SHOP_PORT: 'tcp://10.0.0.9:80',
      MY_SHOP_PORT_80_TCP: 'tcp://10.0.0.9:80',
      MY_SHOP_PORT_80_TCP_PROTO: 'tcp',
      MY_SHOP_PORT_80_TCP_PORT: '80',
      MY_SHOP_PORT_80_TCP_ADDR: '10.0.0.9',
    });
  });

  it('tell only the API server to who wants no links, and no service without an address', () => {
    const names = Object.keys(serviceEnvironment([...all, service('headless', 'n', 'None')], { namespace: 'n', links: false }));
    expect(names.every((name) => name.startsWith('KUBERNETES_'))).toBe(true);
    expect(names).toContain('KUBERNETES_SERVICE_HOST');
  });
});
