/**
 * Never a leak at the start of a pod: whatever it sends first towards somebody who is denied is counted
 * where it would arrive. Each pod sends as much towards an allowed peer, which shows that it sends.
 *
 * `WEIR_STARTS=500` starts more pods than the 50 of every run.
 */
import { setTimeout } from 'node:timers/promises';
import { podNetnsName } from '@weir/lab';
import { DatagramStream, datagramCommand, PacketCounter } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { LabCluster } from './support/lab-cluster.ts';

const starts = Number(process.env['WEIR_STARTS'] ?? 50);
/** Pods that start together; more would wait for the processor instead of each other. */
const together = 25;
/** Datagrams that each program sends to each peer, one a millisecond. */
const datagrams = 100;
const image = 'agnhost:2.33';
const waiting = { timeout: 60_000, interval: 100 };

const policies = [
  {
    metadata: { name: 'sender' },
    spec: {
      podSelector: { matchLabels: { app: 'sender' } },
      policyTypes: ['Ingress', 'Egress'],
      egress: [
        {
          to: [{ podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['open', 'guarded'] }] } }],
          ports: [
            { protocol: 'UDP', port: 7001 },
            { protocol: 'TCP', port: 80 },
          ],
        },
      ],
    },
  },
  {
    metadata: { name: 'guarded' },
    spec: { podSelector: { matchLabels: { app: 'guarded' } }, ingress: [{ from: [{ podSelector: { matchLabels: { app: 'open' } } }] }] },
  },
];

/** What arrives at a peer: what its senders' policy allows, what it denies, and connections. */
const matches = {
  allowedByEgress: 'udp dport 7001',
  deniedByEgress: 'udp dport 7002',
  connections: 'tcp dport 80 tcp flags & (syn|ack) == syn',
};
type Arrivals = Record<keyof typeof matches, number>;

describe('a pod that sends with its first instruction', () => {
  let cluster: LabCluster;
  /** Pods that had to wait for the agent and have started since. */
  let waited = 0;
  const addresses: Record<string, string> = {};
  const counters: Record<string, PacketCounter<keyof typeof matches>> = {};

  beforeAll(async () => {
    cluster = await LabCluster.up({ nodes: 2 });
    await apply(policies.map((policy) => ({ apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', ...policy })));
    const serve = { command: ['/agnhost', 'serve-hostname', '--tcp', '--http=false', '--port', '80'] };
    await apply([
      podOf('open', { node: 'node2', app: 'open', containers: [{ ...serve, name: 'main' }] }),
      podOf('guarded-near', { node: 'node1', app: 'guarded', containers: [{ ...serve, name: 'main' }] }),
      podOf('guarded-far', { node: 'node2', app: 'guarded', containers: [{ ...serve, name: 'main' }] }),
    ]);
    await cluster.kubectlOutput('wait --for=condition=Ready pod --all --timeout=60s');
    for (const peer of ['open', 'guarded-near', 'guarded-far']) {
      addresses[peer] = await cluster.addressOf('default', peer);
      counters[peer] = new PacketCounter(await netnsOf(peer), matches);
    }
    await hearAll();
  });
  afterAll(async () => {
    await cluster?.down();
  });

  const apply = (items: readonly unknown[]): Promise<string> =>
    cluster.kubectlOutput('apply -f -', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  const netnsOf = async (pod: string): Promise<string> =>
    podNetnsName(cluster.name, await cluster.kubectlOutput(`get pod ${pod} -o jsonpath='{.metadata.uid}'`));
  const address = (peer: string): string => addresses[peer] ?? '';

  interface PodParts {
    readonly node: string;
    readonly app: string;
    readonly containers: readonly object[];
    readonly initContainers?: readonly object[];
  }
  const podOf = (name: string, { node, app, containers, initContainers = [] }: PodParts): object => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app } },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      initContainers: initContainers.map((each) => ({ image, ...each })),
      containers: containers.map((each) => ({ image, ...each })),
    },
  });

  /** A pod in which an init container, a main container and built-in programs send at once. */
  const sender = (name: string): object => {
    const lane = (peer: string, port: number) => ({ address: address(peer), port, flow: 'all' as const });
    const burst = datagramCommand(datagrams, [
      lane('open', 7001),
      lane('open', 7002),
      lane('guarded-near', 7001),
      lane('guarded-far', 7001),
    ]);
    const connect = (peer: string): readonly string[] => ['/agnhost', 'connect', `${address(peer)}:80`, '--timeout=1s', '--protocol=tcp'];
    return podOf(name, {
      node: 'node1',
      app: 'sender',
      initContainers: [{ name: 'init', command: burst }],
      containers: [
        { name: 'main', command: burst },
        { name: 'open', command: connect('open') },
        { name: 'near', command: connect('guarded-near') },
        { name: 'far', command: connect('guarded-far') },
      ],
    });
  };

  const phases = async (...names: readonly string[]): Promise<string[]> =>
    (await cluster.kubectlOutput(`get pod ${names.join(' ')} -o jsonpath='{..status.phase}'`)).split(' ');
  const finished = (...names: readonly string[]): Promise<void> =>
    vi.waitFor(async () => expect(new Set(await phases(...names))).toEqual(new Set(['Failed'])), waiting);
  const arrivals = async (): Promise<Record<string, Arrivals>> => {
    const counts = Object.entries(counters).map(async ([peer, counter]) => [peer, await counter.settled()] as const);
    return Object.fromEntries(await Promise.all(counts));
  };
  /** Nothing denied, and all that is allowed from the first datagram on. */
  const expectNoLeak = async (pods: number): Promise<void> => {
    const allowed = 2 * datagrams * pods;
    expect(await arrivals()).toEqual({
      open: { allowedByEgress: allowed, deniedByEgress: 0, connections: pods },
      'guarded-near': { allowedByEgress: 0, deniedByEgress: 0, connections: 0 },
      'guarded-far': { allowedByEgress: 0, deniedByEgress: 0, connections: 0 },
    });
  };

  /** Shows that every counter hears whom its peer lets in, and then counts from nothing. */
  const hearAll = async (): Promise<void> => {
    const lanes = Object.values(addresses).map((to) => ({ address: to, port: 7001, flow: 'each' as const }));
    const stream = await DatagramStream.start(await netnsOf('open'), lanes.slice(1));
    await vi.waitFor(() => {
      for (const peer of ['guarded-near', 'guarded-far']) expect(counters[peer]?.counts().allowedByEgress).toBeGreaterThan(0);
    }, waiting);
    await stream.stop();
    await arrivals();
    for (const peer of Object.keys(counters)) counters[peer] = new PacketCounter(await netnsOf(peer), matches);
  };

  /** Sends from and to a pod that nobody announced, past its programs, what its policies and those of the peer allow. */
  const throughClosedLink = async (pod: string): Promise<{ sent: boolean; arrived: number }> => {
    const own = await cluster.addressOf('default', pod);
    const netns = await netnsOf(pod);
    const counter = new PacketCounter(netns, { any: `ip daddr ${own}` });
    const streams = [
      await DatagramStream.start(netns, [{ address: address('open'), port: 7001, flow: 'each' }]),
      await DatagramStream.start(await netnsOf('open'), [{ address: own, port: 7001, flow: 'each' }]),
    ];
    await setTimeout(200);
    const sent = await Promise.all(streams.map((stream) => stream.stop()));
    return { sent: sent.every(([count = 0]) => count > 0), arrived: (await counter.settled()).any };
  };

  it(`leaks nothing in ${starts} starts, as an init container, a main container and a built-in program, and loses nothing that is allowed`, async () => {
    for (let begun = 0; begun < starts; begun += together) {
      const names = Array.from({ length: Math.min(together, starts - begun) }, (_, i) => `sender-${begun + i}`);
      await apply(names.map(sender));
      await finished(...names);
    }
    await expectNoLeak(starts);
  });

  it.each([
    { how: 'hangs', pod: 'waits-1', stop: 'signal?signal=SIGSTOP', resume: 'signal?signal=SIGCONT', reason: 'has not answered for 2 s' },
    { how: 'is down', pod: 'waits-2', stop: 'hold', resume: 'start', reason: 'does not answer' },
  ])(
    'waits while the agent $how, says why in an Event, and starts as closed as ever when it is back',
    async ({ pod, stop, resume, reason }) => {
      const before = await arrivals();
      await cluster.actOn('node1-agent', stop);
      try {
        await apply([sender(pod)]);
        await vi.waitFor(async () => {
          expect(await cluster.kubectlOutput(`describe pod ${pod}`)).toMatch(new RegExp(`FailedCreatePodSandBox .*${reason}`));
        }, waiting);
        expect(await phases(pod)).toEqual(['Pending']);
        expect(await throughClosedLink(pod)).toEqual({ sent: true, arrived: 0 });
        expect(await arrivals()).toEqual(before);
      } finally {
        await cluster.actOn('node1-agent', resume);
      }
      await finished(pod);
      await expectNoLeak(starts + ++waited);
    },
  );
});
