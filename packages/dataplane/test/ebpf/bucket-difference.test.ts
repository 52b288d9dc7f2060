/** Collections of elements are compared in any order, and what changes meanwhile is left out. */
import type { BpfElement } from '@weir/kernel';
import { describe, expect, it } from 'vitest';
import { BucketDifference } from '../../src/ebpf/bucket-difference.ts';

const element = (key: number, value = key): BpfElement => ({ key: Buffer.from(`key ${key}`), value: Buffer.from(`value ${value}`) });
const elements = Array.from({ length: 5_000 }, (_, i) => element(i));

function difference(wanted: readonly BpfElement[], found: readonly BpfElement[], skipped: readonly BpfElement[] = []) {
  const compared = new BucketDifference();
  for (const each of wanted) compared.add(each, 1);
  for (const each of found) compared.add(each, -1);
  for (const { key } of skipped) compared.skip(key);
  return compared.result();
}

const none = { missing: 0, surplus: 0, changed: 0 };

describe('difference of collections by buckets', () => {
  it('is none when they are the same in another order', () => {
    expect(difference(elements, elements.toReversed())).toEqual(none);
  });

  it('names what is missing, what is too much and what has another value', () => {
    expect(difference(elements, elements.slice(1))).toEqual({ ...none, missing: 1 });
    expect(difference(elements, [...elements, element(5_000)])).toEqual({ ...none, surplus: 1 });
    expect(difference(elements, elements.with(77, element(77, 78)))).toEqual({ ...none, changed: 1 });
  });

  it('tells an exchange of two values', () => {
    expect(difference([element(1, 2), element(2, 1)], [element(1), element(2)])).toEqual({ ...none, changed: 2 });
  });

  it('says nothing of what it is told to skip, and goes on about the rest', () => {
    expect(difference(elements, elements.slice(2), [element(0)])).toEqual({ ...none, missing: 1 });
  });
});
