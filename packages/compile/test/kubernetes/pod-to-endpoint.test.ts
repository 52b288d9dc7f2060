import type { Pod } from '@weir/kube';
import { formatAddress, protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { podToEndpoint } from '../../src/index.ts';

const running: Pod = {
  metadata: { name: 'p', namespace: 'n', uid: 'u', labels: { app: 'a' } },
  spec: { nodeName: 'node1', containers: [{ name: 'c' }] },
  status: { phase: 'Running', podIP: '10.0.0.1', podIPs: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }] },
};

describe('pods as endpoints', () => {
  it('a dual-stack pod has both addresses, its labels by space and its node', () => {
    const endpoint = podToEndpoint(running, { team: 't' });
    expect(endpoint?.addresses.map(formatAddress)).toEqual(['10.0.0.1', 'fd00::1']);
    expect(endpoint).toMatchObject({
      uid: 'u',
      namespace: 'n',
      name: 'p',
      node: 'node1',
      labels: { pod: { app: 'a' }, namespace: { team: 't' }, reserved: { namespace: 'n', name: 'p' } },
    });
  });

  it.each<[string, Pod]>([
    ['NP14 a pod on the host network', { ...running, spec: { containers: [], hostNetwork: true } }],
    ['NP15 a pod that succeeded', { ...running, status: { ...running.status, phase: 'Succeeded' } }],
    ['NP15 a pod that failed', { ...running, status: { ...running.status, phase: 'Failed' } }],
    ['a pod without an address', { ...running, status: { phase: 'Pending' } }],
  ])('%s is no endpoint', (_name, pod) => {
    expect(podToEndpoint(pod, {})).toBeUndefined();
  });

  it('NP13 named ports come from containers and sidecars, not from other init containers', () => {
    const port = (name: string, containerPort: number, protocol?: string): { name: string; containerPort: number; protocol?: string } => ({
      name,
      containerPort,
      ...(protocol === undefined ? {} : { protocol }),
    });
    const pod: Pod = {
      ...running,
      spec: {
        containers: [
          { name: 'a', ports: [port('http', 80), { containerPort: 81 }] },
          { name: 'b', ports: [port('http', 8080), port('dns', 53, 'UDP')] },
        ],
        initContainers: [
          { name: 'sidecar', restartPolicy: 'Always', ports: [port('metrics', 9090)] },
          { name: 'once', ports: [port('setup', 1)] },
        ],
      },
    };
    expect(podToEndpoint(pod, {})?.namedPorts).toEqual([
      { name: 'metrics', protocol: protocolNumber.TCP, port: 9090 },
      { name: 'http', protocol: protocolNumber.TCP, port: 80 },
      { name: 'http', protocol: protocolNumber.TCP, port: 8080 },
      { name: 'dns', protocol: protocolNumber.UDP, port: 53 },
    ]);
  });
});
