/** Before or behind kube-proxy's chains, on packets; and the lock that programs of iptables share. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IptablesDataplane, type IptablesOptions } from '../../src/iptables/iptables-dataplane.ts';
import { type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, pause, type World } from '../conformance/world.ts';

const onlyA: StateText = { sets: { a: { a: 'member' } }, ingress: { b: [{ peer: ['a'], protocol: 6, ports: [80] }] } };

describe.each(['nft', 'legacy'] as const)('the place of Weir in iptables (%s)', (flavour) => {
  let world: World;
  const open: IptablesDataplane[] = [];

  beforeAll(async () => {
    world = await openWorld();
    // What kube-proxy does with what it has to masquerade, here all that c sends; then somebody's drop.
    iptables(
      '-t',
      'mangle',
      '-A',
      'PREROUTING',
      '-i',
      defined(world.podInterface('c'), 'c has a link'),
      '-j',
      'MARK',
      '--or-mark',
      '0x4000',
    );
    iptables('-N', 'KUBE-FORWARD');
    iptables('-A', 'KUBE-FORWARD', '-m', 'mark', '--mark', '0x4000/0x4000', '-j', 'ACCEPT');
    iptables('-A', 'FORWARD', '-j', 'KUBE-FORWARD');
    iptables('-A', 'FORWARD', '-p', 'tcp', '--dport', '81', '-j', 'DROP');
  });
  afterEach(async () => {
    for (const dataplane of open.splice(0)) {
      await dataplane.remove();
      await dataplane.close();
    }
  });
  afterAll(async () => {
    await world?.close();
  });

  const iptables = (...args: string[]): string => world.run('node', `iptables-${flavour}`, ...args);
  const start = (options: Partial<IptablesOptions> = {}): IptablesDataplane => {
    inNetns(world.netns('node'), () => {
      open.push(new IptablesDataplane({ podInterfaces: [world.podInterfacePrefix], flavour, ...options }));
    });
    return defined(open.at(-1), 'a data plane is made');
  };
  const state = () => stateDelta(onlyA, (pod) => world.podInterface(pod));
  const outcomes = async (wanted: Readonly<Record<string, 'answered' | 'silence'>>): Promise<void> => {
    const tries = Object.entries(wanted).map(async ([flow, outcome]) => {
      const [from, to, port] = flow.split(' ') as ['a' | 'c', 'a' | 'b', string];
      const expected = outcome === 'answered' ? 'allowed' : 'denied';
      return [flow, await world.attempt({ from, to, protocol: 'tcp', port: Number(port), family: 4, expect: expected })];
    });
    expect(Object.fromEntries(await Promise.all(tries))).toEqual(wanted);
  };

  it('is the first, so that what kube-proxy accepts is judged before; a drop of somebody behind both still drops', async () => {
    await start().apply(state());
    // To a, which nobody isolates: its packets return, and meet what stands behind.
    await outcomes({ 'a b 80': 'answered', 'c b 80': 'silence', 'c a 80': 'answered', 'b a 81': 'silence' });
  });

  it('is behind kube-proxy where that is asked for, so that what that accepts goes past policies', async () => {
    await start({ position: 'after-kube-proxy' }).apply(state());
    await outcomes({ 'a b 80': 'answered', 'c b 80': 'answered', 'b a 81': 'silence' });
  });

  if (flavour === 'legacy') {
    it('waits for the lock that another program of iptables holds', async () => {
      const holder = spawn('sh', ['-c', "exec flock /run/xtables.lock sh -c 'echo held; cat'"], { stdio: ['pipe', 'pipe', 'inherit'] });
      try {
        await once(holder.stdout, 'data');
        const applying = start().apply(state());
        expect(await Promise.race([applying.then(() => 'applied'), pause(500).then(() => 'waiting')])).toBe('waiting');
        holder.stdin.end();
        await applying;
        await outcomes({ 'a b 80': 'answered' });
      } finally {
        holder.stdin.end();
        holder.kill();
      }
    });
  }
});
