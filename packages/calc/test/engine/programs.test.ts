/** Table tests of the engine's promises about programs, rules and their ids; SPEC.md has the rules that titles name. */
import type { NetworkPolicy } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { judgeFlow } from '../../src/index.ts';
import { Follower } from '../follower.ts';
import { namespaceOf, podOf, policyOf } from '../objects.ts';
import { addressOf, at, db, denyAll, programOf, rulesOf, shop, web } from './engine-scene.ts';

describe('programs and rules', () => {
  it('P1 endpoints under the same rules share a program', () => {
    const pods = Array.from({ length: 10 }, (_, i) => podOf(`shop/w${i}`, { labels: { id: String(i) }, ip: `10.0.3.${i}`, node: 'n1' }));
    const state = at({ namespaces: [shop], pods, policies: [denyAll] });
    expect([state.endpoints.size, state.programs.size]).toEqual([10, 2]);
  });

  it("P2 ingress port names are the endpoint's numbers, and a name that it does not have opens nothing", () => {
    const http = policyOf('shop/http', {
      podSelector: {},
      ingress: [{ ports: [{ port: 'http' }, { port: 443 }, { port: 'dns', protocol: 'UDP' }] }],
    });
    const state = at({
      namespaces: [shop],
      pods: [
        podOf('shop/a', { ip: '10.0.4.1', node: 'n1', ports: [{ name: 'http', port: 8080 }] }),
        podOf('shop/b', {
          ip: '10.0.4.2',
          node: 'n1',
          ports: [
            { name: 'http', port: 444 },
            { name: 'dns', port: 53, protocol: 'UDP' },
          ],
        }),
        podOf('shop/c', { ip: '10.0.4.3', node: 'n1', ports: [{ name: 'http', port: 80, protocol: 'UDP' }] }),
      ],
      policies: [http],
    });
    const ports = (uid: string): unknown[] =>
      rulesOf(state, uid).map(({ protocol, ports: ranges }) => [protocol, ranges?.map(({ first, last }) => [first, last])]);
    expect(ports('uid-shop/a')).toEqual([
      [
        6,
        [
          [443, 443],
          [8080, 8080],
        ],
      ],
    ]);
    expect(ports('uid-shop/b')).toEqual([
      [6, [[443, 444]]],
      [17, [[53, 53]]],
    ]);
    expect(ports('uid-shop/c')).toEqual([[6, [[443, 443]]]]);
  });

  it('P3 a block with everything excepted and a selector of nothing leave no rule', () => {
    const nothing = policyOf('shop/nothing', {
      podSelector: {},
      ingress: [{ from: [{ ipBlock: { cidr: '192.0.2.0/24', except: ['192.0.2.0/25', '192.0.2.128/25'] } }] }],
    });
    const state = at({ namespaces: [shop], pods: [web], policies: [nothing] });
    expect(programOf(state, 'uid-shop/web')).toMatchObject({ tiers: [{ rules: [], end: 'deny' }] });
    expect(state.peerSets.size).toBe(0);
  });

  it("P4 ids stay when the rule's content changes and differ for each part of each policy", () => {
    const spec = (port: number) => ({
      podSelector: {},
      ingress: [{ from: [{ podSelector: {} }, { namespaceSelector: {} }], ports: [{ port }, { port, protocol: 'UDP' }] }],
    });
    const ids = (port: number): string[] =>
      rulesOf(
        at({ namespaces: [shop], pods: [web], policies: [policyOf('shop/p', spec(port)), policyOf('shop/q', spec(port))] }),
        'uid-shop/web',
      ).map(({ id }) => id);
    expect(new Set(ids(80)).size).toBe(8);
    expect(ids(81)).toEqual(ids(80));
    for (const id of ids(80)) expect(id).toMatch(/^[0-9a-z]{11}$/);
  });
});

describe('long lists of blocks', () => {
  const listOf = (count: number): NetworkPolicy =>
    policyOf('shop/blocks', {
      podSelector: {},
      ingress: [
        {
          from: [
            { podSelector: { matchLabels: { app: 'db' } } },
            ...Array.from({ length: count }, (_, i) => ({ ipBlock: { cidr: `10.9.${i}.0/30`, except: [`10.9.${i}.2/32`] } })),
          ],
          ports: [{ port: 80 }, { port: 53, protocol: 'UDP' }],
        },
        { from: [{ ipBlock: { cidr: '10.9.0.2/32' } }], ports: [{ port: 81 }] },
      ],
    });

  it('P5 more than 32 are one rule for each protocol, about one set, beside the other peers and rules', () => {
    const peersOf = (count: number): (number | undefined)[] =>
      rulesOf(at({ namespaces: [shop], pods: [web, db], policies: [listOf(count)] }), 'uid-shop/web').map(({ origin }) => origin.peerIndex);
    expect(peersOf(32)).toHaveLength(2 * 33 + 1);
    expect(peersOf(33)).toEqual([0, 0, undefined, undefined, 0]);
  });

  it('P5 let in what each block lets in, on the ports of their rule, and nothing else', () => {
    const follower = new Follower();
    follower.go({ namespaces: [shop], pods: [web, db], policies: [listOf(33)] });
    const verdict = (source: string, destinationPort: number, protocol = 6): string | undefined =>
      judgeFlow(
        follower.engine.emittedState,
        { source: addressOf(source), destination: addressOf('10.0.0.1'), protocol, destinationPort },
        () => false,
      ).ingress?.verdict;
    for (let i = 0; i < 34; i++) {
      for (let last = 0; last < 5; last++) {
        const isListed = i < 33 && (last < 2 || last === 3);
        expect(verdict(`10.9.${i}.${last}`, 80), `10.9.${i}.${last}`).toBe(isListed ? 'allow' : 'deny');
        expect(verdict(`10.9.${i}.${last}`, 53, 17)).toBe(isListed ? 'allow' : 'deny');
        expect(verdict(`10.9.${i}.${last}`, 81)).toBe(i === 0 && last === 2 ? 'allow' : 'deny');
      }
    }
    expect(verdict('10.0.0.2', 80)).toBe('allow');
  });
});

describe('colliding rule ids', () => {
  it('P4 a rule whose id changes because another policy came gets a new program', () => {
    const rules = { podSelector: {}, ingress: [{ from: [{ podSelector: {} }] }] };
    const pods = [web, podOf('ops/pod', { ip: '10.0.0.6', node: 'n1' })];
    const namespaces = [shop, namespaceOf('ops')];
    const follower = new Follower({ ruleHash: () => 'h' });
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h']);
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules), policyOf('ops/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h.1']);
    follower.go({ namespaces, pods, policies: [policyOf('shop/p', rules)] });
    expect(rulesOf(follower.state, 'uid-shop/web').map(({ id }) => id)).toEqual(['h']);
  });
});
