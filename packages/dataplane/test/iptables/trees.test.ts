/** Chains that search instead of asking one rule after the other: what they find, and how many rules a packet meets. */
import type { Program, ProgramRule } from '@weir/calc';
import { addressFromWords, type Family } from '@weir/net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressTreeChains } from '../../src/iptables/address-tree.ts';
import { programChains } from '../../src/iptables/program-chains.ts';
import type { ChainText } from '../../src/iptables/rule-script.ts';
import { walkChains } from './chain-walk.ts';

const word = fc.integer({ min: 0, max: 0xffff_ffff });
const nobody = addressFromWords(4, [0]);

describe('DP93: pods of many programs', () => {
  const treeOf = (family: Family, words: readonly (readonly number[])[]): ChainText[] =>
    addressTreeChains({
      chain: 'WEIR-INGRESS',
      end: 'destination',
      addresses: words.map((each, i) => ({ address: addressFromWords(family, each), rules: [`-d ${textOf(family, each)} -g P${i}`] })),
      otherwise: [],
    });
  const textOf = (family: Family, words: readonly number[]): string =>
    family === 4
      ? words.flatMap((each) => [each >>> 24, (each >> 16) & 255, (each >> 8) & 255, each & 255]).join('.')
      : words.flatMap((each) => [(each >>> 16).toString(16), (each & 0xffff).toString(16)]).join(':');

  it.each([4, 6] as const)('are found by their address and no other (IPv%i)', (family) => {
    const addresses = fc.uniqueArray(fc.tuple(...Array.from({ length: family === 4 ? 1 : 4 }, () => word)), {
      minLength: 1,
      maxLength: 600,
      selector: (each) => each.join(),
    });
    fc.assert(
      fc.property(addresses, addresses, (words, others) => {
        const chains = treeOf(family, words);
        const known = new Map(words.map((each, i) => [each.join(), i]));
        for (const each of [...words.slice(0, 40), ...others.slice(0, 40)]) {
          const { matched } = walkChains(chains, { address: addressFromWords(family, each), protocol: 6, port: 80 });
          const index = known.get(each.join());
          expect(matched).toEqual(index === undefined ? [] : [`-d ${textOf(family, each)} -g P${index}`]);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('cost a packet 16 rules for every 16 times as many of them', () => {
    const looked = [16, 256, 4_096].map((count) => {
      const chains = treeOf(
        4,
        Array.from({ length: count }, (_, i) => [0x0a00_0000 + 3 * i]),
      );
      return Math.max(
        ...Array.from({ length: count }, (_, i) => {
          const address = addressFromWords(4, [0x0a00_0000 + 3 * i]);
          return walkChains(chains, { address, protocol: 6, port: 80 }).looked;
        }),
      );
    });
    expect(looked).toEqual([16, 32, 48]);
  });
});

describe('DP93: a program with many rules', () => {
  const rulesWith = (ports: readonly (readonly { first: number; last: number }[] | undefined)[], protocols = [6]): ProgramRule[] =>
    ports.map((each, i) => ({
      id: `rule-${i}`,
      action: 'allow',
      peer: [],
      protocol: protocols[i % protocols.length] ?? 6,
      ...(each === undefined ? {} : { ports: each }),
      origin: { policy: { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', name: 'p' }, direction: 'ingress', ruleIndex: i },
    }));
  const chainsOf = (rules: readonly ProgramRule[]): ChainText[] => {
    const program: Program = { key: 'p', direction: 'ingress', tiers: [{ name: 'default', rules, end: 'deny' }], otherwise: 'allow' };
    return programChains(program, { family: 4, chain: 'WEIR-P1', setFor: () => 'none', drop: '-j DROP', log: '' });
  };
  const range = fc
    .tuple(fc.integer({ min: 0, max: 65_535 }), fc.integer({ min: 0, max: 65_535 }))
    .map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) }));
  const near = fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20 })).map(([a, b]) => ({ first: a, last: a + b }));

  it('asks exactly the rules that are about the port, and denies what none allows', () => {
    const ports = fc.array(fc.option(fc.array(fc.oneof(range, near), { minLength: 1, maxLength: 3 }), { nil: undefined }), {
      minLength: 1,
      maxLength: 200,
    });
    fc.assert(
      fc.property(ports, fc.array(fc.integer({ min: 0, max: 65_535 }), { maxLength: 10 }), (texts, others) => {
        const rules = rulesWith(texts, [6, 17, 132]);
        const chains = chainsOf(rules);
        const asked = new Set([
          ...others,
          0,
          65_535,
          ...texts.slice(0, 20).flatMap((each) => (each ?? []).flatMap((one) => [one.first, one.last])),
        ]);
        for (const port of asked) {
          for (const protocol of [6, 17, 132, 1]) {
            const { matched } = walkChains(chains, { address: nobody, protocol, port });
            const found = new Set(matched.flatMap((rule) => /--comment (rule-\d+)/.exec(rule)?.[1] ?? []));
            const meant = rules.filter(
              (rule) => rule.protocol === protocol && (rule.ports?.some(({ first, last }) => first <= port && port <= last) ?? true),
            );
            expect([...found].sort()).toEqual(meant.map(({ id }) => id).sort());
            expect(matched.at(-1)).toMatch(/-j DROP$/);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it('costs a packet of one port a bounded number of rules, also where it has 10 000 of them', () => {
    const looked = [100, 1_000, 10_000].map((count) => {
      const chains = chainsOf(rulesWith(Array.from({ length: count }, (_, i) => [{ first: 10_000 + i, last: 10_000 + i }])));
      return Math.max(
        ...[9_999, 10_000, 10_000 + count / 2, 9_999 + count, 10_000 + count].map(
          (port) => walkChains(chains, { address: nobody, protocol: 6, port }).looked,
        ),
      );
    });
    expect(Math.max(...looked)).toBeLessThanOrEqual(60);
    expect(looked).toEqual([...looked].sort((a, b) => a - b));
  });

  it('keeps the order of rules where it matters', () => {
    const rules = rulesWith(Array.from({ length: 100 }, (_, i) => [{ first: i, last: i }]));
    const ordered = rules.map((rule, i): ProgramRule => (i === 50 ? { ...rule, action: 'deny' } : rule));
    expect(chainsOf(ordered)).toHaveLength(1);
  });
});
