/** What the nftables back end promises beyond verdicts: others' rules, takeover, drift, counters, handover. */
import { execFile } from 'node:child_process';
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { addressFromWords, compareAddresses, defined, type Flow, parseAddress } from '@weir/net';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DriftReport } from '../../src/dataplane.ts';
import { createNftablesDataplane, type NftablesDataplane, type NftablesOptions } from '../../src/nftables/index.ts';
import { deltaBetween, emptyDelta, type StateText, stateDelta } from '../conformance/state.ts';
import { addressOf, hostAddresses, openWorld, pause, type World } from '../conformance/world.ts';

const allowAtoB: StateText = { sets: { a: { a: 'member' } }, ingress: { b: [{ id: 'let-a-in', peer: ['a'], protocol: 6, ports: [80] }] } };
const none = { drifted: [], repaired: false };

/** Runs a program in a namespace while the servers of this process go on answering. */
function runAsync(netns: string, ...command: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('ip', ['netns', 'exec', netns, ...command], (error, stdout) => (error === null ? resolve(stdout) : reject(error)));
  });
}

describe('nftables back end', () => {
  let world: World;
  const open: NftablesDataplane[] = [];
  const replaced: string[] = [];

  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    replaced.length = 0;
    for (const dataplane of open) {
      await dataplane.remove();
      await dataplane.close();
    }
    open.length = 0;
  });
  afterAll(async () => {
    await world.close();
  });

  const start = (more: Partial<NftablesOptions> = {}): NftablesDataplane => {
    const onReplace = (error: Error): void => void replaced.push(error.message);
    const options = { podInterfaces: [world.podInterfacePrefix], onReplace, ...more };
    let made: NftablesDataplane | undefined;
    inNetns(world.netns('node'), () => {
      made = createNftablesDataplane(options);
    });
    open.push(defined(made, 'a data plane is made'));
    return defined(made, 'a data plane is made');
  };
  const delta = (text: StateText): Delta => stateDelta(text, (pod) => world.podInterface(pod));
  const nft = (...command: string[]): string => world.run('node', 'nft', ...command);
  /** What tells this table from one made later under its name. */
  const tableHandle = (): string =>
    defined(nft('-a', '-t', 'list', 'table', 'inet', 'weir').match(/weir \{ # handle \d+/)?.[0], 'a handle');
  const tcp = (from: 'a' | 'b' | 'c', expected: 'allowed' | 'denied') =>
    world.attempt({ from, to: 'b', protocol: 'tcp', port: 80, family: 4, expect: expected });

  it('DP30: leaves tables of others as they are, and nothing of its own after remove, which can be repeated', async () => {
    nft(
      'add table inet admin { chain forward { type filter hook forward priority 0; ip daddr 203.0.113.1 counter drop; }; set s { type ipv4_addr; elements = { 192.0.2.77 }; }; }',
    );
    const before = nft('list', 'ruleset');
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(nft('list', 'table', 'inet', 'admin')).toBe(before);
    expect(nft('list', 'table', 'inet', 'weir')).toContain('let-a-in');
    await dataplane.remove();
    await dataplane.remove();
    expect(nft('list', 'ruleset')).toBe(before);
    nft('delete', 'table', 'inet', 'admin');
  });

  it('DP31: a drop of an administrator behind ours still drops', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(await tcp('a', 'allowed')).toBe('answered');
    nft('add table inet admin { chain forward { type filter hook forward priority 0; tcp dport 80 drop; }; }');
    try {
      expect(await tcp('a', 'denied')).toBe('silence');
    } finally {
      nft('delete', 'table', 'inet', 'admin');
    }
  });

  it('DP32: a forged source is dropped, also on a link of the pod that owns the address of nobody', async () => {
    const dataplane = start();
    await dataplane.apply(delta({}));
    const from = (source: string, expected: 'allowed' | 'denied') =>
      world.deliver(
        { from: 'a', to: 'b', protocol: 'sctp', family: 4, expect: expected, source: defined(parseAddress(source), source) },
        Buffer.alloc(32),
        132,
      );
    expect(await from(hostAddresses.a[4], 'allowed')).toBe(true);
    expect(await from(hostAddresses.c[4], 'denied')).toBe(false);
    expect(await from('198.51.100.7', 'denied')).toBe(false);
    const outside = { from: 'ext', to: 'b', protocol: 'sctp', family: 4, expect: 'denied', source: addressOf('c', 4) } as const;
    expect(await world.deliver(outside, Buffer.alloc(32), 132)).toBe(false);
  });

  it('DP33: ICMP errors of allowed connections come back to an isolated pod', async () => {
    const dataplane = start();
    await dataplane.apply(delta({ ingress: { a: [] } }));
    expect(await world.attempt({ from: 'a', to: 'b', protocol: 'udp', port: 9999, family: 4, expect: 'allowed' })).toBe('refused');
    expect(await world.attempt({ from: 'a', to: 'ext', protocol: 'udp', port: 9999, family: 6, expect: 'allowed' })).toBe('refused');
  });

  it('DP34: an isolated pod reaches itself through its own service', async () => {
    const dataplane = start();
    await dataplane.apply(delta({ ingress: { a: [] }, egress: { a: [] } }));
    nft(
      `add table ip svc { chain pre { type nat hook prerouting priority -100; ip daddr 10.96.0.1 tcp dport 80 dnat to ${hostAddresses.a[4]}; }; chain post { type nat hook postrouting priority 100; ip saddr ${hostAddresses.a[4]} ip daddr ${hostAddresses.a[4]} masquerade; }; }`,
    );
    try {
      const done = await runAsync(
        world.netns('a'),
        'timeout',
        '5',
        'bash',
        '-c',
        'exec 3<>/dev/tcp/10.96.0.1/80; echo hello >&3; head -n1 <&3',
      );
      expect(done.trim()).toBe('hello');
    } finally {
      nft('delete', 'table', 'ip', 'svc');
    }
  });

  it('DP35: a second process with other pod links exchanges the rules, not the table', async () => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const before = tableHandle();
    let second: NftablesDataplane | undefined;
    inNetns(world.netns('node'), () => {
      second = createNftablesDataplane({ podInterfaces: [world.podInterfacePrefix, 'another'] });
    });
    const next = defined(second, 'a data plane is made');
    open.push(next);
    await next.apply(delta({ ...allowAtoB, ingress: { ...allowAtoB.ingress, c: [] } }));
    expect(tableHandle()).toBe(before);
    expect(await next.resync()).toEqual(none);
    expect(nft('list', 'chain', 'inet', 'weir', 'ingress')).toContain('another');
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await tcp('c', 'denied')).toBe('silence');
    expect(await world.attempt({ from: 'a', to: 'c', protocol: 'tcp', port: 80, family: 4, expect: 'denied' })).toBe('silence');
  });

  it('DP50: connections that are cut, and reports of what is denied, are other rules in the same table, which nft can list', async () => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const before = tableHandle();
    for (const options of [{ established: 'cut', flowRate: 10 }, { flowRate: 20 }, { established: 'cut' }, {}] as const) {
      const made = start(options);
      await made.apply(delta(allowAtoB));
      expect(tableHandle()).toBe(before);
      expect(await made.resync()).toEqual(none);
      const listed = nft('list', 'table', 'inet', 'weir');
      expect(listed.includes('a connection does not begin in its middle')).toBe('established' in options);
      expect(listed.includes('limit rate')).toBe('flowRate' in options);
      expect(await tcp('a', 'allowed')).toBe('answered');
      expect(await tcp('c', 'denied')).toBe('silence');
    }
  });

  it('DP35: a process that takes over gives out no number that the one before it gave out', async () => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const numbers = (): string[] => [...nft('list', 'set', 'inet', 'weir', 'denied').matchAll(/0x[0-9a-f]+/g)].map(([text]) => text);
    const before = numbers();
    await start().apply(delta(allowAtoB));
    const after = numbers();
    expect(before.length).toBeGreaterThan(0);
    expect(after).toHaveLength(before.length);
    expect(after.filter((number) => before.includes(number))).toEqual([]);
  });

  it('DP36: changes rules of established connections for new ones only, and cuts those of an address that changes hands', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    const connection = await world.connect('a', 'b', 80);
    expect(await world.echo(connection, 10_000)).toBe(true);
    const closed = delta({ ...allowAtoB, ingress: { b: [] } });
    await dataplane.apply(deltaBetween(before, closed));
    expect(await tcp('a', 'denied')).toBe('silence');
    expect(await world.echo(connection, 10_000)).toBe(true);
    const other = delta({
      ...allowAtoB,
      ingress: { b: [] },
      endpoint: (pod, endpoint) => (pod === 'b' ? { ...endpoint, uid: 'uid-next' } : endpoint),
    });
    await dataplane.apply(deltaBetween(closed, other));
    expect(await world.echo(connection, 500)).toBe(false);
    connection.destroy();
  });

  it.each(['keep', 'cut'] as const)(
    'DP49: with %s, connections that the state denies go on, or end and no other does',
    async (established) => {
      const dataplane = start({ established });
      const open80 = delta({ ...allowAtoB, ingress: { b: [{}] } });
      await dataplane.apply(open80);
      const [allowed, denied] = [await world.connect('a', 'b', 80), await world.connect('c', 'b', 80)];
      await dataplane.apply(deltaBetween(open80, delta({ ...allowAtoB, ingress: { b: [] } })));
      const [from, to] = [hostAddresses.c[4], hostAddresses.b[4]].map((text) => defined(parseAddress(text), text));
      const isDenied = ({ source, destination, destinationPort }: Flow): boolean =>
        compareAddresses(source, defined(from, 'c')) === 0 &&
        compareAddresses(destination, defined(to, 'b')) === 0 &&
        destinationPort === 80;
      const { ended } = await dataplane.endDenied({ addresses: [defined(to, 'b')], isDenied });
      // Entries of connections that other tests closed may still be there.
      expect(ended > 0).toBe(established === 'cut');
      expect(await world.echo(allowed, 10_000)).toBe(true);
      expect(await world.echo(denied, established === 'cut' ? 500 : 10_000)).toBe(established === 'keep');
      allowed.destroy();
      denied.destroy();
    },
  );

  it('DP37: a process that takes over cuts connections of addresses that changed hands meanwhile', async () => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const kept = await world.connect('a', 'c', 80);
    const cut = await world.connect('a', 'b', 80);
    await first.close();
    open.length = 0;
    const second = start();
    await second.apply(
      delta({ ingress: { b: [], c: [] }, endpoint: (pod, endpoint) => (pod === 'b' ? { ...endpoint, uid: 'uid-next' } : endpoint) }),
    );
    expect(await world.echo(kept, 10_000)).toBe(true);
    expect(await world.echo(cut, 500)).toBe(false);
    kept.destroy();
    cut.destroy();
  });

  it.each([
    ['a rule deleted', ['flush', 'chain', 'inet', 'weir', 'ingress4'], 'chain ingress4 has other rules'],
    ['a rule added', ['insert', 'rule', 'inet', 'weir', 'egress', 'accept'], 'chain egress has other rules'],
    ['an element deleted', ['delete', 'element', 'inet', 'weir', 'local4', '{ 10.77.0.1 }'], 'set local4 lacks 1 elements'],
    [
      'an element added',
      ['add', 'element', 'inet', 'weir', 'self4', '{ 10.77.0.1 . 10.77.0.2 }'],
      'set self4 has 1 elements that are not ours',
    ],
    ['all elements of a set deleted', ['flush', 'set', 'inet', 'weir', 'link4'], 'set link4 lacks 3 elements'],
    ['ranges deleted', ['flush', 'map', 'inet', 'weir', 'block6'], 'set block6 lacks 1 elements'],
    ['all rules deleted', ['flush', 'table', 'inet', 'weir'], 'chain input has other rules'],
    ['a set added', ['add', 'set', 'inet', 'weir', 'more', '{ type ipv4_addr; }'], 'set more is not ours'],
    [
      'a base chain added',
      ['add', 'chain', 'inet', 'weir', 'more', '{ type filter hook forward priority -99; }'],
      'chain more is not ours',
    ],
    ['a chain added', ['add', 'chain', 'inet', 'weir', 'more'], 'chain more is not ours'],
    ['the table deleted', ['delete', 'table', 'inet', 'weir'], 'the table is not there'],
  ])('DP38: resync finds and repairs %s', async (_name, command, finding) => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(await dataplane.resync()).toEqual(none);
    nft(...command);
    const report = await dataplane.resync();
    expect(report.drifted.join('; ')).toContain(finding);
    expect(report.repaired).toBe(true);
    expect(await dataplane.resync()).toEqual(none);
    expect(await tcp('c', 'denied')).toBe('silence');
  });

  it('DP53: tells when others change the table, not when they change others or when it changes it itself', async () => {
    const dataplane = start();
    let told = 0;
    dataplane.watch(() => told++);
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    const quiet = async (): Promise<void> => {
      told = 0;
      await pause(600);
      expect(told).toBe(0);
    };
    await dataplane.apply(deltaBetween(before, delta({ ...allowAtoB, egress: { c: [] } })));
    nft('add table inet other; add set inet other weir { type ipv4_addr; }; delete table inet other');
    nft('add table ip weir; delete table ip weir');
    await quiet();
    for (const command of ['add element inet weir local4 { 10.1.1.1 }', 'flush chain inet weir egress4', 'delete table inet weir']) {
      nft(command);
      await expect.poll(() => told, { timeout: 20_000 }).toBeGreaterThan(0);
      expect((await dataplane.resync()).repaired).toBe(true);
      await quiet();
    }
  });

  it('DP54: compares a large table in pieces, lets changes go first meanwhile, and is not confused by them', async () => {
    const dataplane = start();
    const small = delta(allowAtoB);
    const peerClass = defined(small.classes.upserts[0], 'there is a class').key;
    const many = Array.from({ length: 20_000 }, (_, i) => ({ address: addressFromWords(4, [0x0a800000 + i]), class: peerClass }));
    await dataplane.apply({ ...small, addresses: { upserts: [...small.addresses.upserts, ...many], removals: [] } });
    const extra = { address: addressFromWords(4, [0x0b000000]), class: peerClass };
    let isThere = false;
    const change = async (): Promise<void> => {
      const addresses = isThere ? { upserts: [], removals: [extra.address] } : { upserts: [extra], removals: [] };
      await dataplane.apply({ ...emptyDelta, addresses });
      isThere = !isThere;
    };
    /** Compares; what happened between its beginning and its end. */
    const compare = async (between: () => Promise<void>): Promise<{ report: DriftReport; turns: number }> => {
      const comparison = dataplane.resync();
      for (let turns = 0; ; turns++) {
        const report = await Promise.race([comparison, new Promise<undefined>((resolve) => setImmediate(resolve, undefined))]);
        if (report !== undefined) return { report, turns };
        await between();
      }
    };
    const quiet = await compare(() => Promise.resolve());
    expect(quiet.report).toEqual(none);
    // In one go there would be none; a fast machine needs only a few.
    expect(quiet.turns).toBeGreaterThan(2);
    let changes = 0;
    const some = async (): Promise<void> => {
      if (changes++ % 20 === 0) await change();
    };
    expect((await compare(some)).report).toEqual(none);
    expect((await compare(change)).report).toEqual(none);
    nft('delete', 'element', 'inet', 'weir', 'class4', '{ 10.128.0.1 }');
    expect((await compare(change)).report).toMatchObject({ drifted: [expect.stringContaining('class4 lacks 1')], repaired: true });
    expect(await dataplane.resync()).toEqual(none);
    expect(replaced).toEqual([]);
  });

  it('DP39: a change after the table was tampered with repairs it in the same step', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    nft('delete', 'table', 'inet', 'weir');
    await dataplane.apply(deltaBetween(before, delta({ ...allowAtoB, egress: { c: [] } })));
    expect(replaced).toHaveLength(1);
    expect(await dataplane.resync()).toEqual(none);
    expect(await tcp('c', 'denied')).toBe('silence');
  });

  it('DP40: counts per rule, never backwards when classes or tables are made anew, and per program what it denies', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    for (let i = 0; i < 3; i++) expect(await tcp('a', 'allowed')).toBe('answered');
    await tcp('c', 'denied');
    const packets = async () => (await dataplane.counters()).find(({ rule }) => rule.id === 'let-a-in')?.packets;
    expect(await packets()).toBe(3n);
    expect((await dataplane.denied()).some((each) => each.packets > 0n)).toBe(true);
    await dataplane.apply(deltaBetween(before, delta({ ...allowAtoB, sets: { a: { a: 'member', c: 'member' }, other: { a: 'member' } } })));
    expect(await packets()).toBe(3n);
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await tcp('c', 'allowed')).toBe('answered');
    expect(await packets()).toBe(5n);
    nft('flush', 'chain', 'inet', 'weir', 'ingress');
    expect((await dataplane.resync()).repaired).toBe(true);
    expect(await packets()).toBe(5n);
  });

  it('DP41: a program that cannot be expressed is refused; its endpoints keep what they had, new ones are closed', async () => {
    const dataplane = start();
    const before = delta(allowAtoB);
    await dataplane.apply(before);
    const rules = [{ peer: ['a'], ports: [80] }];
    const refused = delta({ ...allowAtoB, ingress: { b: rules, c: rules } });
    const report = await dataplane.apply(deltaBetween(before, refused));
    expect(report.quarantined).toHaveLength(1);
    expect(report.quarantined[0]?.reason).toContain('has ports, but no protocol with ports');
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await tcp('c', 'denied')).toBe('silence');
    expect(await world.attempt({ from: 'a', to: 'c', protocol: 'tcp', port: 80, family: 4, expect: 'denied' })).toBe('silence');
    await dataplane.apply(deltaBetween(refused, before));
    expect(await world.attempt({ from: 'a', to: 'c', protocol: 'tcp', port: 80, family: 4, expect: 'allowed' })).toBe('answered');
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP42: the kernel takes every change of random histories as it is meant, without a replacement', async () => {
    const blocks = [
      '10.0.0.0/8',
      '10.77.0.0/30',
      '10.77.0.2/31',
      '0.0.0.0/0',
      '128.0.0.0/1',
      '255.255.255.255/32',
      '0.0.0.0/32',
      'fd77::/64',
      '::/0',
      'ffff::/16',
      '10.77.0.4/30',
      '11.0.0.0/8',
    ];
    const range = fc.uniqueArray(fc.constantFrom(...blocks), { minLength: 1, maxLength: 4 });
    const text = fc.record({
      r: range,
      s: range,
      ports: fc.array(fc.constantFrom([80, 90] as const, [85, 100] as const, [1, 65535] as const), { maxLength: 3 }),
      members: fc.subarray(['a', 'b', 'c'] as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 3, maxLength: 6 }), async (texts) => {
        replaced.length = 0;
        const dataplane = start();
        let before = emptyDelta;
        for (const { r, s, ports, members } of texts) {
          const sets = { m: Object.fromEntries(members.map((pod) => [pod, 'member' as const])) };
          const rule = { protocol: 6, ...(ports.length === 0 ? {} : { ports }) };
          const after = delta({
            ranges: { [`r ${r.join()}`]: r, [`s ${s.join()}`]: s },
            sets,
            ingress: {
              b: [
                { id: 'one', peer: [`r ${r.join()}`, '!m'], ...rule },
                { id: 'two', peer: [`!s ${s.join()}`], ...rule },
                { id: 'three', ...rule },
              ],
            },
          });
          await dataplane.apply(deltaBetween(before, after));
          expect(replaced).toEqual([]);
          expect(await dataplane.resync()).toEqual(none);
          before = after;
        }
        await dataplane.remove();
        await dataplane.close();
        open.length = 0;
      }),
      { numRuns: 25, seed: 42 },
    );
  });
});
