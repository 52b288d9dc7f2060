/** Rules that a back end cannot enforce as they are meant, each refused in words that name what it is. */
import type { PeerSet, Program, ProgramRule } from '@weir/calc';
import { protocolNumber } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { compileHnsProgram } from '../../src/hns/hns-program.ts';
import { refusalOfRule } from '../../src/programs/rule-refusal.ts';

const { ICMP, TCP } = protocolNumber;
const peerSets: ReadonlyMap<string, PeerSet> = new Map([['named', { kind: 'addressPort', key: 'named' }]]);
const web = [{ first: 80, last: 80 }];

function rule(asks: Partial<ProgramRule>): ProgramRule {
  const policy = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', namespace: 'demo', name: 'web' };
  return { id: 'r', action: 'allow', peer: [], origin: { policy, direction: 'ingress', ruleIndex: 2, peerIndex: 0 }, ...asks };
}

const featureRules = [
  ['an excluded protocol', rule({ notProtocol: TCP })],
  ['messages of ICMP', rule({ protocol: ICMP, ports: [{ first: 2_048, last: 2_303 }] })],
  ['source ports', rule({ protocol: TCP, sourcePorts: web })],
  ['excluded named ports', rule({ protocol: TCP, peer: [{ set: 'named', negated: true }] })],
] as const;

describe('DP79: rules that are refused', () => {
  it.each(featureRules)('on HNS name %s and where the rule stands', (feature, asking) => {
    const program: Program = {
      key: 'p',
      direction: 'ingress',
      tiers: [{ name: 'default', rules: [asking], end: 'deny' }],
      otherwise: 'allow',
    };
    const result = compileHnsProgram(program, peerSets, { expandUnsupported: true });
    expect(result).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(`^NetworkPolicy demo/web ingress\\[2\\]: ${feature}, which .*HNS`) as string,
    });
  });

  it('are none on HNS when they deny everything: the program ends there, and what stands behind is never asked', () => {
    const rules = [rule({ id: 'first', protocol: TCP }), rule({ action: 'deny' }), rule({ id: 'behind', notProtocol: TCP })];
    const tiers = [{ name: 'default', rules, end: 'pass' as const }];
    const result = compileHnsProgram({ key: 'p', direction: 'ingress', tiers, otherwise: 'allow' }, peerSets, { expandUnsupported: false });
    expect(result).toEqual({ kind: 'accepted', program: { key: 'p', rules: [{ id: 'first', protocol: TCP }], allowsRest: false } });
    expect(
      compileHnsProgram(
        {
          key: 'p',
          direction: 'ingress',
          tiers: [{ name: 't', rules: [rule({ action: 'deny', ports: web })], end: 'deny' }],
          otherwise: 'deny',
        },
        peerSets,
        { expandUnsupported: false },
      ).kind,
    ).toBe('refused');
  });

  it.each(featureRules)('are none on nftables for %s', (_feature, asking) => {
    expect(refusalOfRule(asking, peerSets, 'nftables')).toBeUndefined();
  });

  it.each([
    ['one protocol and excludes another', rule({ protocol: TCP, notProtocol: ICMP })],
    ['ports, but no protocol with ports', rule({ ports: web })],
    ['source ports, but no protocol with ports', rule({ protocol: ICMP, sourcePorts: web })],
    ['named ports, but no protocol with ports', rule({ protocol: ICMP, peer: [{ set: 'named', negated: true }] })],
    ['named ports and must have no other ones', rule({ protocol: TCP, ports: web, peer: [{ set: 'named', negated: false }] })],
    ['a peer set that is not there: gone', rule({ peer: [{ set: 'gone', negated: true }] })],
  ])('contradict themselves on every back end: %s', (reason, asking) => {
    for (const backEnd of ['nftables', 'iptables', 'ebpf', 'hns'] as const)
      expect(refusalOfRule(asking, peerSets, backEnd)).toContain(reason);
  });
});
