/** Others write into the table of a running agent: it is put right soon, said once, and never a race. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

const drifted = 'the kernel had drifted from the rules';

describe('a table that others write into', () => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger');
    // No comparison but those that the kernel's notifications ask for.
    agent = await world.startAgent('tls', '--resync-seconds', '86400');
    await world.attach(server, friend, stranger);
    await world.becomes(friend, server, true);
    await world.becomes(stranger, server, false);
  });
  afterAll(async () => {
    await world.close();
  });

  const nft = (...command: string[]): string => world.run(world.node, 'nft', ...command);
  const lists = (what: readonly string[], text: string): boolean => {
    try {
      return nft('list', ...what, 'inet', 'weir').includes(text);
    } catch {
      return false;
    }
  };
  const lines = (): number => agent.log.filter(({ msg }) => msg === drifted).length;

  it.each([
    ['all rules deleted', ['flush', 'table', 'inet', 'weir'], () => lists(['table'], 'jump ingress4')],
    ['a map emptied', ['flush', 'map', 'inet', 'weir', 'allow'], () => nft('list', 'map', 'inet', 'weir', 'allow').includes('elements')],
    [
      'a rule of theirs in front of ours',
      ['insert', 'rule', 'inet', 'weir', 'ingress', 'accept'],
      () => !/\n\t\taccept\n/.test(nft('list', 'chain', 'inet', 'weir', 'ingress')),
    ],
    ['the table deleted', ['delete', 'table', 'inet', 'weir'], () => lists(['table'], 'jump ingress4')],
  ] as const)('DP53: is put right after %s', async (_name, command, isRight) => {
    nft(...command);
    await world.until('the table is put right', isRight);
    expect(await world.connects(friend, server, true)).toBe(true);
    expect(await world.connects(stranger, server, false)).toBe(false);
  });

  it('DP53: what was put right again and again is said once, and neither what others do elsewhere nor its own changes ask for anything', async () => {
    await world.untilLogged(agent, drifted);
    expect(lines()).toBe(1);
    nft('add', 'table', 'inet', 'elsewhere');
    nft('delete', 'table', 'inet', 'elsewhere');
    await world.label('stranger', { role: 'friend' });
    await world.becomes(stranger, server, true);
    await world.label('stranger', { role: null });
    await world.becomes(stranger, server, false);
    expect(lines()).toBe(1);
  });

  it('DP53: a program that keeps writing is not raced with, and loses in the end', async () => {
    const until = Date.now() + 2_000;
    while (Date.now() < until) {
      nft('flush', 'chain', 'inet', 'weir', 'ingress4');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await world.becomes(stranger, server, false);
    await world.becomes(friend, server, true);
    expect(lines()).toBe(1);
  });
});
