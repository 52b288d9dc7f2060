/** `weir agent cleanup --azure-npm` on a node where Azure NPM was before: its rules no longer judge, those of Weir still do. */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allowFrom, type NodeWorld, openNodeWorld, type TestPod } from './support/node-world.ts';

/** What NPM leaves of a policy that denies all ingress of the namespace `default`: sets, and the files that it restores one after the other. */
const sets = (address: string): string => `create azure-npm-4rdsa7069uaa0csdhoe2 hash:net family inet
create azure-npm-2837910840 list:set
add azure-npm-4rdsa7069uaa0csdhoe2 ${address}
add azure-npm-2837910840 azure-npm-4rdsa7069uaa0csdhoe2
`;
const boot = `*filter
:AZURE-NPM - -
:AZURE-NPM-ACCEPT - -
:AZURE-NPM-EGRESS - -
:AZURE-NPM-INGRESS - -
:AZURE-NPM-INGRESS-ALLOW-MARK - -
-A AZURE-NPM-ACCEPT -j ACCEPT
-A AZURE-NPM-EGRESS -j DROP -m mark --mark 0x800/0x800
-A AZURE-NPM-EGRESS -j AZURE-NPM-ACCEPT -m mark --mark 0x200/0x200
-A AZURE-NPM-INGRESS -j DROP -m mark --mark 0x400/0x400
-A AZURE-NPM-INGRESS-ALLOW-MARK -j MARK --set-mark 0x200/0x200
-A AZURE-NPM-INGRESS-ALLOW-MARK -j AZURE-NPM-EGRESS
-A FORWARD -j AZURE-NPM -m conntrack --ctstate NEW
COMMIT
`;
const policy = `*filter
:AZURE-NPM-INGRESS-zl8i3zib25 - -
-F AZURE-NPM
-A AZURE-NPM -j AZURE-NPM-INGRESS
-A AZURE-NPM -j AZURE-NPM-EGRESS
-A AZURE-NPM -j AZURE-NPM-ACCEPT
-A AZURE-NPM-INGRESS-zl8i3zib25 -j MARK --set-mark 0x400/0x400 -m comment --comment DROP-ALL
-I AZURE-NPM-INGRESS 1 -j AZURE-NPM-INGRESS-zl8i3zib25 -m set --match-set azure-npm-4rdsa7069uaa0csdhoe2 dst -m comment --comment INGRESS-POLICY-default/deny-all-TO-ns-default-IN-ns-default
COMMIT
`;

describe('weir agent cleanup --azure-npm', () => {
  let world: NodeWorld;
  let server: TestPod;
  let friend: TestPod;
  let stranger: TestPod;

  beforeAll(async () => {
    world = await openNodeWorld();
    await world.addPolicy('server', allowFrom({ app: 'server' }, { role: 'friend' }));
    server = await world.addPod('server', { app: 'server' });
    friend = await world.addPod('friend', { role: 'friend' });
    stranger = await world.addPod('stranger');
    await world.startAgent('tls', '--dataplane', 'iptables', '--iptables-flavour', 'nft');
    await world.attach(server, friend, stranger);
    await world.becomes(friend, server, true);
    await world.becomes(stranger, server, false);
  });
  afterAll(async () => {
    await world?.close();
  });

  const restore = (program: readonly string[], input: string): void =>
    void execFileSync('ip', ['netns', 'exec', world.node, ...program], { input, stdio: ['pipe', 'ignore', 'pipe'] });
  const cleanUp = (): unknown => JSON.parse(world.runAgentCommand('cleanup', '--azure-npm', '-o', 'json'));

  it.each(['nft', 'legacy'])(
    'DP92: lets through again what NPM left closed (%s), asks nothing, leaves Weir alone, and does nothing again',
    async (flavour) => {
      restore(['ipset', 'restore'], sets(server.address));
      for (const text of [boot, policy]) restore([`iptables-${flavour}-restore`, '-w', '60', '-T', 'filter', '--noflush'], text);
      expect(await world.connects(friend, server, false)).toBe(false);
      const { removed } = cleanUp() as { removed: string[] };
      expect(removed.map((each) => each.split(' ')[0]).sort()).toEqual([...Array<string>(6).fill('chain'), 'set', 'set']);
      for (const each of ['nft', 'legacy']) expect(world.run(world.node, `iptables-${each}-save`)).not.toContain('AZURE');
      expect(world.run(world.node, 'ipset', 'save')).not.toContain('azure');
      expect(await world.connects(friend, server, true)).toBe(true);
      expect(await world.connects(stranger, server, false)).toBe(false);
      expect(cleanUp()).toEqual({ removed: [] });
    },
  );
});
