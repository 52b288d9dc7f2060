/** Random states whose programs have tiers with rules of every action. */
import fc from 'fast-check';
import type { ProgramText, RuleText, StateText } from '../conformance/state.ts';

const action = fc.constantFrom('allow' as const, 'allow' as const, 'deny' as const, 'pass' as const, 'log' as const);
const peer = fc.uniqueArray(fc.constantFrom('one', 'two', 'pods', 'outside', '!one', '!pods', '!outside'), { maxLength: 2 });
const port = fc.constantFrom<number | readonly [number, number]>(80, 81, 443, [80, 90], [81, 442], [0, 65_535]);
const rule: fc.Arbitrary<RuleText> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ action, peer, protocol: fc.constantFrom(6, 6, 17, 132), ports: fc.array(port, { minLength: 1, maxLength: 2 }) }),
  },
  { weight: 1, arbitrary: fc.record({ action, peer, protocol: fc.constantFrom(1, 6, 17, 58) }) },
  { weight: 1, arbitrary: fc.record({ action, peer }) },
  { weight: 1, arbitrary: fc.record({ action, peer: fc.constant(['named']), protocol: fc.constantFrom(6, 17) }) },
);
const tier = fc.record({ rules: fc.array(rule, { minLength: 1, maxLength: 4 }), end: fc.constantFrom('deny' as const, 'pass' as const) });
const program: fc.Arbitrary<ProgramText> = fc.record({
  tiers: fc.array(tier, { minLength: 1, maxLength: 3 }),
  otherwise: fc.constantFrom('allow' as const, 'deny' as const),
});

/** `a` and `b` are judged by what they send, `b` and `c` by what they get. */
export const tieredState: fc.Arbitrary<StateText> = fc
  .record({ out: fc.array(program, { minLength: 2, maxLength: 2 }), in: fc.array(program, { minLength: 2, maxLength: 2 }) })
  .map(({ out, in: into }) => ({
    sets: {
      one: { a: 'member' },
      two: { a: 'member', b: 'member' },
      named: {
        b: [{ protocol: 6, port: 81 }],
        c: [
          { protocol: 17, port: 80 },
          { protocol: 6, port: 443 },
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
