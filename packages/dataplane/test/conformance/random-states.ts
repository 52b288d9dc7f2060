/** Random small states, for tests of what depends on the state only and not on the way to it. */
import fc from 'fast-check';
import type { RuleText, StateText } from './state.ts';

const rangeTexts = [
  '10.77.0.0/24',
  '10.77.0.0/30',
  '10.77.0.2/31',
  '0.0.0.0/0',
  '192.0.2.0/24 except 192.0.2.10/32',
  'fd77::/64',
  'fd77::b/128',
  '::/0',
];
const ruleText: fc.Arbitrary<RuleText> = fc.oneof(
  fc.record({
    peer: fc.uniqueArray(fc.constantFrom('one', 'two', 'r1', 'r2', '!one', '!two', '!r1', '!r2'), { maxLength: 2 }),
    protocol: fc.constantFrom(6, 17),
    ports: fc.array(
      fc.oneof(fc.constantFrom(80, 81, 90), fc.constantFrom([80, 90] as const, [0, 65535] as const, [81, 81] as const, [0, 0] as const)),
      { minLength: 1, maxLength: 3 },
    ),
  }),
  fc.record({ peer: fc.uniqueArray(fc.constantFrom('one', 'two', 'r1', '!r2', '!one'), { maxLength: 2 }) }),
  fc.record({
    peer: fc.uniqueArray(fc.constantFrom('named', 'one', 'r1', '!r2'), { minLength: 1, maxLength: 2 }),
    protocol: fc.constant(6),
  }),
);
const rules = fc.option(
  fc.array(ruleText, { maxLength: 3 }).map((list) => list.map((rule, i) => ({ ...rule, id: `r${i}` }))),
  { nil: undefined },
);
const membership = fc.record({
  a: fc.constantFrom('member' as const, undefined),
  b: fc.constantFrom('member' as const, undefined),
  c: fc.constantFrom('member' as const, undefined),
});
const ports = fc.option(
  fc.uniqueArray(fc.constantFrom({ protocol: 6, port: 80 }, { protocol: 6, port: 81 }, { protocol: 17, port: 80 }), {
    minLength: 1,
    maxLength: 2,
    selector: (each) => `${each.protocol} ${each.port}`,
  }),
  { nil: undefined },
);
const isolation = fc.record({ a: rules, b: rules, c: rules });

/** All sets are there in every state, so that the delta's contract holds; their content changes their keys. */
export const stateText: fc.Arbitrary<StateText> = fc
  .record({
    r1: fc.uniqueArray(fc.constantFrom(...rangeTexts), { minLength: 1, maxLength: 3 }),
    r2: fc.uniqueArray(fc.constantFrom(...rangeTexts), { minLength: 1, maxLength: 2 }),
    one: membership,
    two: membership,
    named: fc.record({ a: ports, b: ports }),
    ingress: isolation,
    egress: isolation,
    pods: fc.uniqueArray(fc.constantFrom('a' as const, 'b' as const, 'c' as const), { minLength: 1 }),
  })
  .map(({ r1, r2, one, two, named, ingress, egress, pods }) => {
    const names = { r1: `r1 ${r1.join()}`, r2: `r2 ${r2.join()}` };
    const rename = (each: typeof ingress): typeof ingress =>
      Object.fromEntries(
        Object.entries(each).map(([pod, list]) => [
          pod,
          list?.map((rule) => ({ ...rule, peer: (rule.peer ?? []).map((set) => set.replace('r1', names.r1).replace('r2', names.r2)) })),
        ]),
      ) as typeof ingress;
    return {
      ranges: { [names.r1]: r1, [names.r2]: r2 },
      sets: { one, two, named: { ...named, c: [{ protocol: 6, port: 90 }] } },
      ingress: rename(ingress),
      egress: rename(egress),
      pods,
    };
  });
