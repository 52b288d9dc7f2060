/** Others write into the chains and sets of a running agent with iptables: it is put right soon, while changes go on. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AgentProcess, allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

const drifted = 'the kernel had drifted from the rules';

describe.each(['nft', 'legacy'])('chains of iptables (%s) that others write into', (flavour) => {
  let world: NodeWorld;
  let agent: AgentProcess;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;
  let churning: Promise<void>;
  const over = new AbortController();

  beforeAll(async () => {
    world = await openNodeWorld();
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger');
    // No comparison but those that the back end asks for.
    agent = await world.startAgent('tls', '--resync-seconds', '86400', '--dataplane', 'iptables', '--iptables-flavour', flavour);
    await world.attach(server, friend, stranger);
    await world.becomes(friend, server, true);
    await world.becomes(stranger, server, false);
    churning = churn();
  });
  afterAll(async () => {
    over.abort();
    await churning;
    await world?.close();
  });

  /** A policy of nobody that is here comes and goes. */
  const churn = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await world.addPolicy('churn', allowFrom({ app: 'nobody' }, { role: 'nobody' }));
      await world.label('stranger', { round: 'one' });
      await world.deletePolicy('churn');
      await world.label('stranger', { round: 'two' });
    }
  };
  const iptables = (...args: string[]): string => world.run(world.node, `iptables-${flavour}`, ...args);
  const saved = (): string => world.run(world.node, `iptables-${flavour}-save`);
  const setOf = (address: string): string => {
    const found = new RegExp(`^add (weir4-p\\d+) ${address.replaceAll('.', '\\.')}$`, 'm').exec(world.run(world.node, 'ipset', 'save'));
    if (found?.[1] === undefined) throw new Error(`${address} is in no set of peers`);
    return found[1];
  };

  it('DP53: are put right after each of them, while changes go on', async () => {
    const tamperings: Readonly<Record<string, readonly [tamper: () => void, isRight: () => boolean]>> = {
      'a flushed hook': [() => iptables('-F', 'FORWARD'), () => saved().includes('-A FORWARD -j WEIR-FORWARD')],
      'a rule of theirs in front of ours': [
        () => iptables('-I', 'WEIR-FORWARD', '-j', 'RETURN'),
        () => !saved().includes('-A WEIR-FORWARD -j RETURN'),
      ],
      'a deleted member': [
        () => world.run(world.node, 'ipset', 'del', setOf(friend.address), friend.address),
        () => setOf(friend.address) !== '',
      ],
      'an added member': [
        () => world.run(world.node, 'ipset', 'add', setOf(friend.address), stranger.address),
        () => !world.run(world.node, 'ipset', 'save').includes(`add ${setOf(friend.address)} ${stranger.address}\n`),
      ],
    };
    // Of legacy nothing is told, whatever it is: one of them is enough.
    for (const [name, [tamper, isRight]] of Object.entries(tamperings).slice(0, flavour === 'nft' ? undefined : 1)) {
      tamper();
      await world.until(`${name} is put right`, () => {
        try {
          return isRight();
        } catch {
          return false;
        }
      });
      expect(await world.connects(friend, server, true)).toBe(true);
      expect(await world.connects(stranger, server, false)).toBe(false);
    }
    await world.untilLogged(agent, drifted);
  });
});
