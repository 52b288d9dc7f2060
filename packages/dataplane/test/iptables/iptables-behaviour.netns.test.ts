/** What the iptables back end promises beyond verdicts: others' rules, order, takeover, drift, counts, handover. */
import type { Delta } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import { defined } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FlowEvent } from '../../src/dataplane.ts';
import { createIptablesDataplane, type IptablesDataplane, type IptablesOptions } from '../../src/iptables/index.ts';
import { deltaBetween, type RuleText, type StateText, stateDelta } from '../conformance/state.ts';
import { openWorld, pause, type World } from '../conformance/world.ts';

const letAIn: RuleText = { id: 'let-a-in', peer: ['a'], protocol: 6, ports: [80] };
const allowAtoB: StateText = { sets: { a: { a: 'member' } }, ingress: { b: [letAIn] } };
const allowCtoB: StateText = { ...allowAtoB, sets: { a: { c: 'member' } } };
const none = { drifted: [], repaired: false };

describe.each(['nft', 'legacy'] as const)('iptables back end (%s)', (flavour) => {
  let world: World;
  const open: IptablesDataplane[] = [];

  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    for (const dataplane of open) {
      await dataplane.remove();
      await dataplane.close();
    }
    open.length = 0;
  });
  afterAll(async () => {
    await world.close();
  });

  const start = (more: Partial<IptablesOptions> = {}): IptablesDataplane => {
    let made: IptablesDataplane | undefined;
    inNetns(world.netns('node'), () => {
      made = createIptablesDataplane({ podInterfaces: [world.podInterfacePrefix], flavour, ...more });
    });
    open.push(defined(made, 'a data plane is made'));
    return defined(made, 'a data plane is made');
  };
  const delta = (text: StateText): Delta => stateDelta(text, (pod) => world.podInterface(pod));
  const iptables = (...args: string[]): string => world.run('node', `iptables-${flavour}`, ...args);
  /** Everything of both flavours and of ipset, without counts and without the dates that comments have. */
  const kernelState = (): string =>
    [
      world.run('node', 'nft', 'list', 'ruleset'),
      world.run('node', 'iptables-legacy-save'),
      world.run('node', 'ip6tables-legacy-save'),
      world.run('node', 'ipset', 'save'),
    ]
      .map((text) => text.replace(/^#.*$/gm, '').replace(/packets \d+ bytes \d+|\[\d+:\d+\]/g, ''))
      .join('\n');
  const tcp = (from: 'a' | 'b' | 'c' | 'ext', expected: 'allowed' | 'denied', port = 80) =>
    world.attempt({ from, to: 'b', protocol: 'tcp', port, family: 4, expect: expected });
  const chains = (pattern: RegExp): string[] => [...new Set(world.run('node', `iptables-${flavour}-save`).match(pattern) ?? [])];

  it('DP30: leaves rules and sets of others as they are, and nothing of its own after remove, which can be repeated', async () => {
    // The legacy table stays once it was there: the kernel cannot forget it.
    if (flavour === 'legacy') for (const each of ['iptables', 'ip6tables']) world.run('node', `${each}-legacy`, '-L', '-n');
    const empty = kernelState();
    const first = start();
    await first.apply(delta(allowAtoB));
    expect(kernelState()).toContain('WEIR-FORWARD');
    await first.remove();
    expect(kernelState()).toBe(empty);
    world.run('node', 'ipset', 'create', 'admin', 'hash:ip');
    iptables('-A', 'FORWARD', '-m', 'set', '--match-set', 'admin', 'src', '-d', '203.0.113.1', '-j', 'DROP');
    try {
      const before = kernelState();
      const second = start();
      await second.apply(delta(allowAtoB));
      await second.apply(deltaBetween(delta(allowAtoB), delta(allowCtoB)));
      await second.remove();
      await second.remove();
      expect(kernelState()).toBe(before);
    } finally {
      iptables('-F', 'FORWARD');
      await world.until(() => {
        world.run('node', 'ipset', 'destroy', 'admin');
      });
    }
  });

  it('DP31: a drop of an administrator behind ours still drops, and ours comes first wherever others put theirs', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(await tcp('a', 'allowed')).toBe('answered');
    iptables('-A', 'FORWARD', '-p', 'tcp', '--dport', '80', '-j', 'DROP');
    expect(await tcp('a', 'denied')).toBe('silence');
    iptables('-I', 'FORWARD', '-j', 'ACCEPT');
    expect(await tcp('c', 'allowed')).toBe('answered');
    expect((await dataplane.resync()).drifted).toEqual([expect.stringContaining('moved')]);
    expect(await tcp('c', 'denied')).toBe('silence');
    iptables('-F', 'FORWARD');
    expect((await dataplane.resync()).repaired).toBe(true);
  });

  it('stands behind the jumps of kube-proxy where that is asked for', async () => {
    iptables('-N', 'KUBE-FORWARD');
    iptables('-A', 'FORWARD', '-j', 'KUBE-FORWARD');
    iptables('-A', 'FORWARD', '-s', '203.0.113.9', '-j', 'DROP');
    try {
      await start({ position: 'after-kube-proxy' }).apply(delta(allowAtoB));
      expect(iptables('-S', 'FORWARD').split('\n').slice(1, 4)).toEqual([
        '-A FORWARD -j KUBE-FORWARD',
        '-A FORWARD -j WEIR-FORWARD',
        '-A FORWARD -s 203.0.113.9/32 -j DROP',
      ]);
    } finally {
      iptables('-F', 'FORWARD');
      iptables('-X', 'KUBE-FORWARD');
    }
  });

  it('DP91: denies, passes and allows in the order of tiers and rules', async () => {
    const rules: RuleText[] = [
      { id: 'not-a', action: 'deny', peer: ['a'], protocol: 6, ports: [81] },
      { id: 'on', action: 'pass', peer: ['a'], protocol: 6, ports: [90] },
      { id: 'all', protocol: 6 },
    ];
    const state = delta({ sets: { a: { a: 'member' } }, ingress: { b: rules } });
    const [program] = state.programs.upserts;
    const next = { name: 'next', rules: [], end: 'deny' } as const;
    const tiers = [...defined(program, 'there is a program').tiers, next];
    const dataplane = start();
    const report = await dataplane.apply({
      ...state,
      programs: { upserts: [{ ...defined(program, 'there is one'), tiers }], removals: [] },
    });
    expect(report.quarantined).toEqual([]);
    expect(await tcp('a', 'allowed', 80)).toBe('answered');
    expect(await tcp('a', 'denied', 81)).toBe('silence');
    expect(await tcp('a', 'denied', 90)).toBe('silence');
    expect(await tcp('c', 'allowed', 81)).toBe('answered');
    const counts = new Map((await dataplane.counters()).map(({ rule, packets }) => [rule.id, packets]));
    expect(counts.get('all')).toBe(2n);
    expect(counts.get('not-a')).toBeGreaterThan(0n);
    expect((await dataplane.denied())[0]?.packets).toBeGreaterThan(0n);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP40: counts go on when chains are made anew', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    expect(await tcp('a', 'allowed')).toBe('answered');
    const two: StateText = { ...allowAtoB, ingress: { b: [letAIn, { id: 'more', protocol: 17, ports: [7] }] } };
    await dataplane.apply(deltaBetween(delta(allowAtoB), delta(two)));
    expect(await tcp('a', 'allowed')).toBe('answered');
    const counts = new Map((await dataplane.counters()).map(({ rule, packets }) => [rule.id, packets]));
    expect(counts.get('let-a-in')).toBe(2n);
  });

  it('DP36: a change holds for new connections; the old ones of an address that changes hands end', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    const connection = await world.connect('a', 'b', 80);
    await dataplane.apply(deltaBetween(delta(allowAtoB), delta(allowCtoB)));
    expect(await tcp('a', 'denied')).toBe('silence');
    expect(await tcp('c', 'allowed')).toBe('answered');
    expect(await world.echo(connection, 10_000)).toBe(true);
    const other: StateText = { ...allowCtoB, endpoint: (pod, endpoint) => (pod === 'b' ? { ...endpoint, uid: 'uid-new' } : endpoint) };
    await dataplane.apply(deltaBetween(delta(allowCtoB), delta(other)));
    expect(await world.echo(connection, 1_000)).toBe(false);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP35: a second process takes over with names of its own and leaves nothing of the first', async () => {
    const first = start();
    await first.apply(delta(allowAtoB));
    const connection = await world.connect('a', 'b', 80);
    const before = chains(/WEIR-P\d+/g);
    const second = start();
    await second.apply(delta(allowAtoB));
    const after = chains(/WEIR-P\d+/g);
    expect(after).toHaveLength(before.length);
    expect(after.filter((name) => before.includes(name))).toEqual([]);
    expect(await world.echo(connection, 10_000)).toBe(true);
    expect(await tcp('c', 'denied')).toBe('silence');
    expect(await second.resync()).toEqual(none);
  });

  it('DP37: an address that changed hands while no process was there loses its connections', async () => {
    await start().apply(delta(allowAtoB));
    const connection = await world.connect('a', 'b', 80);
    const other: StateText = { ...allowCtoB, endpoint: (pod, endpoint) => (pod === 'b' ? { ...endpoint, uid: 'uid-new' } : endpoint) };
    await start().apply(delta(other));
    expect(await world.echo(connection, 1_000)).toBe(false);
  });

  it('DP38: resync finds what was flushed, deleted, added or changed, repairs it and says what it was', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    const set = defined(world.run('node', 'ipset', 'list', '-name').match(/^weir4-p\d+$/m)?.[0], 'a set of peers');
    const [program] = chains(/WEIR-P\d+(?= .*let-a-in)/g);
    const tamperings: readonly (() => void)[] = [
      () => iptables('-F', 'FORWARD'),
      () => iptables('-F', 'WEIR-INGRESS'),
      () => iptables('-D', defined(program, 'a program'), '1'),
      () => iptables('-I', 'WEIR-FORWARD', '-j', 'RETURN'),
      () => iptables('-N', 'WEIR-STRANGER'),
      () => world.run('node', 'ipset', 'flush', set),
      () => world.run('node', 'ipset', 'add', set, '10.77.0.3'),
      () => world.run('node', 'ipset', 'create', 'weir4-stranger', 'hash:ip'),
    ];
    for (const tamper of tamperings) {
      tamper();
      const report = await dataplane.resync();
      expect(report).toEqual({ drifted: [expect.stringMatching(/WEIR|weir4|jumps/)], repaired: true });
      expect(await dataplane.resync(), report.drifted.join()).toEqual(none);
    }
    expect(await tcp('a', 'allowed')).toBe('answered');
    expect(await tcp('c', 'denied')).toBe('silence');
  });

  it('DP53: what others change is told within some seconds, and its own changes are not', async () => {
    const dataplane = start();
    await dataplane.apply(delta(allowAtoB));
    const told: number[] = [];
    dataplane.watch(() => void told.push(Date.now()));
    await dataplane.apply(deltaBetween(delta(allowAtoB), delta(allowCtoB)));
    await pause(2_500);
    expect(told).toEqual([]);
    iptables('-F', 'FORWARD');
    for (const end = Date.now() + 30_000; told.length === 0 && Date.now() < end; ) await pause(50);
    expect(told.length).toBeGreaterThan(0);
  });

  it('DP39: a change that the kernel refuses because of tampering puts everything into force instead', async () => {
    const replaced: string[] = [];
    const dataplane = start({ onReplace: (reason) => void replaced.push(reason.message) });
    // The peers are not of this node: their sets are changed in place.
    const [one, other] = [delta({ ...allowAtoB, pods: ['b'] }), delta({ ...allowCtoB, pods: ['b'] })];
    await dataplane.apply(one);
    iptables('-F', 'FORWARD');
    for (const chain of chains(/WEIR-[A-Z0-9-]+/g)) iptables('-F', chain);
    const set = defined(world.run('node', 'ipset', 'list', '-name').match(/^weir4-p\d+$/m)?.[0], 'a set of peers');
    await world.until(() => void world.run('node', 'ipset', 'destroy', set));
    await dataplane.apply(deltaBetween(one, other));
    expect(replaced).toHaveLength(1);
    expect(world.run('node', 'ipset', 'save')).toMatch(/^add weir4-p\d+ 10\.77\.0\.3$/m);
    expect(iptables('-S', 'FORWARD')).toContain('-j WEIR-FORWARD');
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP49: with cut the denied connection ends from both ends, and the others go on', async () => {
    const dataplane = start({ established: 'cut' });
    const both: StateText = { ...allowAtoB, sets: { a: { a: 'member', c: 'member' } } };
    await dataplane.apply(delta(both));
    const [denied, kept] = [await world.connect('a', 'b', 80), await world.connect('c', 'b', 80)];
    await dataplane.apply(deltaBetween(delta(both), delta(allowCtoB)));
    const addresses = delta(both).endpoints.upserts.flatMap((endpoint) => endpoint.addresses);
    const isFromA = ({ source }: { source: { words: readonly number[] } }): boolean => source.words[0] === 0x0a4d0001;
    const report = await dataplane.endDenied({ addresses, isDenied: isFromA });
    expect(report.ended).toBeGreaterThan(0);
    expect(await world.echo(denied, 1_000)).toBe(false);
    expect(await world.echo(kept, 10_000)).toBe(true);
    expect(await dataplane.resync()).toEqual(none);
  });

  it('tells of connections that are allowed, denied, and of no acknowledged pod', async () => {
    const dataplane = start({ flowRate: 100 });
    await dataplane.apply(delta({ ...allowAtoB, pods: ['a', 'b'] }));
    const told = new Set<string>();
    const events: AsyncIterable<FlowEvent>[] = [];
    inNetns(world.netns('node'), () => void events.push(dataplane.flows()));
    const reading = (async () => {
      for await (const event of defined(events[0], 'it reports')) {
        if (event.kind === 'dropped') continue;
        told.add(`${event.kind}${'direction' in event ? ` ${event.direction}` : ''} to ${event.flow.destinationPort}`);
      }
    })();
    expect(await tcp('a', 'allowed', 80)).toBe('answered');
    expect(await tcp('a', 'denied', 81)).toBe('silence');
    expect(await tcp('c', 'denied', 90)).toBe('silence');
    const wanted = ['allowed to 80', 'denied ingress to 81', 'unowned egress to 90'];
    for (const end = Date.now() + 30_000; !wanted.every((each) => told.has(each)) && Date.now() < end; ) await pause(20);
    expect([...told].sort()).toEqual(wanted);
    expect(await dataplane.resync()).toEqual(none);
    await dataplane.close();
    await reading;
    open.length = 0;
    await start().remove();
  });
});
