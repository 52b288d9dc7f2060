/** Random states whose programs have tiers with rules of every action, and all that rules can ask for. */
import { protocolNumber } from '@weir/net';
import fc from 'fast-check';
import type { RuleFeature } from '../../src/programs/rule-refusal.ts';
import type { PortText, ProgramText, RuleText, StateText } from '../conformance/state.ts';

const { ICMP, ICMPv6, TCP, UDP, SCTP } = protocolNumber;

const action = fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const, 'pass' as const, 'log' as const);
const peer = fc.uniqueArray(fc.constantFrom('one', 'two', 'pods', 'outside', '!one', '!pods', '!outside'), { maxLength: 2 });
const port = fc.constantFrom<PortText>(80, 81, 443, [80, 90], [81, 442], [0, 65_535]);
const ports = fc.array(port, { minLength: 1, maxLength: 2 });

/** Sources of real sockets are the machine's choice, 32768 and up: no list divides these. */
const sourcePorts = fc.constantFrom<readonly PortText[]>([1_000], [[0, 1_999]], [[2_000, 65_535]], [1_000, [3_000, 3_999]], [[0, 65_535]]);

/** A type of ICMP, or one message, or all but these. */
const messages = fc
  .tuple(fc.constantFrom([ICMP, 8], [ICMP, 13], [ICMPv6, 128], [ICMPv6, 139]), fc.constantFrom(undefined, 0, 5), fc.boolean())
  .map(([[protocol = 0, type = 0], code, isNegated]): Pick<RuleText, 'protocol' | 'ports'> => {
    const first = type * 256 + (code ?? 0);
    const last = type * 256 + (code ?? 255);
    const others: readonly PortText[] = [
      [0, first - 1],
      [last + 1, 65_535],
    ];
    return { protocol, ports: isNegated ? others : [[first, last]] };
  });

const plainRules: readonly fc.WeightedArbitrary<RuleText>[] = [
  { weight: 6, arbitrary: fc.record({ action, peer, protocol: fc.constantFrom(TCP, TCP, UDP, SCTP), ports }) },
  { weight: 2, arbitrary: fc.record({ action, peer, protocol: fc.constantFrom(ICMP, TCP, UDP, ICMPv6) }) },
  { weight: 2, arbitrary: fc.record({ action, peer }) },
  { weight: 2, arbitrary: fc.record({ action, peer: fc.constant(['named']), protocol: fc.constantFrom(TCP, UDP) }) },
];
const rulesWith: Readonly<Record<RuleFeature, fc.Arbitrary<RuleText>>> = {
  excludedProtocol: fc.record({ action, peer, notProtocol: fc.constantFrom(ICMP, TCP, UDP, ICMPv6) }),
  messages: fc.record({ action, peer, messages }).map(({ messages: own, ...rest }) => ({ ...rest, ...own })),
  sourcePorts: fc.record(
    { action, peer, protocol: fc.constantFrom(TCP, UDP, SCTP), ports, sourcePorts },
    { requiredKeys: ['action', 'peer', 'protocol', 'sourcePorts'] },
  ),
  excludedNamedPorts: fc.record(
    { action, peer: fc.constantFrom(['!named'], ['!named', 'pods'], ['!named', '!one']), protocol: fc.constantFrom(TCP, UDP), ports },
    { requiredKeys: ['action', 'peer', 'protocol'] },
  ),
};

/** All that rules can ask for. */
export const ruleFeatures = Object.keys(rulesWith) as RuleFeature[];

/** `a` and `b` are judged by what they send, `b` and `c` by what they get; rules ask for no other features than these. */
export function tieredState(features: readonly RuleFeature[]): fc.Arbitrary<StateText> {
  const rule = fc.oneof(...plainRules, ...features.map((feature) => ({ weight: 2, arbitrary: rulesWith[feature] })));
  const tier = fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 4 }), end: fc.constantFrom('deny' as const, 'pass' as const) });
  const tiers: fc.Arbitrary<ProgramText> = fc.record({
    tiers: fc.array(tier, { minLength: 1, maxLength: 3 }),
    otherwise: fc.constantFrom('allow' as const, 'deny' as const),
  });
  // A program of rules that only allow is another matter for some back ends.
  const allowing = fc
    .array(rule, { minLength: 1, maxLength: 4 })
    .map((rules) => rules.map((each) => ({ ...each, action: 'allow' as const })));
  const program = fc.oneof({ weight: 4, arbitrary: tiers }, { weight: 1, arbitrary: allowing });
  return fc
    .record({ out: fc.array(program, { minLength: 2, maxLength: 2 }), in: fc.array(program, { minLength: 2, maxLength: 2 }) })
    .map(({ out, in: into }) => ({
      sets: {
        one: { a: 'member' },
        two: { a: 'member', b: 'member' },
        named: {
          b: [{ protocol: TCP, port: 81 }],
          c: [
            { protocol: UDP, port: 80 },
            { protocol: TCP, port: 443 },
          ],
        },
      },
      ranges: {
        pods: ['10.77.0.0/30 except 10.77.0.3/32', 'fd77::/64'],
        outside: ['192.0.2.0/24', '2001:db8::/64 except 2001:db8::1/128'],
      },
      egress: { a: out[0], b: out[1] },
      ingress: { b: into[0], c: into[1] },
    }));
}
