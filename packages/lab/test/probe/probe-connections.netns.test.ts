import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import type { Socket as DatagramSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { createNetns, deleteNetns, listenTcp, openUdp } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRawSctpDoor } from '../../src/images/sctp/raw-sctp-door.ts';
import { SctpStack } from '../../src/images/sctp/sctp-stack.ts';
import {
  attachNode,
  attachPod,
  createVirtualNetwork,
  nodeNetnsName,
  type Probe,
  podNetnsName,
  probeConnections,
  removeNetwork,
  usualNetwork,
} from '../../src/index.ts';

/** Ports of the pod `server`: one that answers, one that nobody serves, one that the node drops. */
const ports = { served: 7000, unserved: 7001, dropped: 7002 } as const;
const address = '10.224.1.1';

const cluster = `weirt-${randomBytes(4).toString('hex')}`;
const to = (port: number, protocol: Probe['protocol'] = 'TCP'): Probe => ({
  source: { kind: 'pod', uid: 'client' },
  address,
  port,
  protocol,
});

/** Runs a command in a namespace of the cluster. */
const inside = (netns: string, command: string): string =>
  execFileSync('ip', ['netns', 'exec', netns, 'sh', '-c', command], { encoding: 'utf8' });
const descriptors = (): number => readdirSync('/proc/self/fd').length;

describe('probes from inside the pods', () => {
  let server: Server;
  let udp: DatagramSocket;
  let accepted = 0;

  beforeAll(async () => {
    await createVirtualNetwork({ cluster, network: usualNetwork(false) });
    await attachNode({ cluster, node: 'n1', addresses: ['10.224.0.4'], podBlocks: ['10.224.1.0/24'] });
    for (const [uid, ip] of [
      ['server', address],
      ['client', '10.224.1.2'],
    ] as const) {
      await attachPod({ cluster, node: 'n1', uid, addresses: [ip] });
    }
    const netns = podNetnsName(cluster, 'server');
    server = listenTcp(
      createServer((client) => {
        accepted += 1;
        client.on('error', () => undefined);
        client.resume();
      }),
      { netns, address: '::', port: ports.served },
    );
    udp = openUdp({ netns, address: '0.0.0.0', port: ports.served });
    udp.on('message', (_, from) => udp.send('here', from.port, from.address));
    const rules = `add table ip t; add chain ip t c { type filter hook forward priority 0; }; add rule ip t c th dport ${ports.dropped} drop`;
    inside(nodeNetnsName(cluster, 'n1'), `nft '${rules}'`);
  });
  afterAll(() => {
    server?.close();
    udp?.close();
    removeNetwork(cluster);
  });

  it('tell an answer, a refusal and silence apart, in the order of the questions, over TCP and UDP', async () => {
    const probes = (['TCP', 'UDP'] as const).flatMap((protocol) => Object.values(ports).map((port) => to(port, protocol)));
    const { answers, slowestMs } = await probeConnections({ cluster, probes, timeoutMs: 2_000 });
    expect(answers).toEqual(['connected', 'refused', 'timeout', 'connected', 'refused', 'timeout']);
    expect(slowestMs).toBeGreaterThan(0);
  });

  it('tell them apart over SCTP as well, where a program of the pod speaks it', async () => {
    const stack = new SctpStack(openRawSctpDoor(podNetnsName(cluster, 'server')));
    stack.listen(ports.served, () => ({}));
    try {
      const probes = Object.values(ports).map((port) => to(port, 'SCTP'));
      const { answers } = await probeConnections({ cluster, probes, timeoutMs: 2_000 });
      expect(answers).toEqual(['connected', 'refused', 'timeout']);
    } finally {
      stack.close();
    }
  });

  it('hear of every port that no program of the pod has over SCTP, where none speaks it, however many are tried', async () => {
    const many = Array.from({ length: 200 }, (_, index) => to(8_000 + index, 'SCTP'));
    const before = descriptors();
    const { answers } = await probeConnections({ cluster, probes: [...many, to(ports.dropped, 'SCTP')], timeoutMs: 2_000 });
    expect(answers.slice(0, -1).filter((answer) => answer !== 'refused')).toEqual([]);
    expect(answers.at(-1)).toBe('timeout');
    expect(descriptors()).toBe(before);
  });

  it('end at once where a packet cannot be sent, and go on with nothing afterwards', async () => {
    const uid = 'lonely';
    createNetns(podNetnsName(cluster, uid));
    try {
      const timers = (): number => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
      const before = timers();
      const probe: Probe = { ...to(0, 'ICMP'), source: { kind: 'pod', uid } };
      const { answers } = await probeConnections({ cluster, probes: [probe], timeoutMs: 60_000 });
      expect(answers).toEqual(['error']);
      expect(timers()).toBe(before);
    } finally {
      deleteNetns(podNetnsName(cluster, uid));
    }
  });

  it('tell whether an ICMP echo comes back', async () => {
    const silent = { ...to(0, 'ICMP'), address: '10.224.1.99' };
    const { answers } = await probeConnections({ cluster, probes: [to(0, 'ICMP'), silent, to(0, 'ICMP')], timeoutMs: 500 });
    expect(answers).toEqual(['connected', 'timeout', 'connected']);
  });

  it('tell of a pod that is not there instead of waiting', async () => {
    const protocols = ['TCP', 'UDP', 'SCTP', 'ICMP'] as const;
    const gone = protocols.map((protocol) => ({ ...to(ports.served, protocol), source: { kind: 'pod', uid: 'nobody' } as const }));
    expect(await probeConnections({ cluster, probes: gone, timeoutMs: 60_000 })).toEqual({
      answers: protocols.map(() => 'error'),
      slowestMs: 0,
    });
  });

  it('open no more sockets at a time than they may, whatever is asked', async () => {
    const before = descriptors();
    const probes = Array.from({ length: 300 }, (_, index) => to(index % 2 === 0 ? ports.dropped : ports.served));
    let most = 0;
    let said = 0;
    const { answers } = await probeConnections({
      cluster,
      probes,
      timeoutMs: 200,
      concurrency: 50,
      onProgress: (answered) => {
        said = answered;
        most = Math.max(most, descriptors());
      },
    });
    expect(answers.filter((_, index) => index % 2 === 0).every((answer) => answer === 'timeout')).toBe(true);
    expect(answers).toContain('connected');
    expect(answers).not.toContain('error');
    expect(said).toBe(300);
    // A connection has its second end in this process here, as one that was accepted.
    expect(most - before).toBeLessThanOrEqual(2 * 50 + 20);
  });

  it('leave no connection behind, at neither end', async () => {
    const before = accepted;
    const { answers } = await probeConnections({ cluster, probes: Array.from({ length: 200 }, () => to(ports.served)), timeoutMs: 5_000 });
    expect(answers.every((answer) => answer === 'connected')).toBe(true);
    await expect.poll(() => accepted - before, { timeout: 20_000 }).toBe(200);
    for (const uid of ['client', 'server']) {
      const sockets = (): string => inside(podNetnsName(cluster, uid), 'cat /proc/net/tcp /proc/net/tcp6').replaceAll(/^.* 0A .*$/gm, '');
      await expect
        .poll(
          () =>
            sockets()
              .split('\n')
              .filter((line) => /^\s*\d+:/.test(line)),
          { timeout: 20_000 },
        )
        .toEqual([]);
    }
  });
});
