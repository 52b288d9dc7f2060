/** Lists decoded from bytes, cut anywhere, against `JSON.parse`. A failing seed is printed by fast-check. */
import { type FieldSelection, type KubeObject, podPolicyFields, withIdentity } from '@weir/kube';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonReader, keptFields, readJson } from '../src/json-reader.ts';
import { JsonSyntaxError } from '../src/json-scan.ts';
import { ItemTooLarge, ListReader } from '../src/list-reader.ts';

/** What a selection keeps of a parsed value: the plain statement of what the reader does on bytes. */
function select(value: unknown, selection: FieldSelection): unknown {
  if (selection === true || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => select(item, selection));
  const entries = Object.entries(value).filter(([key]) => Object.hasOwn(selection, key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, select(inner, selection[key] ?? true)]));
}

function decode(bytes: Buffer, cuts: readonly number[], selection?: FieldSelection, itemLimitBytes = 1 << 20): unknown {
  const reader = new ListReader<KubeObject>({ kept: keptFields(selection), itemLimitBytes });
  let start = 0;
  for (const cut of [...cuts, bytes.length].map((at) => Math.min(at, bytes.length)).sort((a, b) => a - b)) {
    reader.push(bytes.subarray(start, cut));
    start = cut;
  }
  return reader.finish();
}

const key = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('metadata', 'spec', 'labels', 'name', 'ports', 'items', 'kind') },
  { weight: 1, arbitrary: fc.string({ maxLength: 6 }) },
  { weight: 1, arbitrary: fc.constantFrom('__proto__', 'constructor', 'ключ', 'a"b', 'a\\', '\u0000') },
);
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.constantFrom('', 'app', '😀', '\\', '"', '\n', 'x'.repeat(70))),
    fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean(), fc.constant(null)),
    fc.array(tie('any'), { maxLength: 4 }),
    fc.uniqueArray(fc.tuple(key, tie('any')), { maxLength: 5, selector: ([name]) => name }).map((pairs) => Object.fromEntries(pairs)),
  ),
})).any;
const item = fc
  .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
  .map((pairs) => ({ own: 1, ...Object.fromEntries(pairs) }));
const selection: fc.Arbitrary<FieldSelection> = fc.constantFrom<FieldSelection[]>(
  true,
  { own: true },
  { metadata: true, spec: { ports: true, labels: true } },
  { metadata: { labels: { name: true } }, kind: { kind: true }, own: true },
);

describe('a list decoded from its bytes', () => {
  it('is what JSON.parse makes of it, with the fields that are kept, wherever the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(item, { maxLength: 6 }),
        selection,
        fc.array(fc.nat(2000), { maxLength: 12 }),
        fc.boolean(),
        (items, kept, cuts, isIndented) => {
          const list = { metadata: { resourceVersion: '7' }, extra: { items: [1, { a: ']' }] }, items, apiVersion: 'v1' };
          const bytes = Buffer.from(JSON.stringify(list, undefined, isIndented ? 2 : 0));
          const parsed = JSON.parse(bytes.toString()) as typeof list;
          const wanted = { metadata: list.metadata, apiVersion: 'v1', items: parsed.items.map((one) => select(one, kept)) };
          expect(JSON.stringify(sorted(decode(bytes, cuts, kept)))).toBe(JSON.stringify(sorted(wanted)));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('is decoded the same when it comes byte by byte', () => {
    const pod = {
      metadata: { name: 'a', labels: { app: 'ü', 'x"y': '\\' } },
      status: { podIPs: [{ ip: '10.0.0.1' }], conditions: [{ type: 'Ready' }] },
    };
    const bytes = Buffer.from(
      `\n {"kind":"PodList","apiVersion":"v1","metadata":{},"items":[${JSON.stringify(pod)}, ${JSON.stringify(pod)} ]}\n`,
    );
    const cuts = Array.from({ length: bytes.length }, (_, i) => i);
    const kept = {
      metadata: { name: 'a', labels: { app: 'ü', 'x"y': '\\' } },
      status: { podIPs: [{ ip: '10.0.0.1' }] },
      apiVersion: 'v1',
      kind: 'Pod',
    };
    expect(decode(bytes, cuts, withIdentity(podPolicyFields))).toEqual({
      kind: 'PodList',
      apiVersion: 'v1',
      metadata: {},
      items: [kept, kept],
    });
  });

  it('shares equal labels and ports between objects that keep a selection, and nothing between whole ones', () => {
    const pod = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ ports: [{ name: 'http', containerPort: 80 }] }] } };
    const bytes = Buffer.from(JSON.stringify({ items: [pod, pod] }));
    const [a, b] = (decode(bytes, [], podPolicyFields) as { items: (typeof pod)[] }).items;
    expect(a?.metadata.labels).toBe(b?.metadata.labels);
    expect(a?.spec.containers[0]?.ports).toBe(b?.spec.containers[0]?.ports);
    expect(a).not.toBe(b);
    const [c, d] = (decode(bytes, []) as { items: (typeof pod)[] }).items;
    expect(c).toEqual(d);
    expect(c?.metadata.labels).not.toBe(d?.metadata.labels);
  });

  it('gives a member called __proto__ no power over others', () => {
    const bytes = Buffer.from('{"items":[{"metadata":{"labels":{"__proto__":{"polluted":"yes"}}}}]}');
    const [pod] = (decode(bytes, [], podPolicyFields) as { items: { metadata: { labels: object } }[] }).items;
    expect(Object.keys(pod?.metadata.labels ?? {})).toEqual(['__proto__']);
    expect(({} as { polluted?: string }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(pod?.metadata.labels)).toBe(Object.prototype);
  });

  it.each([
    ['an array', '[]'],
    ['a text', '"x"'],
    ['no items', '{"kind":"PodList"}'],
    ['items that are an object', '{"items":{}}'],
    ['an item that is a number', '{"items":[1]}'],
    ['a comma too many', '{"items":[{},]}'],
    ['a comma too few', '{"items":[{} {}]}'],
    ['a member without a colon', '{"items":[{"a" 1}]}'],
    ['a member without a name', '{"items":[{1:1}]}'],
    ['brackets that do not match', '{"items":[{"skipped":[}]}'],
    ['a control character', '{"items":[{"skipped":"\n"}]}'],
    ['a number that is none', '{"items":[{"own":1.2.3}]}'],
    ['a word that is none', '{"items":[{"own":nil}]}'],
    ['an escape that is none', '{"items":[{"own":"\\x"}]}'],
    ['something behind the list', '{"items":[]} {}'],
    ['HTML', '<html></html>'],
  ])('%s is garbage', (_what, text) => {
    expect(() => decode(Buffer.from(text), [3, 11], { own: true })).toThrow(JsonSyntaxError);
  });

  it.each(['{"items":[{}', '{"items":[]', '{"items":[{"own":"x', '', ' '])('%j is not complete', (text) => {
    expect(decode(Buffer.from(text), [2], { own: true })).toBeUndefined();
  });

  it('is refused when it is nested deeper than any object, kept or skipped', () => {
    const deep = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
    for (const field of ['own', 'skipped']) {
      expect(() => decode(Buffer.from(`{"items":[{"${field}":${deep}}]}`), [], { own: true })).toThrow(/deeper nesting than 200/);
    }
  });

  it('is refused when one item is larger than allowed, however it is cut', () => {
    const bytes = Buffer.from(`{"items":[{"own":"${'x'.repeat(100_000)}"}]}`);
    const cuts = Array.from({ length: 1_000 }, (_, i) => i * 100);
    expect(() => decode(bytes, cuts, { own: true }, 50_000)).toThrow(ItemTooLarge);
    expect(decode(bytes, cuts, { own: true }, 200_000)).toMatchObject({ items: [{ own: 'x'.repeat(100_000) }] });
  });

  it('tells where it is garbage without quoting what may be secret', () => {
    const bytes = Buffer.from('{"items":[{"data":{"password":"hunter2"} "own":1}]}');
    expect(() => decode(bytes, [], { own: true })).toThrow('a comma or } is expected, at byte 41 there is "');
  });
});

describe('one value decoded from its bytes', () => {
  it('is garbage when it is not complete', () => {
    expect(() => readJson(new JsonReader(), Buffer.from('{"a":'), undefined)).toThrow(JsonSyntaxError);
    expect(readJson(new JsonReader(), Buffer.from('{"a":[1,2]}'), keptFields({ a: true }))).toEqual({ a: [1, 2] });
  });
});

/** Members in a fixed order: texts compare what `toEqual` does not tell apart, like members called `__proto__`. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inner]) => [name, sorted(inner)]);
}
