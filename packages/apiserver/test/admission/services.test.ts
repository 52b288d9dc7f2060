import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { service } from '../support/objects.ts';
import { type TestResponse, TestServer } from '../support/test-server.ts';

let server: TestServer;
const services = '/api/v1/namespaces/default/services';
beforeAll(async () => {
  server = await TestServer.start({ serviceCidrs: ['10.0.0.0/16', 'fd00:10::/112'] });
});
afterAll(() => server.dispose());

function create(name: string, spec: Record<string, unknown> = {}): Promise<TestResponse> {
  return server.request('POST', services, { body: service(name, spec) });
}

describe('a service', () => {
  it('gets an address of the primary family', async () => {
    const { json } = await create('plain');
    expect(json.spec).toMatchObject({
      type: 'ClusterIP',
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
      ports: [{ port: 80, targetPort: 80, protocol: 'TCP' }],
    });
    expect(json.spec.clusterIP).toMatch(/^10\.0\./);
    expect(json.spec.clusterIPs).toEqual([json.spec.clusterIP]);
  });

  it('gets addresses of both families when it prefers that', async () => {
    const { json } = await create('dual', { ipFamilyPolicy: 'PreferDualStack' });
    expect(json.spec.ipFamilies).toEqual(['IPv4', 'IPv6']);
    expect(json.spec.clusterIPs[1]).toMatch(/^fd00:10::/);
  });

  it('gets an IPv6 address when it asks for the family', async () => {
    expect((await create('six', { ipFamilies: ['IPv6'] })).json.spec.clusterIP).toMatch(/^fd00:10::/);
  });

  it('may be headless', async () => {
    expect((await create('headless', { clusterIP: 'None' })).json.spec).toMatchObject({
      clusterIP: 'None',
      clusterIPs: ['None'],
      ipFamilies: ['IPv4'],
    });
  });

  it('may choose its address, once', async () => {
    expect((await create('chosen', { clusterIP: '10.0.7.7' })).json.spec.clusterIP).toBe('10.0.7.7');
    const taken = await create('taken', { clusterIP: '10.0.7.7' });
    expect(taken.json.message).toBe(
      'Service "taken" is invalid: spec.clusterIPs[0]: Invalid value: "10.0.7.7": failed to allocate IP 10.0.7.7: provided IP is already allocated',
    );
    const outside = await create('outside', { clusterIP: '192.0.2.1' });
    expect(outside.json.message).toContain('the provided IP (192.0.2.1) is not in the valid range. The range of valid IPs is 10.0.0.0/16');
  });

  it('gives its address back', async () => {
    await server.request('DELETE', `${services}/chosen`);
    expect((await create('again', { clusterIP: '10.0.7.7' })).status).toBe(201);
  });

  it('keeps its address through updates and may not change it', async () => {
    const before = (await server.request('GET', `${services}/plain`)).json.spec.clusterIP;
    const updated = await server.request('PUT', `${services}/plain`, { body: service('plain', { ports: [{ port: 81 }] }) });
    expect(updated.json.spec).toMatchObject({ clusterIP: before, ports: [{ port: 81 }] });
    const moved = await server.request('PUT', `${services}/plain`, { body: service('plain', { clusterIP: '10.0.9.9' }) });
    expect(moved.json.message).toContain('spec.clusterIPs[0]: Invalid value');
    expect(moved.json.message).toContain('may not change once set');
  });

  it('keeps its address: a patch of either field that says it is refused', async () => {
    await create('still', {});
    const patches = [{ clusterIP: '10.0.9.9' }, { clusterIPs: ['10.0.9.9'] }];
    for (const spec of patches) {
      const headers = { 'content-type': 'application/merge-patch+json' };
      const { status, json } = await server.request('PATCH', `${services}/still`, { body: { spec }, headers });
      expect([status, json.details.causes[0]?.field]).toEqual([422, 'spec.clusterIPs[0]']);
    }
  });

  it('of type NodePort gets a port on the nodes', async () => {
    const { json } = await create('np', { type: 'NodePort' });
    expect(json.spec.ports[0]?.nodePort).toBeGreaterThanOrEqual(30_000);
    expect(
      (await create('np2', { type: 'NodePort', ports: [{ port: 80, nodePort: json.spec.ports[0]?.nodePort }] })).json.message,
    ).toContain('provided port is already allocated');
    const back = await server.request('PATCH', `${services}/np`, {
      body: { spec: { type: 'ClusterIP' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect(back.json.spec.ports[0]?.nodePort).toBeUndefined();
  });

  it('without ports, or with two that look alike, is refused', async () => {
    expect((await create('none', { ports: [] })).json.message).toBe('Service "none" is invalid: spec.ports: Required value');
    const twice = await create('twice', {
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 80 },
      ],
    });
    expect(twice.json.message).toContain('spec.ports[1]: Duplicate value');
  });
});

describe('a service of type LoadBalancer', () => {
  const balanced = (name: string, spec: Record<string, unknown> = {}): Promise<TestResponse> =>
    create(name, { type: 'LoadBalancer', ...spec });

  it('has node ports unless it wants none, and a port for health checks where only nodes with endpoints count', async () => {
    const { json } = await balanced('balanced');
    expect(json.spec).toMatchObject({ allocateLoadBalancerNodePorts: true, externalTrafficPolicy: 'Cluster' });
    expect(json.spec.ports[0]?.nodePort).toBeGreaterThanOrEqual(30_000);
    expect(json.spec.healthCheckNodePort).toBeUndefined();
    expect((await balanced('portless', { allocateLoadBalancerNodePorts: false })).json.spec.ports[0]?.nodePort).toBeUndefined();
    const local = (await balanced('local', { externalTrafficPolicy: 'Local' })).json.spec;
    expect(local.healthCheckNodePort).toBeGreaterThanOrEqual(30_000);
    expect(local.healthCheckNodePort).not.toBe(local.ports[0]?.nodePort);
    const taken = await balanced('taken-health', { externalTrafficPolicy: 'Local', healthCheckNodePort: local.healthCheckNodePort });
    expect(taken.json.message).toContain('spec.healthCheckNodePort: Invalid value');
    expect(taken.json.message).toContain('provided port is already allocated');
  });

  it('keeps its ports in a change, and loses with its type what only that has', async () => {
    const { json } = await balanced('changing', { externalTrafficPolicy: 'Local', loadBalancerClass: 'weir.local/none' });
    const patch = (spec: Record<string, unknown>): Promise<TestResponse> =>
      server.request('PATCH', `${services}/changing`, { body: { spec }, headers: { 'content-type': 'application/merge-patch+json' } });
    expect((await patch({ sessionAffinity: 'ClientIP' })).json.spec).toMatchObject({
      healthCheckNodePort: json.spec.healthCheckNodePort,
      ports: json.spec.ports,
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
    });
    const plain = await patch({ type: 'ClusterIP', sessionAffinity: 'None', sessionAffinityConfig: null });
    expect(plain.status, plain.json.message).toBe(200);
    for (const field of ['healthCheckNodePort', 'allocateLoadBalancerNodePorts', 'loadBalancerClass', 'externalTrafficPolicy']) {
      expect(plain.json.spec).not.toHaveProperty(field);
    }
    expect(plain.json.spec.ports[0]?.nodePort).toBeUndefined();
  });

  it.each([
    [
      { externalTrafficPolicy: 'Local' },
      'spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services',
    ],
    [{ loadBalancerClass: 'a/b' }, "spec.loadBalancerClass: Forbidden: may only be used when `type` is 'LoadBalancer'"],
    [
      { loadBalancerSourceRanges: ['10.0.0.0/8'] },
      "spec.loadBalancerSourceRanges: Forbidden: may only be used when `type` is 'LoadBalancer'",
    ],
    [
      { type: 'LoadBalancer', loadBalancerSourceRanges: ['10.0.0.0/99'] },
      'spec.loadBalancerSourceRanges[0]: Invalid value: "10.0.0.0/99": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ],
    [
      { type: 'LoadBalancer', healthCheckNodePort: 30_500 },
      "spec.healthCheckNodePort: Invalid value: 30500: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
    ],
    [
      { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 86_401 } } },
      'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 86401: must be greater than 0 and less than 86400',
    ],
    [{ trafficDistribution: 'Anywhere' }, 'spec.trafficDistribution: Unsupported value: "Anywhere"'],
  ])('%j is refused', async (spec, message) => {
    const { status, json } = await create('refused', spec);
    expect(status).toBe(422);
    expect(json.message).toContain(message);
  });
});
