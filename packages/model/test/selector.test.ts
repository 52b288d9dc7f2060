import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type LabelsBySpace, normaliseSelector, requiredLabels, type Selector, selectorKey, selectorMatchesLabels } from '../src/index.ts';

const label = { space: 'pod', key: 'app' } as const;
const labels: LabelsBySpace = { pod: { app: 'web' }, namespace: { app: 'x' }, serviceAccount: {}, reserved: { namespace: 'n', name: 'p' } };

describe('selectors', () => {
  it.each<[string, Selector, boolean]>([
    ['NP3 in needs the key', { kind: 'in', label: { space: 'pod', key: 'gone' }, values: ['web'] }, false],
    ['NP3 notIn holds for an absent key', { kind: 'notIn', label: { space: 'pod', key: 'gone' }, values: ['web'] }, true],
    ['NP3 exists needs the key', { kind: 'exists', label: { space: 'pod', key: 'constructor' } }, false],
    ['NP3 absent holds for an absent key', { kind: 'absent', label: { space: 'pod', key: 'toString' } }, true],
    ['a label of one space is not seen in another', { kind: 'in', label: { space: 'namespace', key: 'app' }, values: ['web'] }, false],
    ['a part is looked for in the value', { kind: 'text', label, test: 'contains', value: 'e' }, true],
    ['a beginning is looked for at the beginning', { kind: 'text', label, test: 'startsWith', value: 'e' }, false],
    ['an end is looked for at the end', { kind: 'text', label, test: 'endsWith', value: 'eb' }, true],
    ['a part needs the key', { kind: 'text', label: { space: 'pod', key: 'gone' }, test: 'contains', value: '' }, false],
    ['an empty conjunction is all', { kind: 'and', of: [] }, true],
    ['an empty disjunction is none', { kind: 'or', of: [] }, false],
    ['not of in holds for another value', { kind: 'not', of: { kind: 'in', label, values: ['db'] } }, true],
  ])('%s', (_name, selector, expected) => {
    expect(selectorMatchesLabels(selector, labels)).toBe(expected);
  });

  it.each<[string, Selector, Selector]>([
    ['the order of values', { kind: 'in', label, values: ['a', 'b', 'a'] }, { kind: 'in', label, values: ['b', 'a'] }],
    [
      'the order and nesting of parts',
      {
        kind: 'and',
        of: [
          { kind: 'exists', label },
          { kind: 'and', of: [{ kind: 'in', label, values: ['a'] }, { kind: 'all' }] },
        ],
      },
      {
        kind: 'and',
        of: [
          { kind: 'in', label, values: ['a'] },
          { kind: 'exists', label },
          { kind: 'exists', label },
        ],
      },
    ],
  ])('the key does not depend on %s', (_name, a, b) => {
    expect(selectorKey(a)).toBe(selectorKey(b));
  });

  it('the key tells apart what differs, whatever the texts hold', () => {
    const selectors: Selector[] = [
      { kind: 'in', label, values: ['a,b'] },
      { kind: 'in', label, values: ['a', 'b'] },
      { kind: 'in', label: { space: 'pod', key: 'app" in ["a' }, values: ['b'] },
      { kind: 'notIn', label, values: ['a', 'b'] },
      { kind: 'in', label: { space: 'namespace', key: 'app' }, values: ['a', 'b'] },
      { kind: 'text', label, test: 'contains', value: 'a' },
      { kind: 'text', label, test: 'startsWith', value: 'a' },
      { kind: 'exists', label },
    ];
    expect(new Set(selectors.map(selectorKey)).size).toBe(selectors.length);
  });

  it('required labels are those of a conjunction', () => {
    const selector: Selector = {
      kind: 'and',
      of: [
        { kind: 'in', label, values: ['a'] },
        { kind: 'notIn', label, values: ['b'] },
        { kind: 'exists', label: { space: 'namespace', key: 'k' } },
      ],
    };
    expect(requiredLabels(selector)).toEqual([{ label, values: ['a'] }, { label: { space: 'namespace', key: 'k' } }]);
    expect(requiredLabels({ kind: 'or', of: [selector, { kind: 'all' }] })).toEqual([]);
  });

  const arbitrary = arbitrarySelector();
  const labelMap = fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('', 'x', 'y', 'xy'));

  it('the normal form and equal keys mean the same (seeded)', () => {
    fc.assert(
      fc.property(arbitrary, arbitrary, labelMap, labelMap, (one, other, pod, namespace) => {
        const world: LabelsBySpace = { pod, namespace, serviceAccount: {}, reserved: {} };
        expect(selectorMatchesLabels(normaliseSelector(one), world)).toBe(selectorMatchesLabels(one, world));
        if (selectorKey(one) === selectorKey(other)) expect(selectorMatchesLabels(one, world)).toBe(selectorMatchesLabels(other, world));
        expect(selectorKey(normaliseSelector(one))).toBe(selectorKey(one));
      }),
      { seed: 20240611, numRuns: 500 },
    );
  });

  it('a selector matches nothing without its required labels (seeded)', () => {
    fc.assert(
      fc.property(arbitrary, labelMap, labelMap, (selector, pod, namespace) => {
        const world: LabelsBySpace = { pod, namespace, serviceAccount: {}, reserved: {} };
        if (!selectorMatchesLabels(selector, world)) return;
        for (const { label: required, values } of requiredLabels(selector)) {
          const value = world[required.space][required.key];
          expect(value).toBeDefined();
          if (values !== undefined) expect(values).toContain(value);
        }
      }),
      { seed: 20240612, numRuns: 500 },
    );
  });
});

function arbitrarySelector(): fc.Arbitrary<Selector> {
  const key = fc.record({ space: fc.constantFrom('pod' as const, 'namespace' as const), key: fc.constantFrom('a', 'b') });
  const values = fc.array(fc.constantFrom('', 'x', 'y'), { maxLength: 3 });
  return fc.letrec<{ selector: Selector }>((tie) => ({
    selector: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom<Selector>({ kind: 'all' }, { kind: 'none' }),
      fc.record({ kind: fc.constantFrom('in' as const, 'notIn' as const), label: key, values }),
      fc.record({
        kind: fc.constant('text' as const),
        label: key,
        test: fc.constantFrom('contains' as const, 'startsWith' as const, 'endsWith' as const),
        value: fc.constantFrom('', 'x', 'y'),
      }),
      fc.record({ kind: fc.constantFrom('exists' as const, 'absent' as const), label: key }),
      fc.record({ kind: fc.constantFrom('and' as const, 'or' as const), of: fc.array(tie('selector'), { maxLength: 3 }) }),
      fc.record({ kind: fc.constant('not' as const), of: tie('selector') }),
    ),
  })).selector;
}
