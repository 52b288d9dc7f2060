/** What holds while host endpoints come, change and go: ports that stay open, drift, takeovers, counts, refusals. */
import { type Delta, emptyDelta, type HostLocalEndpoint } from '@weir/calc';
import { inNetns } from '@weir/kernel';
import type { HostSettings } from '@weir/model';
import { defined } from '@weir/net';
import { DatagramStream } from '@weir/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { FlowEvent } from '../../src/dataplane.ts';
import { NftablesDataplane } from '../../src/nftables/index.ts';
import { tableLayout } from '../../src/nftables/layout.ts';
import { deltaBetween, type HostText, type ProgramText, type StateText, stateDelta } from '../conformance/state.ts';
import { type Attempt, hostAddresses, openWorld, pause, type World } from '../conformance/world.ts';

const closed: ProgramText = { tiers: [], otherwise: 'deny' };
const only = (port: number): ProgramText => ({ tiers: [{ rules: [{ protocol: 6, ports: [port] }], end: 'deny' }], otherwise: 'deny' });
const hostSettings: HostSettings = { failsafes: [{ direction: 'ingress', protocol: 6, port: 443 }], podToHost: 'return' };
const closedHost: HostText = { interfaces: ['eth0'], normal: { ingress: closed, egress: closed } };
const none = { drifted: [], repaired: false };

describe('nftables host endpoints while things change', () => {
  let world: World;
  const open: NftablesDataplane[] = [];
  const replaced: string[] = [];
  const streams: DatagramStream[] = [];

  beforeAll(async () => {
    world = await openWorld();
  });
  afterEach(async () => {
    replaced.length = 0;
    for (const stream of streams.splice(0)) stream.kill();
    for (const dataplane of open.splice(0)) {
      await dataplane.remove();
      await dataplane.close();
    }
    world.run('node', 'conntrack', '--flush');
  });
  afterAll(async () => {
    await world.close();
  });

  const start = (more: Partial<ConstructorParameters<typeof NftablesDataplane>[0]> = {}, ...layout: unknown[]): NftablesDataplane => {
    const options = { podInterfaces: [world.podInterfacePrefix], onReplace: (error: Error) => void replaced.push(error.message), ...more };
    const dataplane = inNetns(
      world.netns('node'),
      () => new NftablesDataplane(options, ...(layout as [undefined])) as never,
    ) as NftablesDataplane;
    open.push(dataplane);
    return dataplane;
  };
  const delta = (hosts: Readonly<Record<string, HostText>>, more: StateText = {}): Delta =>
    stateDelta({ hosts, hostSettings, ...more }, (pod) => world.podInterface(pod));
  const tcp = (port: number, expected: Attempt['expect'], from: Attempt['from'] = 'ext') =>
    world.attempt({ from, to: from === 'ext' ? 'node' : 'ext', protocol: 'tcp', port, family: 4, expect: expected });
  const chains = (): string[] =>
    [...world.run('node', 'nft', 'list', 'chains', 'inet').matchAll(/chain (host_\w+)/g)].map(([, name = '']) => name);
  const elements = (set: string): number =>
    (/elements = \{([^}]*)\}/s.exec(world.run('node', 'nft', 'list', 'set', 'inet', 'weir', set))?.[1] ?? '')
      .split(',')
      .filter((each) => each.trim() !== '').length;

  it('DP94: chains are there only while an endpoint needs them, and ports stay open as long as there are endpoints', async () => {
    const dataplane = start();
    const nothing = delta({});
    await dataplane.apply(nothing);
    const { rules } = dataplane.sizes;
    expect([chains(), elements('failsafe_in4')]).toEqual([[], 0]);
    const states = [
      delta({ h: { interfaces: ['eth0'], normal: { ingress: closed } } }),
      delta({ h: closedHost, g: { interfaces: 'all', forward: { egress: closed } } }),
      delta({ h: { interfaces: ['eth0', 'eth1'], preDNAT: { ingress: { tiers: [], otherwise: 'allow' } } } }),
      delta({ h: { interfaces: ['eth9'] } }),
      nothing,
    ];
    const counts: unknown[] = [];
    let before = nothing;
    for (const state of states) {
      await dataplane.apply(deltaBetween(before, state));
      before = state;
      const bases = chains().filter((name) => /^host_(input|forward_in|forward_out|postrouting|output|prerouting)$/.test(name));
      counts.push([bases.sort(), elements('failsafe_in4')]);
      expect(await dataplane.resync()).toEqual(none);
    }
    expect(counts).toEqual([
      [['host_input'], 1],
      [['host_forward_out', 'host_input', 'host_postrouting'], 1],
      [['host_forward_in', 'host_input'], 1],
      [[], 1],
      [[], 0],
    ]);
    expect(chains()).toEqual([]);
    expect(dataplane.sizes.rules).toBe(rules);
    expect(replaced).toEqual([]);
  });

  it('DP98, DP100: under changes of every family and processes that take over, no packet is lost that all states let in, none passes that they deny', async () => {
    let dataplane = start();
    const denied: ProgramText = {
      tiers: [{ rules: [{ action: 'deny', protocol: 17, ports: [81, 443] }], end: 'pass' }],
      otherwise: 'allow',
    };
    const let80: ProgramText = { tiers: [{ rules: [{ protocol: 17, ports: [80] }], end: 'pass' }], otherwise: 'allow' };
    const eth0 = ['eth0'];
    const states = [
      delta({ h: { interfaces: eth0, normal: { ingress: [{ protocol: 17, ports: [80] }] } } }),
      delta({ h: { interfaces: eth0, normal: { ingress: closed }, preDNAT: { ingress: let80 } } }),
      delta({ h: { interfaces: 'all', preDNAT: { ingress: denied } } }),
      delta({ h: { interfaces: 'all', untracked: { ingress: denied }, forward: { ingress: closed } } }),
      delta({ g: { interfaces: eth0, normal: { ingress: [{ protocol: 17, ports: [[79, 80]] }], egress: closed } } }),
    ].map(
      (state): Delta => ({
        ...state,
        hostSettings: { failsafes: [{ direction: 'ingress', protocol: 17, port: 443 }], podToHost: 'return' },
      }),
    );
    await dataplane.apply(defined(states[0], 'a state'));
    world.run(
      'node',
      'nft',
      'table inet seen { chain arrived { type filter hook input priority 100; udp dport 443 counter; udp dport 80 counter; udp dport 81 counter; }; }',
    );
    const stream = await DatagramStream.start(
      world.netns('ext'),
      [443, 80, 81].map((port) => ({ address: hostAddresses.node[4], port, flow: 'each' as const })),
    );
    streams.push(stream);
    let before = defined(states[0], 'a state');
    for (let round = 1; round <= 20; round++) {
      const state = defined(states[round % states.length], 'a state');
      if (round % 5 === 4) {
        // As after a kill: nothing is taken away, and the next process begins with what it finds.
        open.splice(open.indexOf(dataplane), 1);
        await dataplane.close();
        dataplane = start();
        await dataplane.apply(state);
      } else await dataplane.apply(deltaBetween(before, state));
      before = state;
      await pause(20);
    }
    const sent = await stream.stop();
    const seen = (): number[] =>
      [...world.run('node', 'nft', 'list', 'table', 'inet', 'seen').matchAll(/packets (\d+)/g)].map(([, packets]) => Number(packets));
    await expect.poll(seen, { timeout: 10_000 }).toEqual([sent[0], sent[1], 0]);
    expect(replaced).toEqual([]);
    expect(Math.min(...sent)).toBeGreaterThan(100);
    world.run('node', 'nft', 'delete', 'table', 'inet', 'seen');
  });

  it('DP94: connections that there are go on when a host endpoint denies new ones', async () => {
    const dataplane = start();
    await dataplane.apply(delta({}));
    const [into, out] = [await world.connect('ext', 'node', 80), await world.connect('node', 'ext', 80)];
    await dataplane.apply(deltaBetween(delta({}), delta({ h: closedHost })));
    expect([await world.echo(into, 10_000), await world.echo(out, 10_000)]).toEqual([true, true]);
    expect([await tcp(80, 'denied'), await tcp(80, 'denied', 'node')]).toEqual(['silence', 'silence']);
    into.destroy();
    out.destroy();
  });

  it('DP97: what untracked allows leaves no trace in connection tracking', async () => {
    const symmetric: HostText = {
      interfaces: ['eth0'],
      untracked: {
        ingress: { tiers: [{ rules: [{ protocol: 6, ports: [90] }], end: 'pass' }], otherwise: 'allow' },
        egress: { tiers: [{ rules: [{ protocol: 6, sourcePorts: [90] }], end: 'pass' }], otherwise: 'allow' },
      },
    };
    await start().apply(delta({ h: symmetric }));
    expect([await tcp(90, 'allowed'), await tcp(81, 'allowed')]).toEqual(['answered', 'answered']);
    const tracked = world.run('node', 'conntrack', '-L', '-p', 'tcp');
    expect([tracked.includes('dport=90 '), tracked.includes('dport=81 ')]).toEqual([false, true]);
  });

  it('DP95, DP35: what others changed of chains, maps and ports of host endpoints is found and repaired', async () => {
    const dataplane = start();
    await dataplane.apply(delta({ h: closedHost }));
    const nft = (...command: string[]): string => world.run('node', 'nft', ...command);
    for (const [command, found] of [
      ['flush chain inet weir host_input', 'chain host_input has other rules'],
      ['flush set inet weir failsafe_in4', 'set failsafe_in4 lacks 1 elements'],
      ['flush map inet weir host_normal_in', 'set host_normal_in lacks 1 elements'],
      ['add chain inet weir host_mine', 'chain host_mine is not ours'],
    ] as const) {
      nft(...command.split(' '));
      const { drifted, repaired } = await dataplane.resync();
      expect([drifted.some((line) => line.startsWith(found)), repaired], `${command}: ${drifted.join()}`).toEqual([true, true]);
      expect(await dataplane.resync()).toEqual(none);
      expect([await tcp(80, 'denied'), await tcp(443, 'allowed')]).toEqual(['silence', 'answered']);
    }
  });

  it('DP30: a table of a version without such chains is taken over, with endpoints in force from then on', async () => {
    const options = { podInterfaces: [world.podInterfacePrefix] };
    const { sets, ...rest } = tableLayout(options);
    const old = { ...rest, sets: sets.filter(({ name }) => !/^(host|failsafe)_/.test(name)) };
    await start({}, () => old).apply(delta({}, { hosts: {}, ingress: { a: [] } }));
    const dataplane = start();
    await dataplane.apply(delta({ h: closedHost }, { ingress: { a: [] } }));
    expect([await tcp(80, 'denied'), await tcp(443, 'allowed')]).toEqual(['silence', 'answered']);
    expect(await world.attempt({ from: 'ext', to: 'a', protocol: 'tcp', port: 80, family: 4, expect: 'denied' })).toBe('silence');
    expect(await dataplane.resync()).toEqual(none);
  });

  it('DP36: each packet that a program of an interface denies is counted once, and what a rule allows is counted for the rule', async () => {
    const dataplane = start();
    // What others still send, and send again, is of other protocols.
    const others = [6, 17, 1, 58].map((protocol) => ({ protocol }));
    await dataplane.apply(
      delta({ h: { interfaces: ['eth0'], normal: { ingress: [{ id: 'sctp', protocol: 132, ports: [90] }, ...others] } } }),
    );
    const sctp = (port: number, expected: Attempt['expect']): Attempt => {
      return { from: 'ext', to: 'node', protocol: 'sctp', port, family: 4, expect: expected };
    };
    for (let i = 0; i < 3; i++) expect(await world.attempt(sctp(80, 'denied'))).toBe('silence');
    expect((await dataplane.denied()).map(({ packets }) => packets)).toEqual([3n]);
    expect(await world.attempt(sctp(90, 'allowed'))).toBe('answered');
    expect((await dataplane.counters()).find(({ rule }) => rule.id === 'sctp')?.packets).toBe(1n);
  });

  it('DP94: what host endpoints deny is told as theirs, with the direction', async () => {
    const dataplane = start({ flowRate: 1000 });
    await dataplane.apply(delta({ h: closedHost }));
    const told: unknown[] = [];
    const flows = inNetns(world.netns('node'), () => dataplane.flows() as never) as AsyncIterable<FlowEvent>;
    const telling = (async () => {
      for await (const event of flows) {
        if (event.kind === 'denied' && event.flow.destinationPort === 81) told.push([event.direction, event.byHost]);
      }
    })();
    const sctp = { protocol: 'sctp', port: 81, family: 4, expect: 'denied' } as const;
    await world.attempt({ from: 'ext', to: 'node', ...sctp });
    await world.attempt({ from: 'node', to: 'ext', ...sctp });
    await expect
      .poll(() => told)
      .toEqual([
        ['ingress', true],
        ['egress', true],
      ]);
    await dataplane.close();
    await telling;
    open.splice(open.indexOf(dataplane), 1);
    const next = start();
    await next.apply(delta({}));
  });

  it('DP98: no endpoint is in force before it is known which ports stay open, and it says so', async () => {
    const dataplane = start();
    const { hostSettings: settings, ...unsettled } = delta({ h: closedHost });
    const report = await dataplane.apply(unsettled);
    expect(report.refusedHosts).toEqual([{ uid: 'uid-host-h', name: 'h', reason: expect.stringContaining('which ports stay open') }]);
    expect(await tcp(80, 'allowed')).toBe('answered');
    const settled = await dataplane.apply({ ...emptyDelta, hostSettings: defined(settings, 'settings') });
    expect(settled.refusedHosts).toEqual([]);
    expect([await tcp(80, 'denied'), await tcp(443, 'allowed')]).toEqual(['silence', 'answered']);
  });

  it('DP62: of an endpoint whose program is refused the family keeps what it had, and without that only failsafe ports are open', async () => {
    const dataplane = start();
    const before = delta({ h: { interfaces: ['eth0'], normal: { ingress: only(80) } } });
    await dataplane.apply(before);
    const strange: HostText = { interfaces: ['eth0'], normal: { ingress: [{ peer: ['nobody'] }], egress: [{ peer: ['nobody'] }] } };
    const report = await dataplane.apply(deltaBetween(before, delta({ h: strange })));
    expect(report.quarantined).toHaveLength(2);
    expect([await tcp(80, 'allowed'), await tcp(81, 'denied'), await tcp(80, 'denied', 'node'), await tcp(443, 'allowed')]).toEqual([
      'answered',
      'silence',
      'silence',
      'answered',
    ]);
    const eased: HostLocalEndpoint = { uid: 'uid-host-h', name: 'h', interfaces: ['eth0'], programs: {} };
    await dataplane.apply({ ...emptyDelta, hosts: { upserts: [eased], removals: [] } });
    expect([await tcp(81, 'allowed'), await tcp(80, 'allowed', 'node')]).toEqual(['answered', 'answered']);
  });
});
