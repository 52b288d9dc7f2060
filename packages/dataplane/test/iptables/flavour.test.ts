/** Which flavour of iptables is used. */
import { describe, expect, it } from 'vitest';
import { flavourOf } from '../../src/iptables/flavour.ts';

const hint = '*mangle\n:KUBE-IPTABLES-HINT - [0:0]\nCOMMIT';
const canary = '*mangle\n:KUBE-KUBELET-CANARY - [0:0]\nCOMMIT';
const rules = '*filter\n[0:0] -A FORWARD -j DROP\nCOMMIT';
const weirs = '*filter\n[0:0] -A FORWARD -j WEIR-FORWARD\n[0:0] -A WEIR-FORWARD -j DROP\nCOMMIT';

const flavour = (nft: string, legacy: string): string =>
  flavourOf(
    new Map([
      ['nft', nft],
      ['legacy', legacy],
    ] as const),
  ).flavour;

describe('DP90: the flavour of iptables', () => {
  it("is the one with the kubelet's hint, whatever rules the other one has", () => {
    expect(flavour(rules, hint)).toBe('legacy');
    expect(flavour(hint, rules)).toBe('nft');
  });

  it("is the one with the kubelet's canary where there is no hint", () => {
    expect(flavour('', canary)).toBe('legacy');
    expect(flavour(hint, canary)).toBe('nft');
  });

  it('is the one with more rules of others where no kubelet is', () => {
    expect(flavour('', rules)).toBe('legacy');
    expect(flavour(weirs, rules)).toBe('legacy');
    expect(flavour('', '')).toBe('nft');
  });

  it('is not guessed where both have the hint', () => {
    expect(() =>
      flavourOf(
        new Map([
          ['nft', hint],
          ['legacy', hint],
        ] as const),
      ),
    ).toThrow(/both iptables flavours/);
  });
});
