import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { connectTcp, listenTcp, listNetns, openUdp, readNetSysctl } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addHost,
  attachNode,
  attachPod,
  createVirtualNetwork,
  detachPod,
  hostNetnsName,
  listHosts,
  nodeNetnsName,
  type PodNetwork,
  podNetnsName,
  removeHost,
  removeNetwork,
  routerAddresses,
  usualNetwork,
  vnetNetnsName,
} from '../../src/index.ts';

const newCluster = (): string => `t${randomBytes(4).toString('hex')}`;

/** What a client at `netns` gets from a server that tells its client's address; or the error's code. */
async function ask(netns: string, address: string, port = 7000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp({ netns, address, port });
    let text = '';
    const timer = setTimeout(() => {
      socket.destroy();
      resolve('TIMEOUT');
    }, 1500);
    const done = (answer: string): void => {
      clearTimeout(timer);
      resolve(answer);
    };
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('end', () => done(text));
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? error.message));
  });
}

const routers = routerAddresses(usualNetwork(true));
const servers: Server[] = [];
function tellClientAddress(netns: string, address: string): void {
  servers.push(
    listenTcp(
      createServer((client) => client.end(client.remoteAddress ?? '')),
      { netns, address, port: 7000 },
    ),
  );
}
afterAll(() => {
  for (const server of servers) server.close();
});

describe('the virtual network of a dual-stack cluster', () => {
  const cluster = newCluster();
  const pods: PodNetwork[] = [];
  const addresses = [
    ['10.224.0.64', 'fd00:10:224:1::40'],
    ['10.224.0.65', 'fd00:10:224:1::41'],
    ['10.224.0.130', 'fd00:10:224:2::40'],
  ] as const;
  const host = ['203.0.113.10', '2001:db8:113::10'] as const;
  const nodes = { n1: ['10.224.0.4', 'fd00:10:224::4'], n2: ['10.224.0.5', 'fd00:10:224::5'] } as const;

  beforeAll(async () => {
    await createVirtualNetwork({ cluster, network: usualNetwork(true) });
    await attachNode({ cluster, node: 'n1', addresses: nodes.n1, podBlocks: ['10.224.0.64/26', 'fd00:10:224:1::/64'] });
    await attachNode({ cluster, node: 'n2', addresses: nodes.n2, podBlocks: ['10.224.0.128/26', 'fd00:10:224:2::/64'] });
    pods.push(await attachPod({ cluster, node: 'n1', uid: 'uid-a', addresses: addresses[0] }));
    pods.push(await attachPod({ cluster, node: 'n1', uid: 'uid-b', addresses: addresses[1] }));
    pods.push(await attachPod({ cluster, node: 'n2', uid: 'uid-c', addresses: addresses[2] }));
    await addHost({ cluster, name: 'ext1', addresses: host });
    for (const pod of pods) tellClientAddress(pod.netns, '::');
    tellClientAddress(nodeNetnsName(cluster, 'n1'), '::');
    tellClientAddress(nodeNetnsName(cluster, 'n2'), '::');
    tellClientAddress(hostNetnsName(cluster, 'ext1'), '::');
    tellClientAddress(vnetNetnsName(cluster), '::');
  });
  afterAll(() => {
    removeNetwork(cluster);
    expect(listNetns().filter((name) => name.includes(cluster))).toEqual([]);
  });

  const client = (name: string): { netns: string; address: readonly [string, string] } => {
    switch (name) {
      case 'n1':
      case 'n2':
        return { netns: nodeNetnsName(cluster, name), address: nodes[name] };
      case 'ext1':
        return { netns: hostNetnsName(cluster, name), address: host };
      default: {
        const index = ['a', 'b', 'c'].indexOf(name);
        return { netns: podNetnsName(cluster, `uid-${name}`), address: addresses[index] ?? ['', ''] };
      }
    }
  };
  const names = ['a', 'b', 'c', 'n1', 'n2', 'ext1'];

  it.each(names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const)))(
    'carries packets from %s to %s with the source address kept, in both families',
    async (from, to) => {
      const source = client(from);
      const target = client(to);
      expect(await ask(source.netns, target.address[0])).toBe(`::ffff:${source.address[0]}`);
      expect(await ask(source.netns, target.address[1])).toBe(source.address[1]);
    },
  );

  it.each(['a', 'c', 'n1', 'ext1'])('lets %s reach the address where the API server listens', async (from) => {
    const { netns, address } = client(from);
    expect(await ask(netns, routers[0] ?? '')).toBe(`::ffff:${address[0]}`);
    expect(await ask(netns, routers[1] ?? '')).toBe(address[1]);
  });

  it('carries UDP', async () => {
    const server = openUdp({ netns: client('c').netns, address: '0.0.0.0', port: 7000 });
    server.on('message', (_, from) => server.send(from.address, from.port, from.address));
    const socket = openUdp({ netns: client('a').netns, address: '10.224.0.64', port: 0 });
    const answer = new Promise<string>((resolve) => {
      socket.once('message', (data) => resolve(data.toString()));
    });
    socket.send('x', 7000, '10.224.0.130');
    expect(await answer).toBe('10.224.0.64');
    socket.close();
    server.close();
  });

  it('has no way out: other addresses are unreachable, unused ones of its own are silent', async () => {
    expect(await ask(client('a').netns, '198.51.100.1')).toBe('EHOSTUNREACH');
    expect(await ask(client('a').netns, '2001:db8:ffff::1')).toBe('ENETUNREACH');
    expect(await ask(client('a').netns, '10.225.0.1')).toBe('TIMEOUT');
    expect(await ask(client('a').netns, '10.224.0.180')).toBe('TIMEOUT');
  });

  it('forgets a pod that is detached and takes another with its address', async () => {
    const uid = 'uid-d';
    const options = { cluster, node: 'n2', uid, addresses: ['10.224.0.140', 'fd00:10:224:2::4c'] };
    await attachPod(options);
    expect(await detachPod(options)).toBe(true);
    expect(listNetns()).not.toContain(podNetnsName(cluster, uid));
    const next = await attachPod({ ...options, uid: 'uid-e' });
    tellClientAddress(next.netns, '::');
    expect(await ask(client('a').netns, '10.224.0.140')).toBe('::ffff:10.224.0.64');
    await detachPod({ ...options, uid: 'uid-e' });
  });

  it('lists hosts from the kernel, and adds and removes them again and again', async () => {
    for (let i = 0; i < 3; i++) {
      await addHost({ cluster, name: 'ext2', addresses: ['203.0.113.11'] });
      expect(await listHosts(cluster)).toEqual([
        { name: 'ext1', addresses: [...host] },
        { name: 'ext2', addresses: ['203.0.113.11'] },
      ]);
      expect(await removeHost(cluster, 'ext2')).toBe(true);
    }
    expect(await removeHost(cluster, 'ext2')).toBe(false);
  });

  it.each([
    ['a taken name', { name: 'ext1', addresses: ['203.0.113.12'] }, 'name-taken'],
    ['a taken address', { name: 'ext3', addresses: ['203.0.113.10'] }, 'address-taken'],
    ['the address of a node', { name: 'ext3', addresses: ['10.224.0.4'] }, 'address-taken'],
    ['no address', { name: 'ext3', addresses: [] }, 'invalid-address'],
    ['a bad address', { name: 'ext3', addresses: ['203.0.113'] }, 'invalid-address'],
    ['a bad name', { name: 'Ext_3', addresses: ['203.0.113.12'] }, 'invalid-name'],
  ])('refuses a host with %s and changes nothing', async (_, added, code) => {
    await expect(addHost({ cluster, ...added })).rejects.toMatchObject({ code });
    expect(listNetns()).not.toContain(hostNetnsName(cluster, 'ext3'));
    expect((await listHosts(cluster)).map((item) => item.name)).toEqual(['ext1']);
  });
});

describe('networks of several clusters', () => {
  it('are kept apart when the name of one starts with the name of the other', async () => {
    const short = newCluster();
    const long = `${short}-b`;
    try {
      await createVirtualNetwork({ cluster: short, network: usualNetwork(false) });
      await createVirtualNetwork({ cluster: long, network: usualNetwork(false) });
      await attachNode({ cluster: short, node: 'n1', addresses: ['10.224.0.4'], podBlocks: [] });
      await attachNode({ cluster: long, node: 'n1', addresses: ['10.224.0.4'], podBlocks: [] });
      await expect(attachNode({ cluster: short, node: 'b-n1', addresses: ['10.224.0.5'], podBlocks: [] })).rejects.toMatchObject({
        code: 'name-taken',
      });
      removeNetwork(short);
      expect(listNetns().filter((name) => name.startsWith(`weir-${short}`))).toEqual([`weir-${long}-n1`, `weir-${long}-vnet`]);
    } finally {
      removeNetwork(long);
      removeNetwork(short);
    }
  });

  it('cannot be made twice; the first one stays', async () => {
    const cluster = newCluster();
    try {
      await createVirtualNetwork({ cluster, network: usualNetwork(false) });
      await expect(createVirtualNetwork({ cluster, network: usualNetwork(false) })).rejects.toMatchObject({ code: 'name-taken' });
      expect(listNetns()).toContain(vnetNetnsName(cluster));
    } finally {
      expect(removeNetwork(cluster)).toHaveLength(1);
      expect(removeNetwork(cluster)).toEqual([]);
    }
  });

  it('have no IPv6 at all when they are single-stack', async () => {
    const cluster = newCluster();
    try {
      await createVirtualNetwork({ cluster, network: usualNetwork(false) });
      await attachNode({ cluster, node: 'n1', addresses: ['10.224.0.4'], podBlocks: ['10.224.0.64/26'] });
      const pod = await attachPod({ cluster, node: 'n1', uid: 'u', addresses: ['10.224.0.64'] });
      expect(readNetSysctl(pod.netns, 'ipv6/conf/eth0/disable_ipv6')).toBe('1');
      await expect(addHost({ cluster, name: 'x', addresses: ['2001:db8::1'] })).rejects.toMatchObject({ code: 'invalid-address' });
    } finally {
      removeNetwork(cluster);
    }
  });
});
