/** `weir agent dump --pairs` asks the running agent who reaches whom, and packets say the same, on every data plane of Linux. */
import { defined, formatAddress, parseAddress } from '@weir/net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

interface Pairs {
  readonly allowed: readonly { readonly source: string; readonly destination: string; readonly only?: readonly string[] }[];
  readonly denied: readonly { readonly source: string; readonly destination: string }[];
  readonly undecided: readonly unknown[];
  readonly leftOut: number;
}

/** As addresses are printed. */
function plain(text: string): string {
  return formatAddress(defined(parseAddress(text), text));
}

describe.each(['nftables', 'iptables', 'ebpf'])('weir agent dump --pairs with %s', (dataplane) => {
  let world: NodeWorld;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger', { role: 'stranger' });
    await world.startAgent('tls', '--dataplane', dataplane);
    await world.attach(server, friend, stranger);
  });
  afterAll(async () => {
    await world?.close();
  });

  const pairs = (): Pairs => JSON.parse(world.runAgentCommand('dump', '--pairs', '--gate-socket', world.gateSocket)) as Pairs;

  it('lists every pair of pods as packets find it, before and behind a change of labels', async () => {
    const { ingress } = allowFrom({}, { role: 'friend' });
    await world.addPolicy('server', {
      ...allowFrom({ app: 'server' }, { role: 'friend' }),
      ingress: [{ ...ingress?.[0], ports: [{ port: 80 }] }],
    });
    const pods = [server, friend, stranger];
    for (const [inside, outside] of [
      [friend, stranger],
      [stranger, friend],
    ] as const) {
      await world.label(outside.name, { role: 'stranger' });
      await world.label(inside.name, { role: 'friend' });
      await world.becomes(inside, server, true);
      await world.becomes(outside, server, false);
      const { allowed, denied, undecided, leftOut } = pairs();
      const toServer = (from: TestPod) => [
        { source: from.address, destination: server.address },
        { source: plain(from.address6), destination: plain(server.address6) },
      ];
      expect({ denied, undecided, leftOut }).toEqual({ denied: toServer(outside), undecided: [], leftOut: 0 });
      expect(allowed.filter(({ only }) => only !== undefined)).toEqual(toServer(inside).map((each) => ({ ...each, only: ['TCP 80'] })));
      expect(allowed).toHaveLength(2 * (pods.length * (pods.length - 1) - 1));
      for (const from of pods) {
        for (const to of pods.filter((each) => each !== from)) {
          const isAllowed = allowed.some((each) => each.source === from.address && each.destination === to.address);
          expect(await world.connects(from, to, isAllowed), `${from.name} > ${to.name}`).toBe(isAllowed);
        }
      }
    }
  });
});
