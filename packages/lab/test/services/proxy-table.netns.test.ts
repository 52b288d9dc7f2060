/** The service proxy's table on real packets: client ── node ── two servers, each in a namespace of its own. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { EndpointSlice, Service } from '@weir/kube';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HostPort } from '../../src/services/host-port.ts';
import { proxyTable, renderProxyTable, renderProxyTableRemoval } from '../../src/services/proxy-table.ts';
import { servicePortStates } from '../../src/services/service-port.ts';
import { type ProxyTable, tableTransaction } from '../../src/services/table-transaction.ts';

const prefix = `weirt-${randomBytes(3).toString('hex')}`;
const node = `${prefix}-n`;
const pods = { client: 1, one: 2, two: 3 } as const;
const table = 'weir-lab-proxy';
const servers: ChildProcess[] = [];

const nsOf = (name: string): string => `${prefix}-${name}`;
const v4 = (name: keyof typeof pods): string => `10.224.1.${pods[name]}`;
const v6 = (name: keyof typeof pods): string => `fd00:10:224:1::${pods[name]}`;

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function inside(netns: string, program: string, args: readonly string[], input = ''): string {
  return execFileSync('ip', ['netns', 'exec', netns, program, ...args], { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Connects and answers what the server says, or the error code. */
const tcpClient = `
const { connect } = require('node:net');
const [host, port, times] = process.argv.slice(1);
const once = () => new Promise((resolve) => {
  const socket = connect({ host, port: Number(port) });
  const timer = setTimeout(() => { socket.destroy(); resolve('TIMEOUT'); }, 1500);
  let text = '';
  socket.on('data', (chunk) => { text += chunk; });
  socket.on('close', () => { clearTimeout(timer); resolve(text); });
  socket.on('error', (error) => { text = error.code; });
});
(async () => { const all = []; for (let i = 0; i < Number(times ?? 1); i++) all.push(await once()); console.log(JSON.stringify(all)); })();
`;
const udpClient = `
const [host, port] = process.argv.slice(1);
const socket = require('node:dgram').createSocket(host.includes(':') ? 'udp6' : 'udp4');
const end = (text) => { console.log(JSON.stringify([text])); socket.close(); };
const timer = setTimeout(() => end('TIMEOUT'), 1500);
socket.on('error', (error) => { clearTimeout(timer); end(error.code); });
socket.on('message', (message) => { clearTimeout(timer); end(message.toString()); });
socket.connect(Number(port), host, () => socket.send('?'));
`;
/** Answers with its own name and the address the client appears to have. */
const server = `
const [name] = process.argv.slice(1);
const clean = (address) => address.replace('::ffff:', '');
const tcp = require('node:net').createServer((socket) => { socket.on('error', () => {}); socket.end(name + ' ' + clean(socket.remoteAddress)); });
const udp = require('node:dgram').createSocket('udp6');
udp.on('message', (_, from) => udp.send(name + ' ' + clean(from.address), from.port, from.address));
tcp.listen(8080, '::', () => udp.bind(8080, '::', () => console.log('ready')));
`;

function tcp(from: string, host: string, port: number, times = 1): string[] {
  return JSON.parse(inside(from, process.execPath, ['-e', tcpClient, host, String(port), String(times)])) as string[];
}
function udp(from: string, host: string, port: number): string[] {
  return JSON.parse(inside(from, process.execPath, ['-e', udpClient, host, String(port)])) as string[];
}

async function startServer(name: keyof typeof pods): Promise<void> {
  const child = spawn('ip', ['netns', 'exec', nsOf(name), process.execPath, '-e', server, name], { stdio: ['ignore', 'pipe', 'inherit'] });
  servers.push(child);
  await new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
}

beforeAll(async () => {
  ip('netns', 'add', node);
  ip('-n', node, 'link', 'set', 'lo', 'up');
  // The node's own address, and a default route, as the lab's nodes have them.
  ip('-n', node, 'addr', 'add', '10.224.0.4/32', 'dev', 'lo');
  ip('-n', node, '-6', 'addr', 'add', 'fd00:10:224::4/128', 'dev', 'lo');
  inside(node, 'sysctl', ['-qw', 'net.ipv4.ip_forward=1', 'net.ipv6.conf.all.forwarding=1']);
  for (const name of Object.keys(pods) as (keyof typeof pods)[]) {
    const netns = nsOf(name);
    ip('netns', 'add', netns);
    ip('-n', netns, 'link', 'set', 'lo', 'up');
    ip('link', 'add', `h-${name}`, 'netns', node, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', netns);
    const gateway = `169.254.${pods[name]}.1`;
    ip('-n', node, 'addr', 'add', `${gateway}/32`, 'dev', `h-${name}`);
    ip('-n', node, '-6', 'addr', 'add', `fe80::1/64`, 'dev', `h-${name}`, 'nodad');
    ip('-n', node, 'link', 'set', `h-${name}`, 'up');
    ip('-n', netns, 'addr', 'add', `${v4(name)}/32`, 'dev', 'eth0');
    ip('-n', netns, '-6', 'addr', 'add', `${v6(name)}/128`, 'dev', 'eth0', 'nodad');
    ip('-n', netns, 'link', 'set', 'eth0', 'up');
    ip('-n', netns, 'route', 'add', gateway, 'dev', 'eth0');
    ip('-n', netns, 'route', 'add', 'default', 'via', gateway);
    ip('-n', netns, '-6', 'route', 'add', 'default', 'via', 'fe80::1', 'dev', 'eth0');
    ip('-n', node, 'route', 'add', `${v4(name)}/32`, 'dev', `h-${name}`);
    ip('-n', node, '-6', 'route', 'add', `${v6(name)}/128`, 'dev', `h-${name}`);
  }
  // Service addresses are routed away from every interface that has them: they exist in the table only.
  ip('-n', node, 'route', 'add', '10.0.0.0/16', 'dev', 'h-two', 'src', '10.224.0.4');
  ip('-n', node, 'route', 'add', '198.51.100.0/24', 'dev', 'h-two');
  ip('-n', node, '-6', 'route', 'add', '2001:db8::/64', 'dev', 'h-two');
  await Promise.all([startServer('one'), startServer('two')]);
});

afterAll(() => {
  for (const child of servers) child.kill('SIGKILL');
  for (const name of [...Object.keys(pods).map(nsOf), node]) {
    try {
      ip('netns', 'del', name);
    } catch {
      // Not made, because setting up failed earlier.
    }
  }
});

let inForce: ProxyTable | undefined;

interface ServiceWish {
  readonly spec?: Partial<NonNullable<Service['spec']>>;
  readonly backends: readonly (keyof typeof pods)[];
  readonly onNode?: string;
  /** Addresses of a load balancer. */
  readonly balancer?: readonly string[];
  /** Blocks of the node's own pods. */
  readonly podBlocks?: readonly string[];
  readonly hostPorts?: readonly HostPort[];
}

function load(wish: ServiceWish): void {
  const metadata = { namespace: 'demo', name: 'web' };
  const service: Service = {
    metadata,
    spec: {
      clusterIP: '10.0.0.20',
      clusterIPs: ['10.0.0.20', 'fd00:10::20'],
      ports: [
        { name: 'tcp', protocol: 'TCP', port: 80, targetPort: 8080, nodePort: 30080 },
        { name: 'udp', protocol: 'UDP', port: 80, targetPort: 8080 },
      ],
      ...wish.spec,
    },
    status: { loadBalancer: { ingress: (wish.balancer ?? []).map((ip) => ({ ip })) } },
  };
  const slice = (addressType: 'IPv4' | 'IPv6', address: (name: keyof typeof pods) => string): EndpointSlice => ({
    metadata: { namespace: 'demo', name: `web-${addressType}`, labels: { 'kubernetes.io/service-name': 'web' } },
    addressType,
    endpoints: wish.backends.map((name) => ({ addresses: [address(name)], nodeName: wish.onNode ?? 'node1' })),
    ports: [
      { name: 'tcp', protocol: 'TCP', port: 8080 },
      { name: 'udp', protocol: 'UDP', port: 8080 },
    ],
  });
  const { podBlocks = [], hostPorts = [] } = wish;
  const states = servicePortStates([service], [slice('IPv4', v4), slice('IPv6', v6)], 'node1');
  const next = proxyTable({ table, nodeAddresses: ['10.224.0.4', 'fd00:10:224::4'], states, podBlocks, hostPorts });
  // As the proxy does it: from every state that a test has left to the next.
  inside(node, 'nft', ['-f', '-'], tableTransaction(next, inForce));
  inForce = next;
}

/** The clients that the kernel remembers for the service, with their families' sets. */
function remembered(): readonly string[] {
  const listed = inside(node, 'nft', ['list', 'table', 'inet', table]);
  return [...listed.matchAll(/^\tset (affinity-\S+) \{[^}]*?\belements = \{ ([^}]*)\}/gm)].map(([, , elements = '']) => elements.trim());
}

describe('the service proxy', () => {
  it('spreads connections to a cluster address over all endpoints, without changing their source', () => {
    load({ backends: ['one', 'two'] });
    const answers = new Set(tcp(nsOf('client'), '10.0.0.20', 80, 24));
    expect(answers).toEqual(new Set([`one ${v4('client')}`, `two ${v4('client')}`]));
  });

  it('translates IPv6 and UDP as well', () => {
    load({ backends: ['two'] });
    expect(tcp(nsOf('client'), 'fd00:10::20', 80)).toEqual([`two ${v6('client')}`]);
    expect(udp(nsOf('client'), '10.0.0.20', 80)).toEqual([`two ${v4('client')}`]);
    expect(udp(nsOf('client'), 'fd00:10::20', 80)).toEqual([`two ${v6('client')}`]);
  });

  it('keeps a client with the endpoint that it had when the service asks for it, whatever else changes', () => {
    const sticky = { sessionAffinity: 'ClientIP', externalTrafficPolicy: 'Local' } as const;
    const answers = (times: number) => new Set(tcp(nsOf('client'), '10.0.0.20', 80, times).map((answer) => answer.split(' ')[0]));
    load({ backends: ['one'], spec: sticky });
    expect(answers(1)).toEqual(new Set(['one']));
    load({ backends: ['one', 'two'], spec: sticky });
    expect(answers(12)).toEqual(new Set(['one']));
    expect(tcp(nsOf('client'), '10.224.0.4', 30080, 4).every((answer) => answer.startsWith('one '))).toBe(true);
    load({ backends: ['two'], spec: sticky });
    expect(answers(1)).toEqual(new Set(['two']));
    load({ backends: ['one', 'two'], spec: sticky });
    expect(answers(12)).toEqual(new Set(['two']));
    expect(new Set(tcp(nsOf('client'), 'fd00:10::20', 80, 12)).size).toBe(1);
  });

  it('forgets a client after as long without a new connection as the service says', async () => {
    const forgetful = { sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 3 } } } as const;
    load({ backends: ['one', 'two'], spec: forgetful });
    // On a busy machine the time may be over before anybody has looked.
    const connectAndLook = (): readonly string[] => {
      expect(tcp(nsOf('client'), '10.0.0.20', 80)).toHaveLength(1);
      return remembered();
    };
    await expect
      .poll(connectAndLook, { timeout: 20_000 })
      .toEqual([expect.stringMatching(/^10\.224\.1\.1 expires (2s)?\d+(s\d+)?ms$/) as string]);
    await expect.poll(remembered, { timeout: 20_000 }).toEqual([]);
    load({ backends: ['one', 'two'] });
    expect(inside(node, 'nft', ['list', 'sets', 'inet'])).not.toContain('affinity-');
  });

  it('lets a pod reach itself through its own service', () => {
    load({ backends: ['one'] });
    // The address seen is the node's: with its own the answer would never pass the node.
    const [answer] = tcp(nsOf('one'), '10.0.0.20', 80);
    expect(answer).toMatch(/^one (?!10\.224\.1\.)/);
  });

  it('serves the node itself', () => {
    load({ backends: ['two'] });
    expect(tcp(node, '10.0.0.20', 80)[0]).toMatch(/^two /);
  });

  it('answers on node ports, masqueraded so that the answer comes back this way', () => {
    load({ backends: ['one'] });
    const [answer] = tcp(nsOf('client'), '10.224.0.4', 30080);
    expect(answer).toMatch(/^one /);
    expect(answer).not.toContain(v4('client'));
  });

  it('keeps the source on node ports with externalTrafficPolicy Local', () => {
    load({ backends: ['one'], spec: { externalTrafficPolicy: 'Local' } });
    expect(tcp(nsOf('client'), '10.224.0.4', 30080)).toEqual([`one ${v4('client')}`]);
  });

  it('answers on the addresses of a load balancer, masqueraded or with the source kept', () => {
    const balancer = ['198.51.100.5', '2001:db8::5'];
    load({ backends: ['one'], balancer, spec: { type: 'LoadBalancer' } });
    for (const address of balancer) {
      const [answer] = tcp(nsOf('client'), address, 80);
      expect(answer).toMatch(/^one /);
      expect(answer).not.toMatch(/(10\.224\.1|:1:):*\.?1$/);
    }
    load({ backends: ['one'], balancer, spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } });
    expect(tcp(nsOf('client'), '198.51.100.5', 80)).toEqual([`one ${v4('client')}`]);
    expect(tcp(nsOf('client'), '2001:db8::5', 80)).toEqual([`one ${v6('client')}`]);
  });

  it('lets only the named sources in at the address of a load balancer, and everyone at the cluster address', () => {
    const balancer = ['198.51.100.5', '2001:db8::5'];
    const letIn = (block: string): void =>
      load({
        backends: ['one'],
        balancer,
        spec: { type: 'LoadBalancer', externalTrafficPolicy: 'Local', loadBalancerSourceRanges: [block] },
      });
    letIn(`${v4('client')}/32`);
    expect(tcp(nsOf('client'), '198.51.100.5', 80)).toEqual([`one ${v4('client')}`]);
    letIn('203.0.113.0/24');
    expect(tcp(nsOf('client'), '198.51.100.5', 80)).toEqual(['TIMEOUT']);
    // Ranges of one family let nobody in in the other.
    expect(tcp(nsOf('client'), '2001:db8::5', 80)).toEqual(['TIMEOUT']);
    expect(tcp(nsOf('client'), '10.0.0.20', 80)).toEqual([`one ${v4('client')}`]);
  });

  it('with externalTrafficPolicy Local sends its own pods to all endpoints, and strangers only to its own', () => {
    const spec = { type: 'LoadBalancer', externalTrafficPolicy: 'Local' } as const;
    const elsewhere = { backends: ['one'], onNode: 'node2', balancer: ['198.51.100.5'], spec } as const;
    load(elsewhere);
    expect(tcp(nsOf('client'), '198.51.100.5', 80)).toEqual(['TIMEOUT']);
    expect(tcp(nsOf('client'), '10.224.0.4', 30080)).toEqual(['TIMEOUT']);
    load({ ...elsewhere, podBlocks: ['10.224.1.0/24', 'fd00:10:224:1::/64'] });
    expect(tcp(nsOf('client'), '198.51.100.5', 80)[0]).toMatch(/^one /);
    expect(tcp(nsOf('client'), '10.224.0.4', 30080)[0]).toMatch(/^one /);
  });

  it('leads ports of the node into pods, with the source kept, and on one address if one is named', () => {
    const to = (family: 4 | 6, port: number, hostIp?: string): HostPort => ({
      family,
      protocol: 'TCP',
      port,
      ...(hostIp === undefined ? {} : { hostIp }),
      backend: { address: family === 4 ? v4('two') : v6('two'), port: 8080 },
    });
    load({ backends: ['one'], hostPorts: [to(4, 9090), to(6, 9090), to(4, 9091, '10.224.0.99'), { ...to(4, 9090), protocol: 'UDP' }] });
    expect(tcp(nsOf('client'), '10.224.0.4', 9090)).toEqual([`two ${v4('client')}`]);
    expect(tcp(nsOf('client'), 'fd00:10:224::4', 9090)).toEqual([`two ${v6('client')}`]);
    expect(udp(nsOf('client'), '10.224.0.4', 9090)).toEqual([`two ${v4('client')}`]);
    expect(tcp(nsOf('client'), '10.224.0.4', 9091)).toEqual(['ECONNREFUSED']);
    expect(tcp(nsOf('two'), '10.224.0.4', 9090)[0]).toMatch(/^two (?!10\.224\.1\.)/);
    expect(tcp(node, '10.224.0.4', 9090)[0]).toMatch(/^two /);
  });

  it('refuses connections to a service without endpoints, and to a port that no service has', () => {
    load({ backends: [] });
    expect(tcp(nsOf('client'), '10.0.0.20', 80)).toEqual(['ECONNREFUSED']);
    expect(tcp(nsOf('client'), '10.0.0.20', 81)).toEqual(['ECONNREFUSED']);
    expect(udp(nsOf('client'), '10.0.0.20', 80)).toEqual(['ECONNREFUSED']);
    expect(tcp(nsOf('client'), '10.224.0.4', 30080)).toEqual(['ECONNREFUSED']);
    expect(tcp(node, '10.0.0.20', 80)).toEqual(['ECONNREFUSED']);
  });

  it('drops connections when internalTrafficPolicy is Local and all endpoints are elsewhere', () => {
    load({ backends: ['one'], onNode: 'node2', spec: { internalTrafficPolicy: 'Local' } });
    expect(tcp(nsOf('client'), '10.0.0.20', 80)).toEqual(['TIMEOUT']);
  });

  it('touches no other table, and removes its own without a trace', () => {
    inside(node, 'nft', ['add', 'table', 'inet', 'admin']);
    load({ backends: ['one'] });
    load({ backends: ['two'] });
    expect(inside(node, 'nft', ['list', 'tables']).trim().split('\n').sort()).toEqual(['table inet admin', `table inet ${table}`]);
    inside(node, 'nft', ['-f', '-'], renderProxyTableRemoval(table));
    inside(node, 'nft', ['-f', '-'], renderProxyTableRemoval(table));
    inForce = undefined;
    expect(inside(node, 'nft', ['list', 'tables']).trim()).toBe('table inet admin');
  });

  it('loads a thousand services in one transaction', () => {
    const services: Service[] = [];
    const slices: EndpointSlice[] = [];
    for (let i = 0; i < 1000; i++) {
      const metadata = { namespace: 'demo', name: `svc-${i}` };
      services.push({ metadata, spec: { clusterIP: `10.0.${4 + (i >> 8)}.${i & 255}`, ports: [{ port: 80 }] } });
      slices.push({
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': metadata.name } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [v4('one')] }, { addresses: [v4('two')] }],
        ports: [{ name: '', protocol: 'TCP', port: 8080 }],
      });
    }
    const states = servicePortStates(services, slices, 'node1');
    inside(node, 'nft', ['-f', '-'], renderProxyTable({ table, nodeAddresses: ['10.224.0.4'], states }));
    expect(tcp(nsOf('client'), '10.0.7.231', 80)[0]).toMatch(/^(one|two) /);
  });
});
