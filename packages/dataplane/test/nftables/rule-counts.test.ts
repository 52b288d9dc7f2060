/** Counts of rules that come and go. */
import { type DumpedElement, hostU32Bytes } from '@weir/kernel';
import { describe, expect, it } from 'vitest';
import { RuleCounts } from '../../src/nftables/rule-counts.ts';
import { sharedSets } from '../../src/nftables/sets.ts';

const ruleElement = (comment: string, packets: bigint): DumpedElement => ({
  key: hostU32Bytes(1),
  comment,
  packets,
  bytes: packets * 100n,
});
const programElement = (program: number, packets: bigint): DumpedElement => ({ key: hostU32Bytes(program), packets, bytes: 0n });

describe('counts of rules', () => {
  it('go on where they were when the element of a rule is made anew', () => {
    const counts = new RuleCounts();
    counts.retire(sharedSets.rules, [ruleElement('a', 3n)]);
    counts.retire(sharedSets.rules, [ruleElement('a', 4n)]);
    const countOf = counts.ofRules([ruleElement('a', 5n), ruleElement('b', 1n)]);
    expect(countOf('a')).toEqual({ packets: 12n, bytes: 1_200n });
    expect(countOf('b')).toEqual({ packets: 1n, bytes: 100n });
    expect(countOf('never seen')).toEqual({ packets: 0n, bytes: 0n });
  });

  it('are forgotten of programs that are gone for long, so that years of changes fill no memory', () => {
    const counts = new RuleCounts();
    for (let program = 1; program <= 60_000; program++) {
      counts.retire(sharedSets.denied, [programElement(program, 1n), programElement(0, 1n)]);
    }
    const countOf = counts.ofPrograms([]);
    expect([1, 10_000, 10_002, 60_000, 0].map((program) => countOf(program).packets)).toEqual([0n, 0n, 1n, 1n, 60_000n]);
  });
});
