/**
 * The agent is killed again and again while the cluster changes, on each back end but nftables, of which
 * `agent-death` tells more: nothing leaks, and nothing that every state allows is lost.
 *
 * `WEIR_KILLS=100` is the long run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { createEbpfDataplane, createIptablesDataplane, type Dataplane } from '@weir/dataplane';
import { Random } from '@weir/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { ClusterChurn } from '../packages/agent/test/support/cluster-churn.ts';
import { untilConverged } from '../packages/agent/test/support/convergence.ts';
import { type NodeWorld, openNodeWorld } from '../packages/agent/test/support/node-world.ts';
import { allowedPort, SteadyTraffic } from '../packages/agent/test/support/steady-traffic.ts';
import { HnsEmulator } from '../packages/lab/src/hns-emulator/hns-emulator.ts';
import { serveHns } from '../packages/lab/src/hns-emulator/hns-server.ts';
import { inNode } from './packets/back-ends.ts';
import { OutageWatch } from './packets/outage-watch.ts';

const kills = Number(process.env['WEIR_KILLS'] ?? 2);
const seed = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);

/** What a back end needs besides the agent. */
interface Surroundings {
  readonly agentOptions: readonly string[];
  /** Takes away what the agents left, and what was made for them. */
  readonly close: () => Promise<void>;
}

/** Pins and mounts stay with the machine when the agent ends, so it is not started behind mounts of its own. */
function onLinux(name: 'iptables' | 'ebpf', open: (options: { podInterfaces: string[] }) => Dataplane) {
  return async (world: NodeWorld): Promise<Surroundings> => {
    world.agentStarter = ['nsenter', `--mount=/proc/${process.pid}/ns/mnt`];
    return {
      agentOptions: ['--dataplane', name],
      close: async () => {
        const dataplane = inNode(world.node, () => open({ podInterfaces: [world.prefix] }));
        await dataplane.remove();
        await dataplane.close();
      },
    };
  };
}

/** HNS outlives the agent, and has an endpoint for each link. */
async function besideHns(world: NodeWorld): Promise<Surroundings> {
  const hns = inNode(world.node, () => new HnsEmulator());
  const socket = `${world.directory}/hns.sock`;
  const server = await serveHns(socket, hns);
  world.podNetwork = {
    beforeLink: async ({ address, address6, interface: link }) => {
      await hns.createEndpoint({ addresses: [address, address6], interface: link });
    },
    afterUnlink: async ({ interface: link }) => {
      const id = hns.endpointOf(link);
      if (id !== undefined) await hns.deleteEndpoint(id);
    },
  };
  return {
    agentOptions: ['--dataplane', 'hns', '--hns-socket', socket],
    close: async () => {
      server.closeAllConnections();
      server.close();
      hns.remove();
      hns.close();
    },
  };
}

describe(`under floods and churn (WEIR_SEED=${seed})`, () => {
  const closers: (() => Promise<void> | void)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it.each([
    ['iptables', onLinux('iptables', createIptablesDataplane)],
    ['ebpf', onLinux('ebpf', createEbpfDataplane)],
    ['hns', besideHns],
  ] as const)(
    `the agent with %s is killed ${kills} times, also while it starts: nothing leaks, nothing allowed is lost`,
    async (name, surround) => {
      const random = new Random(seed);
      const world = await openNodeWorld();
      closers.push(() => world.close());
      const { agentOptions, close } = await surround(world);
      closers.push(close);
      let agent = await world.startAgent('proxy', ...agentOptions);
      closers.push(async () => void (await agent.end('SIGKILL')));
      const traffic = await SteadyTraffic.open(world);
      closers.push(() => traffic.close());
      const churn = new ClusterChurn(world, random);
      closers.push(() => churn.stop());
      churn.start();
      const outage = new OutageWatch({
        match: `ip saddr ${traffic.friend.address} udp dport ${allowedPort}`,
        sentThrough: world.node,
        arrivedAt: traffic.server.netns,
      });
      closers.push(async () => void (await outage.stop()));
      const { sent, arrived } = await traffic.countWhile(async () => {
        for (let i = 0; i < kills; i++) {
          if (i % 2 === 0) await world.untilReady();
          await sleep(random.integer(0, 400));
          await agent.end('SIGKILL');
          agent = await world.startAgent('proxy', ...agentOptions);
        }
        await world.untilReady();
        await world.until('there was churn', () => churn.changes >= 10);
        await churn.stop();
        await untilConverged(world);
      });
      const outageMs = await outage.stop();
      const lost = sent.allowedNew + sent.allowedEstablished - arrived.allowedNew - arrived.allowedEstablished;
      for (const count of Object.values(sent)) expect(count).toBeGreaterThan(500);
      expect([arrived.deniedPort, arrived.deniedPeer]).toEqual([0, 0]);
      // HNS changes one set or endpoint at a time and narrows before it widens: what loses a moment does not lose a second.
      if (name !== 'hns') expect(lost).toBe(0);
      expect(outageMs).toBeLessThan(1_000);
      if (kills >= 10) {
        const told = { kills, changes: churn.changes, sent, lost, longestOutageMs: Math.round(outageMs) };
        process.stdout.write(`${name}: ${JSON.stringify(told)}\n`);
      }
    },
    kills * 10_000 + 60_000,
  );
});
