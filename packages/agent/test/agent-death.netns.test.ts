/**
 * Never a leak while the agent dies, hears nothing or hears nonsense: floods of what no state allows and
 * streams of what every state allows go on, every packet is counted where it arrives, and afterwards the
 * agent enforces what a fresh engine computes.
 *
 * `WEIR_KILLS=100` and `WEIR_OUTAGE_SECONDS=60` are the long run.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@weir/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterChurn } from './support/cluster-churn.ts';
import { untilConverged } from './support/convergence.ts';
import { FalseClock } from './support/false-clock.ts';
import { type AgentProcess, type NodeWorld, openNodeWorld } from './support/node-world.ts';
import { SteadyTraffic, type TrafficCount } from './support/steady-traffic.ts';
import { StruckProcess } from './support/struck-process.ts';

const kills = Number(process.env['WEIR_KILLS'] ?? 5);
const outageSeconds = Number(process.env['WEIR_OUTAGE_SECONDS'] ?? 2);
const seed = Number(process.env['WEIR_SEED'] ?? Date.now() % 1_000_000);

describe(`under floods and churn (WEIR_SEED=${seed})`, () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let traffic: SteadyTraffic;
  let churn: ClusterChurn;
  const random = new Random(seed);

  beforeAll(async () => {
    world = await openNodeWorld();
    agent = await world.startAgent('proxy');
    traffic = await SteadyTraffic.open(world);
    churn = new ClusterChurn(world, random);
  });
  afterAll(async () => {
    await churn?.stop();
    traffic?.close();
    await world?.close();
  });

  /** What was denied did not arrive, what was allowed arrived to the last packet, and there was plenty of both. */
  const expectNoLeakAndNoLoss = ({ sent, arrived }: TrafficCount, least: number): void => {
    expect(arrived).toEqual({
      allowedNew: sent.allowedNew,
      allowedEstablished: sent.allowedEstablished,
      deniedPort: 0,
      deniedPeer: 0,
    });
    for (const count of Object.values(sent)) expect(count).toBeGreaterThan(least);
  };
  const throughFault = async (fault: () => Promise<void>): Promise<TrafficCount> => {
    const before = churn.changes;
    churn.start();
    return traffic.countWhile(async () => {
      await fault();
      await world.until('there was churn', () => churn.changes >= before + 10);
      await churn.stop();
      await untilConverged(world);
    });
  };

  it(
    `is killed ${kills} times, also while it starts: nothing leaks, nothing allowed is lost`,
    async () => {
      const count = await throughFault(async () => {
        for (let i = 0; i < kills; i++) {
          if (i % 2 === 0) await world.untilReady();
          await sleep(random.integer(0, 400));
          await agent.end('SIGKILL');
          agent = await world.startAgent('proxy');
        }
        await world.untilReady();
      });
      expectNoLeakAndNoLoss(count, 500);
    },
    kills * 5_000 + 60_000,
  );

  it(
    `hears nothing of the API server for ${outageSeconds} s: its rules stay, it says so once, and catches up`,
    async () => {
      const lines = agent.log.length;
      const count = await throughFault(async () => {
        await sleep(500);
        await world.closeApi();
        await world.until('the loss is noticed', async () => (await world.gate('GET', '/v1/health')).json.connected === false);
        await sleep(outageSeconds * 1_000);
        await world.openApi();
        await sleep(500);
      });
      expectNoLeakAndNoLoss(count, 500);
      await world.untilLogged(agent, 'the API server answers again');
      const told = agent.log.slice(lines).filter(({ level }) => level === 'warn' || level === 'error');
      // One line a minute for each kind of object, and what there is to say of status and policies.
      expect(told.length).toBeGreaterThan(0);
      expect(told.length).toBeLessThan(12 * (1 + outageSeconds / 60));
    },
    outageSeconds * 2_000 + 60_000,
  );

  it('hears nonsense: late, twice, again, cut in the middle, between bookmarks that lie, and 410 Gone', async () => {
    world.proxy.disturbance = { random, delayMs: 100, twice: 0.2, replay: 0.2, lie: 0.05, cut: 0.05 };
    try {
      const count = await throughFault(async () => {
        world.proxy.cut();
        await sleep(2_000);
        world.proxy.expireWatches();
        await world.until('three watches are told that their version is gone', () => world.proxy.expired === 3);
      });
      expectNoLeakAndNoLoss(count, 500);
    } finally {
      world.proxy.disturbance = undefined;
      world.proxy.cut();
    }
  });

  it.each([
    { how: 'fail', fault: { error: 'ENOBUFS' } },
    { how: 'take long', fault: { delayMs: 30 } },
  ] as const)('has transactions that $how in the kernel: the old rules stay, it says so, and catches up', async ({ fault }) => {
    let struck: StruckProcess | undefined;
    try {
      const count = await throughFault(async () => {
        struck = await StruckProcess.strike(agent.child.pid ?? 0, fault);
        if ('error' in fault) {
          await world.until('the failure is told', async () => (await world.gate('GET', '/v1/health')).json.lastError?.includes('ENOBUFS'));
        }
        await sleep(1_500);
        await struck.heal();
      });
      expectNoLeakAndNoLoss(count, 500);
      if ('error' in fault) await world.untilLogged(agent, 'changes are applied again');
    } finally {
      await struck?.heal();
    }
  });

  it('has a clock that is put forward and back by hours', async () => {
    await agent.end('SIGTERM');
    const clock = new FalseClock(world.directory);
    world.agentEnvironment = clock.environment;
    agent = await world.startAgent('proxy', '--log-level', 'debug');
    await world.untilReady();
    const isOff = (hours: number) => () =>
      agent.log.some(({ time }) => Math.abs(Date.parse(String(time)) - Date.now() - hours * 3_600_000) < 600_000);
    const count = await throughFault(async () => {
      for (const hours of [5, -7, 0]) {
        clock.put(hours);
        await world.until(`the agent's clock is ${hours} hours off`, isOff(hours));
        await sleep(500);
      }
    });
    expectNoLeakAndNoLoss(count, 500);
  });
});
