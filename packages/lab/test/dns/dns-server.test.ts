import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, type Server } from 'node:net';
import type { EndpointSlice, Namespace, Service } from '@weir/kube';
import { decode, encode, type Packet } from 'dns-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { answerQuestion } from '../../src/dns/answer-query.ts';
import { buildZone, reverseName } from '../../src/dns/cluster-zone.ts';
import { respond } from '../../src/dns/dns-message.ts';
import { createDnsServer, type DnsServer } from '../../src/dns/dns-server.ts';
import type { ResolvedName } from '../../src/dns/resolved-name.ts';

const namespaces: Namespace[] = [{ metadata: { name: 'demo' } }, { metadata: { name: 'default' } }];
const services: Service[] = [
  {
    metadata: { namespace: 'demo', name: 'web' },
    spec: {
      clusterIP: '10.0.0.20',
      clusterIPs: ['10.0.0.20', 'fd00:10::20'],
      ports: [
        { name: 'http', port: 80 },
        { name: 'dns', protocol: 'UDP', port: 53 },
      ],
    },
  },
  { metadata: { namespace: 'demo', name: 'db' }, spec: { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] } },
  { metadata: { namespace: 'demo', name: 'elsewhere' }, spec: { type: 'ExternalName', externalName: 'Web.demo.svc.cluster.local' } },
  { metadata: { namespace: 'demo', name: 'lost' }, spec: { type: 'ExternalName', externalName: 'nowhere.example' } },
];
const slices: EndpointSlice[] = [
  {
    metadata: { namespace: 'demo', name: 'db-1', labels: { 'kubernetes.io/service-name': 'db' } },
    addressType: 'IPv4',
    endpoints: [
      { addresses: ['10.224.1.5'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.224.1.6'], conditions: { ready: true } },
      { addresses: ['10.224.1.7'], conditions: { ready: false } },
    ],
    ports: [{ name: 'sql', protocol: 'TCP', port: 5432 }],
  },
];
const sources = {
  domain: 'cluster.local',
  zone: buildZone({ domain: 'cluster.local', namespaces, services, slices }),
  hostAddresses: (name: string) => (name === 'ext1' ? ['203.0.113.10'] : []),
};

const ask = (name: string, type = 'A'): ReturnType<typeof answerQuestion> => answerQuestion({ name, type }, sources);
const data = (name: string, type = 'A'): unknown[] => ask(name, type).answers.map((answer) => answer.data);

describe('cluster names', () => {
  it.each([
    ['a service', 'web.demo.svc.cluster.local', 'A', ['10.0.0.20']],
    ['its IPv6 address', 'web.demo.svc.cluster.local', 'AAAA', ['fd00:10::20']],
    ['any spelling', 'WEB.Demo.svc.cluster.LOCAL.', 'A', ['10.0.0.20']],
    ['a headless service: its ready endpoints', 'db.demo.svc.cluster.local', 'A', ['10.224.1.5', '10.224.1.6']],
    ['an endpoint by its hostname', 'db-0.db.demo.svc.cluster.local', 'A', ['10.224.1.5']],
    ['an endpoint by its address', '10-224-1-6.db.demo.svc.cluster.local', 'A', ['10.224.1.6']],
    ['a pod', '10-224-1-9.demo.pod.cluster.local', 'A', ['10.224.1.9']],
    ['a service backwards', '20.0.0.10.in-addr.arpa', 'PTR', ['web.demo.svc.cluster.local']],
    ['an endpoint backwards', '5.1.224.10.in-addr.arpa', 'PTR', ['db-0.db.demo.svc.cluster.local']],
    ['the version of the specification', 'dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['an external host', 'ext1', 'A', ['203.0.113.10']],
  ])('answer for %s', (_what, name, type, expected) => {
    expect(data(name, type)).toEqual(expected);
    expect(ask(name, type).code).toBe('NOERROR');
  });

  it('answer for named ports with target, port and address', () => {
    const answer = ask('_http._tcp.web.demo.svc.cluster.local', 'SRV');
    expect(answer.answers.map((each) => each.data)).toEqual([{ priority: 0, weight: 100, port: 80, target: 'web.demo.svc.cluster.local' }]);
    expect(answer.additionals.map((each) => each.data)).toEqual(['10.0.0.20', 'fd00:10::20']);
    expect(data('_dns._udp.web.demo.svc.cluster.local', 'SRV')).toHaveLength(1);
    expect(data('_sql._tcp.db.demo.svc.cluster.local', 'SRV')).toEqual([
      { priority: 0, weight: 50, port: 5432, target: 'db-0.db.demo.svc.cluster.local' },
      { priority: 0, weight: 50, port: 5432, target: '10-224-1-6.db.demo.svc.cluster.local' },
    ]);
  });

  it('follow an ExternalName to what it means', () => {
    expect(ask('elsewhere.demo.svc.cluster.local').answers.map(({ type, data: value }) => [type, value])).toEqual([
      ['CNAME', 'Web.demo.svc.cluster.local'],
      ['A', '10.0.0.20'],
    ]);
    const lost = ask('lost.demo.svc.cluster.local');
    expect([lost.code, lost.answers.map((each) => each.data)]).toEqual(['NXDOMAIN', ['nowhere.example']]);
  });

  it.each([
    ['a service has no such record', 'web.demo.svc.cluster.local', 'TXT'],
    ['a namespace', 'demo.svc.cluster.local', 'A'],
    ['a name between', '_tcp.web.demo.svc.cluster.local', 'SRV'],
    ['the branch of services', 'svc.cluster.local', 'A'],
  ])('exist without data: %s', (_what, name, type) => {
    const answer = ask(name, type);
    expect([answer.code, answer.answers, answer.authorities.map((each) => each.type)]).toEqual(['NOERROR', [], ['SOA']]);
  });

  it.each([
    'missing.demo.svc.cluster.local',
    'web.nowhere.svc.cluster.local',
    'nowhere.svc.cluster.local',
    '10-224-1-9.nowhere.pod.cluster.local',
    'not-an-address.demo.pod.cluster.local',
    '10-224-1-7.db.demo.svc.cluster.local',
    'ext1.demo.svc.cluster.local',
    'example.com',
    '1.0.0.127.in-addr.arpa',
  ])('do not exist: %s', (name) => {
    const answer = ask(name);
    expect([answer.code, answer.authorities.map((each) => each.type)]).toEqual(['NXDOMAIN', ['SOA']]);
  });

  it('are turned backwards in both families', () => {
    expect(reverseName('10.0.0.20')).toBe('20.0.0.10.in-addr.arpa');
    expect(reverseName('fd00:10::20')).toBe('0.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.0.d.f.ip6.arpa');
  });
});

describe('a DNS message', () => {
  const world = { sources, rotation: 0 };
  const rcode = (response: Buffer | undefined): number | undefined => (response === undefined ? undefined : response.readUInt16BE(2) & 15);
  const question = { name: 'web.demo.svc.cluster.local', type: 'A' };

  it('that is a response, or too short, is not answered', () => {
    expect(respond(encode({ type: 'response', id: 1, questions: [question] }), 'udp', world)).toBeUndefined();
    expect(respond(Buffer.alloc(11), 'udp', world)).toBeUndefined();
  });

  it('that cannot be read gets FORMERR with its own id', () => {
    const broken = Buffer.from('beef01000001000000000000ff', 'hex');
    const response = respond(broken, 'udp', world);
    expect([response?.readUInt16BE(0), rcode(response)]).toEqual([0xbeef, 1]);
  });

  it('of another class, or with two questions, is refused', () => {
    expect(rcode(respond(encode({ id: 1, questions: [{ ...question, class: 'CH' }] }), 'udp', world))).toBe(5);
    expect(rcode(respond(encode({ id: 1, questions: [question, question] }), 'udp', world))).toBe(1);
  });

  it('that does not fit is cut over UDP and whole over TCP and with EDNS', () => {
    const zone = buildZone({
      domain: 'cluster.local',
      namespaces,
      services: services.slice(1, 2),
      slices: [{ ...(slices[0] as EndpointSlice), endpoints: Array.from({ length: 24 }, (_, i) => ({ addresses: [`10.224.2.${i}`] })) }],
    });
    const many = { sources: { ...sources, zone }, rotation: 0 };
    const query: Packet = { id: 7, questions: [{ name: 'db.demo.svc.cluster.local', type: 'A' }] };
    const cut = respond(encode(query), 'udp', many) ?? Buffer.alloc(0);
    expect(cut.length).toBeLessThanOrEqual(512);
    expect([(cut.readUInt16BE(2) & 0x200) !== 0, decode(cut).answers?.length]).toEqual([true, 0]);
    expect(decode(respond(encode(query), 'tcp', many) ?? Buffer.alloc(0)).answers).toHaveLength(24);
    const edns = encode({ ...query, additionals: [{ name: '.', type: 'OPT', udpPayloadSize: 4096, flags: 0, options: [] }] });
    const whole = decode(respond(edns, 'udp', many) ?? Buffer.alloc(0));
    expect([whole.answers?.length, whole.additionals?.some(({ type }) => type === 'OPT')]).toEqual([24, true]);
  });

  it('gets its records in turns', () => {
    const query = encode({ id: 1, questions: [{ name: 'db.demo.svc.cluster.local', type: 'A' }] });
    const first = (rotation: number): unknown => decode(respond(query, 'udp', { sources, rotation }) ?? Buffer.alloc(0)).answers?.[0]?.data;
    expect(new Set([first(0), first(1)])).toEqual(new Set(['10.224.1.5', '10.224.1.6']));
  });
});

describe('the DNS server', () => {
  let server: DnsServer | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  async function start(announce?: (resolved: ResolvedName) => Promise<void>): Promise<{ udp: number; tcp: number }> {
    const udp = createSocket('udp4');
    udp.bind(0, '127.0.0.1');
    await once(udp, 'listening');
    let tcp: Server | undefined;
    server = createDnsServer({
      sources: () => Promise.resolve(sources),
      udp,
      ...(announce === undefined ? {} : { announce }),
      listen: (listener) => {
        tcp = listener.listen(0, '127.0.0.1');
      },
      onError: (error) => {
        throw error;
      },
    });
    if (tcp !== undefined && !tcp.listening) await once(tcp, 'listening');
    return { udp: udp.address().port, tcp: (tcp?.address() as AddressInfo).port };
  }

  it('answers over UDP', async () => {
    const { udp } = await start();
    const client = createSocket('udp4');
    client.send(encode({ id: 5, questions: [{ name: 'web.demo.svc.cluster.local', type: 'A' }] }), udp, '127.0.0.1');
    const [message] = (await once(client, 'message')) as [Buffer];
    client.close();
    expect(decode(message).answers?.map((each) => each.data)).toEqual(['10.0.0.20']);
  });

  it('keeps an answer about the world back until the addresses in it have been told', async () => {
    const told: ResolvedName[] = [];
    let release = (): void => undefined;
    const { udp } = await start((resolved) => {
      told.push(resolved);
      return new Promise((resolve) => {
        release = resolve;
      });
    });
    const client = createSocket('udp4');
    const received: number[] = [];
    client.on('message', (message: Buffer) => received.push(message.readUInt16BE(0)));
    const ask = (id: number, name: string): void => client.send(encode({ id, questions: [{ name, type: 'A' }] }), udp, '127.0.0.1');
    ask(1, 'EXT1');
    await expect.poll(() => told).toEqual([{ name: 'ext1', addresses: [{ address: '203.0.113.10', ttl: 5 }] }]);
    // Names of the cluster, and those that there are not, say nothing of the world.
    ask(2, 'web.demo.svc.cluster.local');
    ask(3, 'nobody');
    await expect.poll(() => received.length).toBe(2);
    expect(received.sort()).toEqual([2, 3]);
    release();
    await expect.poll(() => received).toContain(1);
    expect(told).toHaveLength(1);
    client.close();
  });

  it('answers several questions on one TCP connection, in pieces, in order', async () => {
    const { tcp } = await start();
    const socket = connect(tcp, '127.0.0.1');
    const framed = [1, 2, 3].map((id) => {
      const body = encode({ id, questions: [{ name: 'web.demo.svc.cluster.local', type: 'A' }] });
      return Buffer.concat([Buffer.from([body.length >> 8, body.length & 255]), body]);
    });
    const bytes = Buffer.concat(framed);
    socket.write(bytes.subarray(0, 9));
    socket.write(bytes.subarray(9));
    let received = Buffer.alloc(0);
    const ids: number[] = [];
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk as Buffer]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        ids.push(received.readUInt16BE(2));
        received = received.subarray(2 + received.readUInt16BE(0));
      }
      if (ids.length === 3) break;
    }
    socket.destroy();
    expect(ids).toEqual([1, 2, 3]);
  });
});
