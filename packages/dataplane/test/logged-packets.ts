/**
 * Rules with the action `log`: packets that they match are told of, allowed ones and denied ones, no others, and
 * no more than the rate allows. `runLoggedPackets` is called once for each back end that takes such rules.
 */
import { connectTcp, inNetns, openUdp } from '@weir/kernel';
import { formatAddress, isIcmp } from '@weir/net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Dataplane, FlowEvent } from '../src/dataplane.ts';
import { attemptsOf } from './conformance/cases.ts';
import { type StateText, stateDelta } from './conformance/state.ts';
import { hostAddresses, openWorld, type World } from './conformance/world.ts';

/** A back end; it is made in the node's namespace. */
export interface LoggingBackEnd {
  readonly name: string;
  /** Whether it tells what becomes of a logged packet. */
  readonly tellsVerdict: boolean;
  readonly newDataplane: (node: { readonly podInterfaces: readonly string[]; readonly flowRate?: number }) => Dataplane;
}

const tcp = 6;
const udp = 17;
/** Port 80 of TCP from `a` is logged and let in, all UDP is logged and denied; out of `c` port 90 is logged and passed on to a tier that denies. */
const state: StateText = {
  sets: { a: { a: 'member' } },
  ingress: {
    b: [
      { id: 'log-web', action: 'log', peer: ['a'], protocol: tcp, ports: [80] },
      { id: 'web', protocol: tcp },
      { id: 'log-udp', action: 'log', protocol: udp },
    ],
  },
  egress: {
    c: {
      tiers: [
        {
          rules: [{ action: 'log', protocol: tcp, ports: [90] }, { action: 'pass', protocol: tcp, ports: [90] }, { protocol: tcp }],
          end: 'deny',
        },
        { rules: [], end: 'pass' },
      ],
      otherwise: 'deny',
    },
  },
};
/** What is tried, what becomes of it, and in which direction it is logged. */
const tried = [
  { text: 'a > b tcp 80', expect: 'allowed', logged: 'ingress' },
  { text: 'a > b tcp 81', expect: 'allowed' },
  { text: 'ext > b tcp 80', expect: 'allowed' },
  { text: 'a > b udp 80', expect: 'denied', logged: 'ingress' },
  { text: 'ext > b udp 443', expect: 'denied', logged: 'ingress' },
  { text: 'a > b icmp', expect: 'denied' },
  { text: 'c > b tcp 80', expect: 'allowed' },
  { text: 'c > ext tcp 90', expect: 'denied', logged: 'egress' },
  { text: 'c > ext udp 80', expect: 'denied' },
] as const;

/** Declares the suite for one back end. */
export function runLoggedPackets({ name, tellsVerdict, newDataplane }: LoggingBackEnd): void {
  describe(`${name}: packets that a rule logs`, () => {
    let world: World;
    let dataplane: Dataplane | undefined;
    beforeAll(async () => {
      world = await openWorld();
    });
    const stop = async (): Promise<void> => {
      const made = dataplane;
      dataplane = undefined;
      await made?.remove();
      await made?.close();
    };
    afterEach(stop);
    afterAll(async () => {
      await world.close();
    });

    const start = async (flowRate?: number): Promise<Dataplane> => {
      const node = { podInterfaces: [world.podInterfacePrefix], ...(flowRate === undefined ? {} : { flowRate }) };
      dataplane = inNetns(world.netns('node'), () => newDataplane(node) as never) as Dataplane;
      expect((await dataplane.apply(stateDelta(state, (pod) => world.podInterface(pod)))).quarantined).toEqual([]);
      return dataplane;
    };
    /** Until the data plane is closed. */
    const read = async (made: Dataplane, told: FlowEvent[]): Promise<void> => {
      const flows = inNetns(world.netns('node'), () => made.flows() as never) as AsyncIterable<FlowEvent>;
      for await (const event of flows) told.push(event);
    };
    const outcomes = (): Promise<boolean[]> =>
      Promise.all(
        tried.flatMap(({ text, expect: expected }) =>
          attemptsOf(text, expected).map(async (attempt) => ((await world.attempt(attempt)) === 'answered') === (expected === 'allowed')),
        ),
      );

    it('DP76: are told of with the direction, allowed and denied ones, and no others are', async () => {
      const told: FlowEvent[] = [];
      const made = await start(10_000);
      const reading = read(made, told);
      expect(await outcomes()).not.toContain(false);
      const wanted = tried.flatMap((each) => {
        if (!('logged' in each)) return [];
        const verdict = tellsVerdict ? ` ${each.expect === 'allowed' ? 'allow' : 'deny'}` : '';
        return attemptsOf(each.text, each.expect).map(({ from, to, protocol, port, family }) => {
          const ends = `${hostAddresses[from][family]} > ${hostAddresses[to][family]}`;
          return `${ends} ${protocol === 'tcp' ? tcp : udp} ${port} ${each.logged}${verdict}`;
        });
      });
      const seen = (): string[] => {
        const logged = told.flatMap((event) => (event.kind === 'logged' ? [event] : []));
        const texts = logged.map(
          ({ flow, direction, verdict }) =>
            `${formatAddress(flow.source)} > ${formatAddress(flow.destination)} ${flow.protocol} ${flow.destinationPort} ${direction}${verdict === undefined ? '' : ` ${verdict}`}`,
        );
        return [...new Set(texts)].sort();
      };
      await expect.poll(seen, { timeout: 20_000 }).toEqual(wanted.sort());
      const deniedMessages = (): Set<number | undefined> =>
        new Set(
          told.flatMap(({ kind, ...rest }) =>
            kind === 'denied' && 'flow' in rest && isIcmp(rest.flow.protocol) ? [rest.flow.message] : [],
          ),
        );
      await expect.poll(deniedMessages, { timeout: 20_000 }).toEqual(new Set([8 * 256, 128 * 256]));
      const counts = new Map((await made.counters()).map(({ rule, packets }) => [rule.id, packets]));
      expect(counts.get('web')).toBeGreaterThan(0n);
      await stop();
      await reading;
    });

    it('DP76: are told of no more often than the rate allows, and what is left out is counted', async () => {
      const perSecond = 5;
      const told: FlowEvent[] = [];
      const made = await start(perSecond);
      const reading = read(made, told);
      const startedAt = performance.now();
      let sent = 0;
      const send = async (count: number): Promise<void> => {
        const denied = { from: 'a', to: 'b', protocol: 'udp', port: 80, family: 4, expect: 'denied' } as const;
        await Promise.all(Array.from({ length: count }, () => world.attempt(denied)));
        sent += count;
      };
      await send(200);
      const leftOut = (): number =>
        told.reduce((sum, event) => sum + (event.kind === 'dropped' && event.reason === 'rate' ? event.events : 0), 0);
      // What was left out before the kernel was asked first is not known: then it takes more packets.
      const counted = async (): Promise<number> => {
        if (leftOut() <= 200) await send(50);
        return leftOut();
      };
      await expect.poll(counted, { timeout: 60_000 }).toBeGreaterThan(200);
      // Of each packet its log and its denial.
      expect(leftOut()).toBeLessThanOrEqual(2 * sent);
      const seconds = Math.ceil((performance.now() - startedAt) / 1_000) + 1;
      expect(told.filter(({ kind }) => kind === 'logged').length).toBeLessThanOrEqual(perSecond * (seconds + 1));
      expect(told.filter(({ kind }) => kind === 'logged').length).toBeGreaterThan(0);
      await stop();
      await reading;
    });

    it('DP76: that are denied on their way to a service are told with what was spoken to, and those to a pod itself are not', async () => {
      const service = { 4: '10.99.0.1', 6: 'fd99::1' } as const;
      const translate = (family: 4 | 6, from: string, to: 'b' | 'ext', port: number): string =>
        `add rule inet service pre ${family === 4 ? 'ip' : 'ip6'} daddr ${service[family]} ${from} dnat ${family === 4 ? 'ip' : 'ip6'} to ${family === 4 ? `${hostAddresses[to][4]}:${port}` : `[${hostAddresses[to][6]}]:${port}`}`;
      world.run('node', 'nft', 'add table inet service { chain pre { type nat hook prerouting priority dstnat; }; }');
      const told: FlowEvent[] = [];
      const made = await start(10_000);
      const reading = read(made, told);
      for (const family of [4, 6] as const) {
        world.run('node', 'nft', translate(family, 'udp dport 53', 'b', 80));
        world.run('node', 'nft', translate(family, 'tcp dport 9090', 'ext', 90));
        const socket = openUdp({ netns: world.netns('a'), address: family === 4 ? '0.0.0.0' : '::', port: 0 });
        for (const [address, port] of [[service[family], 53] as const, [hostAddresses.b[family], 443] as const])
          await new Promise<void>((resolve) => socket.send('x', port, address, () => resolve()));
        socket.close();
        const connection = connectTcp({ netns: world.netns('c'), address: service[family], port: 9090 });
        connection.on('error', () => undefined);
        await expect
          .poll(() =>
            told.some((event) => event.kind === 'denied' && event.flow.source.family === family && event.flow.destinationPort === 90),
          )
          .toBe(true);
        connection.destroy();
      }
      const seen = (): string[] => {
        const texts = told.flatMap((event) => {
          if (event.kind === 'dropped' || event.kind === 'allowed') return [];
          const { kind, flow, addressed } = event;
          const via = addressed === undefined ? 'nothing' : `${formatAddress(addressed.address)} ${addressed.port}`;
          return [`${kind} ${formatAddress(flow.destination)} ${flow.destinationPort} via ${via}`];
        });
        return [...new Set(texts)].sort();
      };
      const wanted = ([4, 6] as const).flatMap((family) =>
        ['denied', 'logged'].flatMap((kind) => [
          `${kind} ${hostAddresses.b[family]} 80 via ${service[family]} 53`,
          `${kind} ${hostAddresses.b[family]} 443 via nothing`,
          `${kind} ${hostAddresses.ext[family]} 90 via ${service[family]} 9090`,
        ]),
      );
      await expect.poll(seen, { timeout: 20_000 }).toEqual(wanted.sort());
      world.run('node', 'nft', 'delete table inet service');
      await stop();
      await reading;
    });

    it('DP76: decide nothing and cost no report where nothing is reported', async () => {
      await start();
      expect(await outcomes()).not.toContain(false);
    });
  });
}
