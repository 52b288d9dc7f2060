/** What Azure NPM left on a node is taken away, and nothing else. The state is the one that its restore files make. */

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createNetns, deleteNetns, inNetns } from '@weir/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeAzureNpm } from '../../src/iptables/azure-npm.ts';

const netns = `weirt-${randomBytes(3).toString('hex')}-npm`;

const npmSets = `create azure-npm-343gyx4g1wf87lwlewvk hash:net family inet
create azure-npm-4rdsa7069uaa0csdhoe2 hash:net family inet
create azure-npm-61b0uqiiz2delucbmvi2 hash:ip,port family inet
create azure-npm-527074092 list:set
add azure-npm-343gyx4g1wf87lwlewvk 10.0.0.1
add azure-npm-61b0uqiiz2delucbmvi2 10.0.0.1,tcp:8080
add azure-npm-527074092 azure-npm-343gyx4g1wf87lwlewvk
create admin hash:ip
add admin 192.0.2.1
`;

const npmRules = `*filter
:AZURE-NPM - [0:0]
:AZURE-NPM-ACCEPT - [0:0]
:AZURE-NPM-EGRESS - [0:0]
:AZURE-NPM-INGRESS - [0:0]
:AZURE-NPM-INGRESS-ALLOW-MARK - [0:0]
:AZURE-NPM-INGRESS-zl8i3zib25 - [0:0]
:KUBE-SERVICES - [0:0]
-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES
-A FORWARD -m conntrack --ctstate NEW -j AZURE-NPM
-A FORWARD -m set --match-set admin src -j DROP
-A AZURE-NPM -j AZURE-NPM-INGRESS
-A AZURE-NPM -j AZURE-NPM-EGRESS
-A AZURE-NPM -j AZURE-NPM-ACCEPT
-A AZURE-NPM-ACCEPT -j ACCEPT
-A AZURE-NPM-INGRESS-ALLOW-MARK -j MARK --set-mark 0x200/0x200
-A AZURE-NPM-INGRESS-ALLOW-MARK -j AZURE-NPM-EGRESS
-A AZURE-NPM-INGRESS -j AZURE-NPM-INGRESS-zl8i3zib25 -m set --match-set azure-npm-4rdsa7069uaa0csdhoe2 dst -m comment --comment INGRESS-POLICY-default/deny-all-TO-ns-default-IN-ns-default
-A AZURE-NPM-INGRESS -j DROP -m mark --mark 0x400/0x400
-A AZURE-NPM-EGRESS -j DROP -m mark --mark 0x800/0x800
-A AZURE-NPM-EGRESS -j AZURE-NPM-ACCEPT -m mark --mark 0x200/0x200
-A AZURE-NPM-INGRESS-zl8i3zib25 -j MARK --set-mark 0x400/0x400 -m comment --comment DROP-ALL
COMMIT
`;

function run(command: readonly string[], input = ''): string {
  return execFileSync('ip', ['netns', 'exec', netns, ...command], { encoding: 'utf8', input });
}

function cleanUp(): Promise<readonly string[]> {
  let cleaning: Promise<readonly string[]> = Promise.resolve([]);
  inNetns(netns, () => {
    cleaning = removeAzureNpm();
  });
  return cleaning;
}

describe("Azure NPM's leftovers", () => {
  beforeAll(() => createNetns(netns));
  afterAll(() => deleteNetns(netns));

  it('DP92: go from both flavours at once, with their sets, and the rules and sets of others stay', async () => {
    run(['ipset', 'restore'], npmSets);
    for (const flavour of ['nft', 'legacy']) run([`iptables-${flavour}-restore`, '--noflush'], npmRules);
    const removed = await cleanUp();
    expect(removed.filter((each) => each.startsWith('chain'))).toHaveLength(12);
    expect(removed.filter((each) => each.startsWith('set'))).toHaveLength(4);
    for (const flavour of ['nft', 'legacy']) {
      const rules = run([`iptables-${flavour}-save`]);
      expect(rules.match(/^(?:-A .*|:KUBE.*)$/gm)).toEqual([
        ':KUBE-SERVICES - [0:0]',
        '-A FORWARD -m conntrack --ctstate NEW -j KUBE-SERVICES',
        '-A FORWARD -m set --match-set admin src -j DROP',
      ]);
      expect(rules).not.toContain('AZURE');
    }
    expect(run(['ipset', 'list', '-name'])).toBe('admin\n');
    expect(await cleanUp()).toEqual([]);
  });
});
