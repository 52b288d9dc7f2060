/** What ipset does not take as it is (a block of everything, exceptions) is in force all the same, on real packets. */
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { IptablesDataplane } from '../../src/iptables/iptables-dataplane.ts';
import { type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, type World } from '../conformance/world.ts';

const everything = ['0.0.0.0/0', '::/0'];
const sets = { friends: { a: 'member' as const } };
const rule = (...peer: string[]): StateText => ({ sets, ingress: { b: [{ peer, protocol: 6, ports: [80] }] } });

describe('peers of iptables', () => {
  let world: World;
  const open: IptablesDataplane[] = [];

  beforeAll(async () => {
    world = await openWorld();
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

  const enforce = async (text: StateText): Promise<void> => {
    inNetns(world.netns('node'), () => {
      open.push(new IptablesDataplane({ podInterfaces: [world.podInterfacePrefix], flavour: 'nft' }));
    });
    const dataplane = defined(open.at(-1), 'a data plane is made');
    expect((await dataplane.apply(stateDelta(text, (pod) => world.podInterface(pod)))).quarantined).toEqual([]);
    expect(await dataplane.resync()).toEqual({ drifted: [], repaired: false });
  };
  const outcomes = async (wanted: Readonly<Record<'a' | 'c' | 'ext', 'answered' | 'silence'>>): Promise<void> => {
    const tries = (['a', 'c', 'ext'] as const).flatMap((from) =>
      ([4, 6] as const).map(async (family) => {
        const expected = wanted[from] === 'answered' ? 'allowed' : 'denied';
        return [`${from} IPv${family}`, await world.attempt({ from, to: 'b', protocol: 'tcp', port: 80, family, expect: expected })];
      }),
    );
    const expected = Object.entries(wanted).flatMap(([from, outcome]) => [4, 6].map((family) => [`${from} IPv${family}`, outcome]));
    expect(await Promise.all(tries)).toEqual(expected);
  };
  const members = (): string[] =>
    [...world.run('node', 'ipset', 'save').matchAll(/^add weir[46]-p\d+ (.*)$/gm)].map(([, member = '']) => member).sort();

  it('DP8: a block of everything lets everybody in, as the two halves that ipset takes', async () => {
    await enforce({ ...rule('everything'), ranges: { everything } });
    expect(members()).toEqual(['0.0.0.0/1', '128.0.0.0/1', '8000::/1', '::/1']);
    await outcomes({ a: 'answered', c: 'answered', ext: 'answered' });
  });

  it('DP8: a block of everything but one address keeps that one out, a half that is excepted too', async () => {
    await enforce({ ...rule('rest'), ranges: { rest: ['0.0.0.0/0 except 10.77.0.1/32', '::/0 except fd77::a/128'] } });
    await outcomes({ a: 'silence', c: 'answered', ext: 'answered' });
    await enforce({ ...rule('half'), ranges: { half: ['0.0.0.0/0 except 0.0.0.0/1', '::/0 except ::/1'] } });
    expect(members()).toEqual(['128.0.0.0/1', '8000::/1']);
  });

  it('DP10: pods that are excepted from a block of everything are members that do not match', async () => {
    await enforce({ ...rule('everything', '!friends'), ranges: { everything } });
    expect(members()).toEqual(expect.arrayContaining(['10.77.0.1 nomatch', 'fd77::a nomatch']));
    await outcomes({ a: 'silence', c: 'answered', ext: 'answered' });
  });
});
