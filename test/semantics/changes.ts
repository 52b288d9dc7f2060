/**
 * What every back end promises about change: updates under load, connections that are established,
 * pods that come back, drift, and a kernel as it was when all is taken away.
 */
import type { Socket } from 'node:net';
import { connectTcp } from '@weir/kernel';
import type { NetworkPolicy } from '@weir/kube';
import { netpolPolicy as policy, type World } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type BackEnd, cutting } from '../packets/back-ends.ts';
import type { LoadLane } from '../packets/load-prober.ts';
import { countWhile } from '../packets/load-run.ts';
import { PolicedNetwork } from '../packets/policed-network.ts';
import { podAddressOf, twoNodeWorld } from '../packets/two-node-world.ts';
import { nodeState } from './node-state.ts';

const node = 'node-0';
const loadMs = Number(process.env['WEIR_LOAD_SECONDS'] ?? 1.5) * 1_000;
/** Says how long repairs took. */
const tellsFigures = process.env['WEIR_FIGURES'] !== undefined;
/** All three are on node-0. */
const [client, server, other] = ['x/a', 'x/c', 'z/c'] as const;

/** What others may do to what a back end made: commands in the node, or something that is called with the name of its namespace. */
export type Vandalism = readonly string[] | ((netns: string) => Promise<void>);

/** Declares them for one back end. */
export function describeChanges(backEnd: BackEnd, vandalisms: Readonly<Record<string, Vandalism>>): void {
  describe(`${backEnd.name}: changes`, () => {
    let policed: PolicedNetwork;
    const connections: Socket[] = [];
    beforeAll(() => {
      policed = new PolicedNetwork(backEnd);
    });
    afterEach(async () => {
      for (const socket of connections.splice(0)) socket.destroy();
      await policed.reset();
    });
    afterAll(async () => {
      await policed.close();
    });

    const letIn = (...ports: readonly number[]): NetworkPolicy =>
      policy('x', 'let-in', {
        podSelector: { matchLabels: { pod: 'c' } },
        policyTypes: ['Ingress'],
        ingress: [
          {
            from: [{ podSelector: { matchLabels: { pod: 'a' } } }],
            ports: ports.flatMap((port) => [
              { protocol: 'UDP', port },
              { protocol: 'TCP', port },
            ]),
          },
        ],
      });
    const worldOf = (...ports: readonly number[]): World => twoNodeWorld({ policies: [letIn(...ports)] });
    const inNode = (command: readonly string[]): string => policed.network.run(policed.network.nodeNetns(node), command);

    const connect = async (from: string, port: number, waitMs = 10_000): Promise<Socket | undefined> => {
      const socket = connectTcp({ netns: policed.network.holderOf(podAddressOf(from, 4)), address: podAddressOf(server, 4), port });
      socket.on('error', () => undefined);
      connections.push(socket);
      return new Promise((resolve) => {
        const timer = setTimeout(() => resolve(undefined), waitMs);
        socket.once('connect', () => {
          clearTimeout(timer);
          resolve(socket);
        });
      });
    };
    const answers = (socket: Socket | undefined, waitMs: number): Promise<boolean> =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve(false), waitMs);
        socket?.once('data', () => {
          clearTimeout(timer);
          resolve(true);
        });
        socket?.write('hello');
      });

    it('while port 80 is let in and then 81 instead, to and fro, 82 is never open, and nobody else gets in', async () => {
      await policed.moveTo(worldOf(80));
      const change = await policed.alternation(worldOf(80), worldOf(81));
      const lane = (from: string, port: number, family: 4 | 6, protocol: 'UDP' | 'TCP'): LoadLane => {
        const source = podAddressOf(from, family);
        return { protocol, source, destination: podAddressOf(server, family), port, netns: policed.network.holderOf(source) };
      };
      const both = (from: string, port: number): LoadLane[] => [lane(from, port, 4, 'UDP'), lane(from, port, 6, 'TCP')];
      const lanes = [...both(client, 80), ...both(client, 81), ...both(client, 82), ...both(other, 80), ...both(other, 81)];
      let changes = 0;
      const counts = await countWhile(policed.network, { packetsPerSecond: 10_000, lanes }, async () => {
        for (const end = performance.now() + loadMs; performance.now() < end || changes < 10 || changes % 2 === 1; changes++) {
          await change(changes % 2 === 1);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      });
      expect(counts.every(({ sent }) => sent > 100)).toBe(true);
      const arrived = counts.map((each) => each.arrived);
      // Both states are seen, and neither the whole time.
      expect(arrived.slice(0, 4).every((count, i) => count > 0 && count < (counts[i]?.sent ?? 0))).toBe(true);
      expect(arrived.slice(4)).toEqual([0, 0, 0, 0, 0, 0]);
      expect(policed.replaced).toEqual([]);
    });

    it('a connection that is established goes on when new ones are no longer let in', async () => {
      await policed.moveTo(worldOf(80));
      const open = await connect(client, 80);
      expect(await answers(open, 10_000)).toBe(true);
      await policed.moveTo(worldOf(81));
      expect(await connect(client, 80, 500)).toBeUndefined();
      expect(await answers(open, 10_000)).toBe(true);
    });

    it('a pod that comes back with the same address has its own rules and none of the connections of the one before', async () => {
      await policed.moveTo(worldOf(80));
      const open = await connect(client, 80);
      expect(await answers(open, 10_000)).toBe(true);
      const world = worldOf(81);
      const pods = world.pods.map((pod) => {
        const isServer = `${pod.metadata.namespace}/${pod.metadata.name}` === server;
        return isServer ? { ...pod, metadata: { ...pod.metadata, uid: 'another' } } : pod;
      });
      await policed.moveTo({ ...world, pods: pods.filter(({ metadata }) => metadata.uid !== 'another') });
      await policed.moveTo({ ...world, pods });
      expect(await connect(client, 80, 500)).toBeUndefined();
      expect(await connect(client, 81)).toBeDefined();
      expect(await answers(open, 500)).toBe(false);
    });

    it.each(Object.entries(vandalisms))('%s is noticed, told and repaired', async (name, vandalism) => {
      await policed.moveTo(worldOf(80));
      expect(await policed.drift()).toEqual([]);
      const { dataplane } = policed.node(node);
      const noticed = new Promise<void>((resolve) => dataplane.watch(resolve));
      const startedAt = performance.now();
      if (typeof vandalism === 'function') await vandalism(policed.network.nodeNetns(node));
      else for (const command of vandalism) inNode(['sh', '-c', command]);
      await noticed;
      expect((await policed.drift()).join('; ')).toMatch(/^node-0: /);
      if (tellsFigures) process.stdout.write(`${backEnd.name}, ${name}: repaired after ${Math.round(performance.now() - startedAt)} ms\n`);
      expect(await policed.drift()).toEqual([]);
      expect(await connect(client, 80)).toBeDefined();
      expect(await connect(client, 82, 500)).toBeUndefined();
      expect(await connect(other, 80, 500)).toBeUndefined();
    });

    it('leaves the kernel as it was before, rules of others among it', async () => {
      await policed.moveTo(worldOf(80));
      await policed.reset();
      for (const command of [
        ['nft', 'add table inet admin { chain forward { type filter hook forward priority 0; ip daddr 203.0.113.1 drop; }; }'],
        ['iptables', '-A', 'FORWARD', '-d', '203.0.113.2', '-j', 'DROP'],
        ['ip6tables', '-A', 'INPUT', '-s', '2001:db8::2', '-j', 'DROP'],
        ['ipset', 'create', 'admin', 'hash:ip'],
        ['ipset', 'add', 'admin', '203.0.113.3'],
      ]) {
        inNode(command);
      }
      const state = (): string[] => nodeState(inNode);
      const before = state();
      for (const mode of backEnd.name === 'hns' ? (['keep'] as const) : (['keep', 'cut'] as const)) {
        await policed.reset(mode === 'cut' ? cutting(backEnd) : backEnd);
        await policed.moveTo(worldOf(80));
        expect(state()).not.toEqual(before);
        expect(await connect(client, 80)).toBeDefined();
        await policed.reset(backEnd);
        expect(state()).toEqual(before);
      }
    });
  });
}
