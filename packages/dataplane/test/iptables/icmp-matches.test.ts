/** Messages of ICMP as matches of iptables, read as iptables reads them. */
import type { ProgramRule } from '@weir/calc';
import { type PortRange, portRangesContain } from '@weir/net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesOfMessages, refusalOfMessages } from '../../src/iptables/icmp-matches.ts';

/** Whether one of the rules of the kernel takes the message: all of its matches have to. */
function takes(matches: readonly string[], message: number): boolean {
  return matches.some((match) =>
    [...match.matchAll(/-m icmp (! )?--icmp-type (\d+)(?:\/(\d+))? /g)].every(([, not, type, code]) => {
      const isIt = Number(type) === message >> 8 && (code === undefined || Number(code) === (message & 255));
      return isIt === (not === undefined);
    }),
  );
}

function rule(ports: readonly PortRange[], protocol = 1): ProgramRule {
  const policy = { apiVersion: 'v1', kind: 'P', namespace: 'n', name: 'p' };
  return { id: 'r', action: 'allow', peer: [], protocol, ports, origin: { policy, direction: 'ingress', ruleIndex: 0, peerIndex: 0 } };
}

const message = fc.tuple(fc.constantFrom(0, 3, 8, 13, 254), fc.constantFrom(0, 1, 5, 254, 255)).map(([type, code]) => type * 256 + code);
const range = fc.tuple(message, message).map(([a, b]): PortRange => ({ first: Math.min(a, b), last: Math.max(a, b) }));

describe('messages of ICMP', () => {
  it('are the same in iptables, whichever way they are said', () => {
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 3 }), fc.boolean(), (ranges, withRest) => {
        const asked = withRest ? [...ranges, { first: 14 * 256, last: 65_535 }] : ranges;
        const matches = matchesOfMessages(asked, 4);
        for (const type of [0, 1, 3, 7, 8, 9, 13, 200, 254, 255]) {
          for (const code of [0, 1, 2, 5, 6, 253, 254, 255]) {
            const one = type * 256 + code;
            expect(takes(matches, one)).toBe(portRangesContain(asked, one));
          }
        }
      }),
      { numRuns: 25, seed: 79 },
    );
  });

  it('take one rule where all but one type, or all but one code of a type, are meant', () => {
    const others = [
      { first: 0, last: 8 * 256 - 1 },
      { first: 9 * 256, last: 65_535 },
    ];
    expect(matchesOfMessages(others, 4)).toEqual(['-m icmp ! --icmp-type 8 ']);
    expect(matchesOfMessages([{ first: 128 * 256 + 1, last: 128 * 256 + 255 }], 6)).toEqual([
      '-m icmp6 --icmpv6-type 128 -m icmp6 ! --icmpv6-type 128/0 ',
    ]);
  });

  it('are refused where iptables would take another meaning, or too many rules', () => {
    const last = { first: 255 * 256, last: 65_535 };
    expect(refusalOfMessages(rule([last]))).toContain('iptables takes for all types');
    expect(refusalOfMessages(rule([{ first: 0, last: last.first - 1 }]))).toContain('iptables takes for all types');
    expect(refusalOfMessages(rule([last], 58))).toBeUndefined();
    const scattered = Array.from({ length: 40 }, (_, i) => ({ first: i * 512 + 10, last: i * 512 + 19 }));
    expect(refusalOfMessages(rule(scattered))).toContain('more than 64 rules');
    expect(refusalOfMessages(rule([{ first: 8 * 256, last: 8 * 256 + 9 }]))).toBeUndefined();
  });
});
