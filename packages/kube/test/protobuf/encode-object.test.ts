/** Protobuf answers: the bytes that Go's clients write for the same objects, for every kind that is served. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  builtInResources,
  decodeProtobufObject,
  encodeProtobufEvent,
  encodeProtobufObject,
  type ObjectSchema,
  type Schema,
} from '../../src/index.ts';
import { decodeBase64, encodeBase64 } from '../../src/protobuf/base64.ts';
import { findKindTable, messageTables } from '../../src/protobuf/kind-tables.ts';
import type { FieldType, MessageTable } from '../../src/protobuf/message-table.ts';
import { encodeUtf8 } from '../../src/protobuf/utf8.ts';

interface Vector {
  readonly command: string;
  readonly hex: string;
}

const vectors = JSON.parse(readFileSync(new URL('testdata/vectors.json', import.meta.url), 'utf8')) as readonly Vector[];
const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('encoding an object', () => {
  it.each(vectors)('gives the bytes that kubectl and helm send for: $command', ({ hex }) => {
    expect(hexOf(encodeProtobufObject(decodeProtobufObject(Buffer.from(hex, 'hex')).object))).toBe(hex);
  });

  it.each(served())('loses nothing of a %s in which every field is set', (_name, apiVersion, kind, table) => {
    const object = { apiVersion, kind, ...filled(table) };
    expect(decodeProtobufObject(encodeProtobufObject(object)).object).toEqual(object);
  });

  it('that no table describes is refused', () => {
    expect(() => encodeProtobufObject({ apiVersion: 'example.com/v1', kind: 'Unicorn', metadata: {} })).toThrow(
      expect.objectContaining({ code: 'unknown-kind' }),
    );
  });
});

describe('encoding a list', () => {
  it('writes its metadata and every item', () => {
    const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const bytes = encodeProtobufObject({ apiVersion: 'v1', kind: 'ConfigMapList', metadata: { resourceVersion: '7' }, items: [item] });
    const list = '0a07 0a00 120137 1a00';
    const configMap = '1213 0a11 0a0161 1200 1a00 2200 2a00 3200 3800 4200';
    expect(hexOf(bytes)).toContain(`${list}${configMap}`.replaceAll(' ', ''));
  });
});

describe('encoding the event of a watch', () => {
  it('frames it with its length, around the whole encoding of the object', () => {
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } };
    const event = encodeProtobufEvent('ADDED', object);
    const encoded = encodeProtobufObject(object);
    expect(new DataView(event.buffer, event.byteOffset).getUint32(0)).toBe(event.length - 4);
    expect(hexOf(event.subarray(4, 11))).toBe('0a054144444544');
    expect(hexOf(event)).toContain(hexOf(encoded));
  });
});

describe('the protobuf tables and the schemas of the registry', () => {
  it.each(served())('know the same fields of a %s', (_name, _apiVersion, kind, table) => {
    const definition = builtInResources.find((each) => each.kind === kind && scopeOf(each) === table.scope);
    // The status of a policy was taken out of the API; JSON may still carry it.
    const expected = kind === 'NetworkPolicy' ? ['.status has no number'] : [];
    expect(differences(definition?.schema as ObjectSchema, table)).toEqual(expected);
  });
});

describe('base64 and UTF-8', () => {
  it('are what the platform writes and reads', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string({ unit: 'binary', maxLength: 50 }), (bytes, text) => {
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes);
        expect(hexOf(encodeUtf8(text))).toBe(Buffer.from(text).toString('hex'));
      }),
    );
    expect(hexOf(encodeUtf8('a\ud800b'))).toBe(Buffer.from('a\ud800b').toString('hex'));
  });
});

function scopeOf({ group, version }: { readonly group: string; readonly version: string }): string {
  return group === '' ? '' : `${group}/${version}`;
}

/** Kinds that are JSON and YAML only. */
const jsonOnly: ReadonlySet<string> = new Set(['CustomResourceDefinition']);

/** Name, apiVersion, kind and table of every other kind that is served. */
function served(): [string, string, string, MessageTable][] {
  return builtInResources
    .filter(({ kind }) => !jsonOnly.has(kind))
    .map((definition) => {
      const { group, version, kind } = definition;
      const apiVersion = group === '' ? version : `${group}/${version}`;
      const table = findKindTable(apiVersion, kind);
      if (table === undefined) throw new Error(`${apiVersion} ${kind} has no protobuf table: add one to packages/kube/src/protobuf/tables`);
      return [`${apiVersion} ${kind}`, apiVersion, kind, table];
    });
}

/** An object with a value in every field of a message, as JSON carries it. */
function filled(table: MessageTable): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const { name, type, repeated, inline } of table.fields.values()) {
    if (inline) Object.assign(object, filled(find(table, type)));
    else if (type.kind === 'map') object[name] = { one: valueOf(table, type.values, name), two: valueOf(table, type.values, name) };
    else object[name] = repeated ? [valueOf(table, type, name)] : valueOf(table, type, name);
  }
  return object;
}

function valueOf(table: MessageTable, type: FieldType, name: string): unknown {
  if (type.kind === 'message') return specials[type.name] ?? filled(find(table, type));
  return { string: `text of ${name}`, integer: -name.length, boolean: true, bytes: encodeBase64(encodeUtf8(name)), map: undefined }[
    type.kind
  ];
}

const specials: Readonly<Record<string, unknown>> = {
  Time: '2026-02-03T04:05:06Z',
  MicroTime: '2026-02-03T04:05:06.789012Z',
  Quantity: '100m',
  IntOrString: 'http',
  FieldsV1: { 'f:a': { '.': {} } },
  RawExtension: { a: [1, 'x', null] },
  ExtraValue: ['a', ''],
  Verbs: ['get'],
};

function find(table: MessageTable, type: FieldType): MessageTable {
  const found = type.kind === 'message' ? messageTables().find(table.scope, type.name) : undefined;
  if (found === undefined) throw new Error(`${table.name}: a message is missing`);
  return found;
}

interface TypedField {
  readonly type: FieldType;
  readonly repeated: boolean;
  readonly owner: MessageTable;
}

/** The fields of a message as JSON has them: those of embedded messages are its own. */
function fieldsOf(table: MessageTable): ReadonlyMap<string, TypedField> {
  return new Map(
    [...table.fields.values()].flatMap(({ name, type, repeated, inline }): readonly (readonly [string, TypedField])[] =>
      inline ? [...fieldsOf(find(table, type))] : [[name, { type, repeated, owner: table }]],
    ),
  );
}

/** Where a schema and a table disagree; deprecated types that a schema takes as they are do not count. */
function differences(schema: ObjectSchema, table: MessageTable, path = '', seen = new Set<ObjectSchema>()): string[] {
  if (seen.has(schema)) return [];
  seen.add(schema);
  const fields = fieldsOf(table);
  const found: string[] = [];
  for (const name of schema.fields.keys()) {
    if (!fields.has(name) && !['apiVersion', 'kind'].includes(name)) found.push(`${path}.${name} has no number`);
  }
  for (const [name, field] of fields) {
    const type = schema.fields.get(name);
    if (type === undefined) found.push(`${path}.${name} is not in the schema`);
    else found.push(...typeDifferences(type, field, `${path}.${name}`, seen));
  }
  return found;
}

function typeDifferences(schema: Schema, { type, repeated, owner }: TypedField, path: string, seen: Set<ObjectSchema>): string[] {
  if (schema.kind === 'any') return [];
  if (schema.kind === 'list') {
    return repeated ? typeDifferences(schema.items, { type, repeated: false, owner }, `${path}[]`, seen) : [`${path} is no list`];
  }
  if (repeated) return [`${path} is a list`];
  if (schema.kind === 'map') {
    return type.kind === 'map'
      ? typeDifferences(schema.values, { type: type.values, repeated, owner }, `${path}{}`, seen)
      : [`${path} is no map`];
  }
  if (schema.kind === 'object') {
    return type.kind === 'message' && !(type.name in specials)
      ? differences(schema, find(owner, type), path, seen)
      : [`${path} is no object`];
  }
  const word = type.kind === 'message' ? type.name : type.kind;
  return scalarWords[schema.kind]?.includes(word) === true ? [] : [`${path} is ${schema.kind} and ${word}`];
}

const scalarWords: Readonly<Record<string, readonly string[]>> = {
  string: ['string'],
  integer: ['integer'],
  long: ['integer'],
  boolean: ['boolean'],
  bytes: ['bytes'],
  time: ['Time'],
  microTime: ['MicroTime'],
  quantity: ['Quantity'],
  intOrString: ['IntOrString'],
};
