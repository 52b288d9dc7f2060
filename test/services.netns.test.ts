/**
 * Services as the lab's users meet them, on real packets: ways in from outside the cluster, names that mean other names,
 * endpoints that people write themselves.
 */
import { execFileSync } from 'node:child_process';
import { get } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { connectTcp, listenTcp } from '@weir/kernel';
import { podNetnsName, vnetNetnsName } from '@weir/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

let cluster: LabCluster;
const kubectl = (line: string, input?: string): Promise<string> => cluster.kubectlOutput(line, input);
const yaml = (object: unknown): string => JSON.stringify(object);

beforeAll(async () => {
  cluster = await LabCluster.up({ nodes: 2, more: ['--dual-stack'] });
  const host = ['lab', 'host', 'add', 'outside', '--ip', '203.0.113.10', '--ip', '2001:db8::10', '--name', cluster.name];
  expect(await cluster.weir(host)).toMatchObject({ code: 0 });
  for (const [name, node] of [
    ['near', 'node1'],
    ['client', 'node2'],
  ]) {
    const overrides = yaml({ spec: { nodeName: node } });
    await kubectl(`run ${name} --image=agnhost:2.53 --overrides='${overrides}' -- netexec --http-port=8080`);
  }
  await kubectl('wait --for=condition=Ready pod --all --timeout=60s');
});
afterAll(async () => {
  await cluster?.down();
});

/** What comes back to an external host: body and status, or the code of the failure. */
function askFromOutside(url: string): Promise<string> {
  const { hostname, port, pathname } = new URL(url);
  const target = { netns: `weir-${cluster.name}-h-outside`, address: hostname.replaceAll(/[[\]]/g, ''), port: Number(port || 80) };
  return new Promise((resolve) => {
    const asked = get({ path: pathname, headers: { connection: 'close' }, createConnection: () => connectTcp(target) }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve(`${body} ${response.statusCode ?? 0}`));
    });
    const timer = setTimeout(() => asked.destroy(Object.assign(new Error('silence'), { code: timeout })), 2_000);
    asked.on('close', () => clearTimeout(timer));
    asked.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}
const timeout = 'TIMEOUT';

interface Wish {
  readonly name: string;
  readonly spec?: Readonly<Record<string, unknown>>;
}

async function makeService({ name, spec = {} }: Wish): Promise<void> {
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name },
    spec: { type: 'LoadBalancer', selector: { run: 'near' }, ports: [{ port: 80, targetPort: 8080 }], ...spec },
  };
  await kubectl('apply -f -', yaml(service));
}

async function balancerOf(name: string): Promise<string[]> {
  const line = `get service ${name} -o jsonpath='{.status.loadBalancer.ingress[*].ip}'`;
  await kubectl(`wait --for=jsonpath='{.status.loadBalancer.ingress[0].ip}' service/${name} --timeout=30s`);
  return (await kubectl(line)).split(' ');
}

const field = (name: string, path: string): Promise<string> => kubectl(`get service ${name} -o jsonpath='${path}'`);

/** The router's route to an address, with all its gateways. */
function shownRoute(address: string): string {
  return execFileSync('ip', ['-n', vnetNetnsName(cluster.name), 'route', 'show', address], { encoding: 'utf8' });
}

/** What a server that echoes makes of what is said on a connection; silence for one that has been broken. */
function echoOf(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve('silence'), 15_000);
    socket.once('data', (data) => {
      clearTimeout(timer);
      resolve(data.toString());
    });
    socket.write('still there?');
  });
}

describe('a load balancer', () => {
  it('has addresses of the pool in both families, answers outside, and is described', async () => {
    await makeService({ name: 'web', spec: { ipFamilyPolicy: 'RequireDualStack' } });
    const addresses = await balancerOf('web');
    expect(addresses).toEqual([expect.stringMatching(/^198\.51\.100\.\d+$/), expect.stringMatching(/^2001:db8:51:100::/)]);
    for (const address of addresses) {
      const url = `http://${address.includes(':') ? `[${address}]` : address}/hostname`;
      await expect.poll(() => askFromOutside(url), { timeout: 20_000 }).toBe('near 200');
    }
    expect(await kubectl('get service web')).toMatch(
      /^web\s+LoadBalancer\s+10\.0\.\S+\s+198\.51\.100\.\d+,2001:db8:51:100::\S+\s+80:\d+\/TCP/m,
    );
    await expect.poll(() => kubectl('describe service web'), { timeout: 20_000 }).toMatch(/EnsuredLoadBalancer\s.*Ensured load balancer/);
  });

  it('keeps connections that are in use on their node when another node comes', async () => {
    const uid = await kubectl("get pod near -o jsonpath='{.metadata.uid}'");
    const echo = createServer((socket) => socket.on('error', () => socket.destroy()).pipe(socket));
    listenTcp(echo, { netns: podNetnsName(cluster.name, uid), address: '0.0.0.0', port: 9000 });
    await makeService({ name: 'steady', spec: { ports: [{ port: 90, targetPort: 9000 }] } });
    const [address = ''] = await balancerOf('steady');
    const label = 'node.kubernetes.io/exclude-from-external-load-balancers';
    const nodes = (): number => new Set(shownRoute(address).match(/via \S+/g)).size;
    await kubectl(`label node node2 ${label}=true`);
    await expect.poll(nodes, { timeout: 20_000 }).toBe(1);
    const target = { netns: `weir-${cluster.name}-h-outside`, address, port: 90 };
    const held = Array.from({ length: 24 }, () => connectTcp(target).on('error', () => undefined));
    try {
      expect(await Promise.all(held.map((each) => echoOf(each)))).toEqual(held.map(() => 'still there?'));
      await kubectl(`label node node2 ${label}-`);
      await expect.poll(nodes, { timeout: 20_000 }).toBe(2);
      expect(await Promise.all(held.map((each) => echoOf(each)))).toEqual(held.map(() => 'still there?'));
    } finally {
      for (const each of held) each.destroy();
      echo.close();
    }
  });

  it('shows the server the client with externalTrafficPolicy Local, a node with Cluster', async () => {
    await makeService({ name: 'local', spec: { externalTrafficPolicy: 'Local' } });
    const [address] = await balancerOf('local');
    await expect.poll(() => askFromOutside(`http://${address}/clientip`), { timeout: 20_000 }).toMatch(/^203\.0\.113\.10:\d+ 200$/);
    const [other] = await balancerOf('web');
    expect(await askFromOutside(`http://${other}/clientip`)).not.toContain('203.0.113.10');
  });

  it('is asked by policies for who comes: the client with Local', async () => {
    const policy = (cidr: string): string =>
      yaml({
        apiVersion: 'networking.k8s.io/v1',
        kind: 'NetworkPolicy',
        metadata: { name: 'from-block' },
        spec: { podSelector: { matchLabels: { run: 'near' } }, ingress: [{ from: [{ ipBlock: { cidr } }] }] },
      });
    const [address] = await balancerOf('local');
    await kubectl('apply -f -', policy('203.0.113.0/24'));
    await expect.poll(() => askFromOutside(`http://${address}/hostname`), { timeout: 20_000 }).toBe('near 200');
    await kubectl('apply -f -', policy('203.0.113.64/26'));
    await expect.poll(() => askFromOutside(`http://${address}/hostname`), { timeout: 20_000 }).toBe(timeout);
    await kubectl('delete networkpolicy from-block');
    await expect.poll(() => askFromOutside(`http://${address}/hostname`), { timeout: 20_000 }).toBe('near 200');
  });

  it('tells balancers which nodes have endpoints', async () => {
    const port = await field('local', '{.spec.healthCheckNodePort}');
    const answers = await Promise.all(
      ['node1', 'node2'].map(async (node) => {
        const address = await kubectl(`get node ${node} -o jsonpath='{.status.addresses[0].address}'`);
        return askFromOutside(`http://${address}:${port}/`);
      }),
    );
    expect(answers).toEqual([
      `${yaml({ service: { namespace: 'default', name: 'local' }, localEndpoints: 1, serviceProxyHealthy: true })}\n 200`,
      `${yaml({ service: { namespace: 'default', name: 'local' }, localEndpoints: 0, serviceProxyHealthy: true })}\n 503`,
    ]);
  });

  it('lets only the named blocks in', async () => {
    await makeService({ name: 'narrow', spec: { loadBalancerSourceRanges: ['203.0.113.64/26'] } });
    const [address] = await balancerOf('narrow');
    expect(await askFromOutside(`http://${address}/hostname`)).toBe(timeout);
    await makeService({ name: 'narrow', spec: { loadBalancerSourceRanges: ['203.0.113.0/26'] } });
    await expect.poll(() => askFromOutside(`http://${address}/hostname`), { timeout: 20_000 }).toBe('near 200');
  });

  it('has the address that it asks for, and says when that is not to be had', async () => {
    await makeService({ name: 'chosen', spec: { loadBalancerIP: '198.51.100.77' } });
    expect(await balancerOf('chosen')).toEqual(['198.51.100.77']);
    await makeService({ name: 'second', spec: { loadBalancerIP: '198.51.100.77' } });
    await expect
      .poll(() => kubectl('get events --field-selector involvedObject.name=second,reason=SyncLoadBalancerFailed'), { timeout: 20_000 })
      .toContain('the address 198.51.100.77 is in use');
    expect(await field('second', '{.status.loadBalancer.ingress}')).toBe('');
  });

  it('gives its addresses back with its type, and when it goes', async () => {
    const [address] = await balancerOf('narrow');
    await kubectl(`patch service narrow -p '{"spec":{"type":"ClusterIP","loadBalancerSourceRanges":null}}'`);
    await expect.poll(() => field('narrow', '{.status.loadBalancer.ingress}{.metadata.finalizers}'), { timeout: 20_000 }).toBe('');
    expect(await askFromOutside(`http://${address}/hostname`)).not.toContain('200');
    await kubectl('delete service chosen --timeout=30s');
    await expect.poll(() => field('second', '{.status.loadBalancer.ingress[*].ip}'), { timeout: 20_000 }).toBe('198.51.100.77');
  });

  it('keeps an address over a restart of the control plane', async () => {
    const before = await balancerOf('web');
    await cluster.killControlPlane();
    await expect.poll(() => cluster.kubectl('get --raw /readyz').then(({ code }) => code), { timeout: 60_000 }).toBe(0);
    await expect.poll(() => askFromOutside(`http://${before[0]}/hostname`), { timeout: 20_000 }).toBe('near 200');
    expect(await balancerOf('web')).toEqual(before);
  });
});

describe('a port of the node', () => {
  it('leads into the pod that has it, and shows it the client', async () => {
    const container = {
      name: 'c',
      image: 'agnhost:2.53',
      args: ['netexec', '--http-port=8080'],
      ports: [{ containerPort: 8080, hostPort: 8088 }],
    };
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'on-host' }, spec: { nodeName: 'node1', containers: [container] } };
    await kubectl('apply -f -', yaml(pod));
    await kubectl('wait --for=condition=Ready pod/on-host --timeout=60s');
    const address = await kubectl("get node node1 -o jsonpath='{.status.addresses[0].address}'");
    await expect.poll(() => askFromOutside(`http://${address}:8088/clientip`), { timeout: 20_000 }).toMatch(/^203\.0\.113\.10:\d+ 200$/);
    await kubectl('delete pod on-host --timeout=60s');
    await expect.poll(() => askFromOutside(`http://${address}:8088/hostname`), { timeout: 20_000 }).toBe('ECONNREFUSED');
  });
});

describe('a service without a selector', () => {
  it('leads to the endpoints that somebody wrote', async () => {
    await makeService({ name: 'written', spec: { type: 'ClusterIP', selector: null } });
    const ip = await cluster.addressOf('default', 'near');
    const endpoints = {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'written' },
      subsets: [{ addresses: [{ ip }], ports: [{ port: 8080 }] }],
    };
    await kubectl('apply -f -', yaml(endpoints));
    await expect.poll(() => cluster.connect({ namespace: 'default', pod: 'client' }, 'written:80'), { timeout: 20_000 }).toBe('');
    await kubectl('delete endpoints written');
    await expect.poll(() => cluster.connect({ namespace: 'default', pod: 'client' }, 'written:80'), { timeout: 20_000 }).toBe('REFUSED');
  });

  it('of type ExternalName is another name of something else', async () => {
    await makeService({
      name: 'alias',
      spec: { type: 'ExternalName', externalName: 'web.default.svc.cluster.local', selector: null, ports: null },
    });
    expect(await kubectl('get service alias')).toMatch(/^alias\s+ExternalName\s+<none>\s+web\.default\.svc\.cluster\.local\s+<none>/m);
    await expect.poll(() => cluster.connect({ namespace: 'default', pod: 'client' }, 'alias:80'), { timeout: 20_000 }).toBe('');
  });
});
