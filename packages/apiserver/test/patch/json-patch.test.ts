import { describe, expect, it } from 'vitest';
import { applyJsonPatch, type PatchOperation } from '../../src/patch/json-patch.ts';

const patched = (document: unknown, ...operations: PatchOperation[]): unknown => applyJsonPatch(structuredClone(document), operations);

describe('JSON patch (RFC 6902)', () => {
  it.each([
    ['adds a member', { a: 1 }, [{ op: 'add', path: '/b', value: 2 }], { a: 1, b: 2 }],
    ['replaces a member by add', { a: 1 }, [{ op: 'add', path: '/a', value: 2 }], { a: 2 }],
    ['inserts into an array', [1, 3], [{ op: 'add', path: '/1', value: 2 }], [1, 2, 3]],
    ['appends to an array', [1], [{ op: 'add', path: '/-', value: 2 }], [1, 2]],
    ['removes a member', { a: 1, b: 2 }, [{ op: 'remove', path: '/a' }], { b: 2 }],
    ['removes an item', [1, 2, 3], [{ op: 'remove', path: '/1' }], [1, 3]],
    ['replaces an item', [1, 2], [{ op: 'replace', path: '/0', value: 9 }], [9, 2]],
    ['moves a member', { a: { b: 1 } }, [{ op: 'move', from: '/a/b', path: '/c' }], { a: {}, c: 1 }],
    ['moves an item', [1, 2, 3], [{ op: 'move', from: '/0', path: '/2' }], [2, 3, 1]],
    [
      'copies without sharing',
      { a: [1] },
      [
        { op: 'copy', from: '/a', path: '/b' },
        { op: 'add', path: '/b/-', value: 2 },
      ],
      { a: [1], b: [1, 2] },
    ],
    [
      'tests whatever the order of members',
      { a: { x: 1, y: [null] } },
      [{ op: 'test', path: '/a', value: { y: [null], x: 1 } }],
      { a: { x: 1, y: [null] } },
    ],
    [
      'reads ~1 and ~0',
      { 'a/b': 1, 'm~n': 2 },
      [
        { op: 'remove', path: '/a~1b' },
        { op: 'replace', path: '/m~0n', value: 3 },
      ],
      { 'm~n': 3 },
    ],
    ['takes the empty name for a name', { '': 1 }, [{ op: 'replace', path: '/', value: 2 }], { '': 2 }],
    ['replaces the document', { a: 1 }, [{ op: 'replace', path: '', value: { b: 1 } }], { b: 1 }],
    ['takes a missing value for null', { a: 1 }, [{ op: 'add', path: '/b' }], { a: 1, b: null }],
  ])('%s', (_title, document, operations, expected) => {
    expect(patched(document, ...operations)).toEqual(expected);
  });

  it.each([
    ['a pointer that does not begin with a slash', {}, { op: 'add', path: 'a', value: 1 }],
    ['a parent that is not there', {}, { op: 'add', path: '/a/b', value: 1 }],
    ['a parent that is a text', { a: 'text' }, { op: 'add', path: '/a/length', value: 1 }],
    ['a member that is not there', {}, { op: 'remove', path: '/a' }],
    ['an index beyond the end', [1], { op: 'add', path: '/2', value: 1 }],
    ['an index with a leading zero', [1, 2], { op: 'remove', path: '/01' }],
    ['a negative index', [1], { op: 'remove', path: '/-1' }],
    ['the place after the last item, to be removed', [1], { op: 'remove', path: '/-' }],
    ['a source that is not there', {}, { op: 'copy', from: '/a', path: '/b' }],
    ['a move into itself', { a: { b: {} } }, { op: 'move', from: '/a', path: '/a/b' }],
    ['the whole document, to be removed', {}, { op: 'remove', path: '' }],
    ['a test that fails', { a: 1 }, { op: 'test', path: '/a', value: '1' }],
  ])('refuses %s', (_title, document, operation) => {
    expect(() => patched(document, operation)).toThrow(/does not apply|test failed/);
  });

  it('refuses an operation that there is not, and one without a place', () => {
    expect(() => patched({}, { op: 'drop', path: '/a' })).toThrow('Unexpected kind: drop');
    expect(() => patched({}, { path: '/a' })).toThrow('Unexpected kind: unknown');
    expect(() => patched({}, { op: 'remove' })).toThrow('remove operation failed to decode path: operation missing path field');
  });

  it('reaches nothing that objects inherit', () => {
    for (const path of ['/toString/call', '/constructor/prototype/polluted', '/__proto__/polluted', '/hasOwnProperty/x']) {
      expect(() => patched({}, { op: 'add', path, value: 1 }), path).toThrow(/does not apply/);
    }
    const own = patched({}, { op: 'add', path: '/__proto__', value: { polluted: true } });
    expect(Object.keys(own as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('ends copies that double', () => {
    const doubling = Array.from({ length: 60 }, (_, index): PatchOperation => ({ op: 'copy', from: '', path: `/x${index}` }));
    expect(() => patched({ a: 'x'.repeat(100) }, ...doubling)).toThrow(/accumulated size increase of copy/);
  });
});
