import { describe, expect, it } from 'vitest';
import type { PlacedElement } from '../../src/nftables/element.ts';
import { addDifference, type ElementChanges } from '../../src/nftables/element-changes.ts';

function element(
  set: string,
  key: number,
  more: { readonly data?: number; readonly end?: number; readonly comment?: string } = {},
): PlacedElement {
  const { data, end, comment } = more;
  return {
    set,
    element: {
      key: Uint8Array.of(key),
      ...(data === undefined ? {} : { data: Uint8Array.of(data) }),
      ...(end === undefined ? {} : { keyEnd: Uint8Array.of(end) }),
      ...(comment === undefined ? {} : { comment }),
    },
  };
}

const a = element('local', 1, { comment: 'u-1' });
const b = element('program', 1, { data: 7 });
const c = element('range', 1, { end: 9 });

describe('the difference of two lists of elements', () => {
  it.each<{ name: string; before: PlacedElement[]; after: PlacedElement[]; removed: PlacedElement[]; added: PlacedElement[] }>([
    { name: 'nothing, of equal ones that are other objects', before: [a, b, c], after: structuredClone([a, b, c]), removed: [], added: [] },
    { name: 'nothing, in another order', before: [a, b, c], after: [c, a, b], removed: [], added: [] },
    { name: 'what is missing at the front', before: [a, b, c], after: [b, c], removed: [a], added: [] },
    { name: 'what is new in between', before: [a, c], after: [a, b, c], removed: [], added: [b] },
    {
      name: 'another value, in its place and elsewhere',
      before: [a, b, c],
      after: [element('local', 1, { comment: 'u-2' }), c, element('program', 1, { data: 8 })],
      removed: [a, b],
      added: [element('local', 1, { comment: 'u-2' }), element('program', 1, { data: 8 })],
    },
    {
      name: 'another end of a range',
      before: [c],
      after: [element('range', 1, { end: 8 })],
      removed: [c],
      added: [element('range', 1, { end: 8 })],
    },
    {
      name: 'the same key in another set',
      before: [a],
      after: [element('link', 1, { comment: 'u-1' })],
      removed: [a],
      added: [element('link', 1, { comment: 'u-1' })],
    },
    { name: 'all that went', before: [a, b], after: [], removed: [a, b], added: [] },
  ])('is $name', ({ before, after, removed, added }) => {
    const changes: ElementChanges = { removed: [], added: [] };
    addDifference(changes, before, after);
    expect(changes).toEqual({ removed, added });
  });
});
