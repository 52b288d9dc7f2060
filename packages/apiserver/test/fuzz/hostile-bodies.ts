/** Bodies in every format that the server reads, whole and damaged. */
import { apiVersionOf, type ResourceDefinition } from '@weir/kube';
import type { Random } from '@weir/testkit';
import { stringify } from 'yaml';
import { type Json, objectOf, valueOf } from './hostile-objects.ts';
import { anyValue, damaged, name, noise, number, text } from './hostile-values.ts';

/** A body and what it says that it is. */
export interface HostileBody {
  readonly contentType: string;
  readonly bytes: Buffer;
}

const otherTypes = [
  '',
  'text/plain',
  'application/json;charset=utf-16',
  'multipart/form-data',
  'application/json, application/yaml',
  '\u00e9',
  'application/cbor',
];

/** A body for a create or an update. */
export function objectBody(random: Random, definition: ResourceDefinition): HostileBody {
  const body = wholeBody(random, definition);
  const bytes = random.chance(0.15) ? damaged(random, body.bytes) : body.bytes;
  return { contentType: random.chance(0.03) ? random.pick(otherTypes) : body.contentType, bytes };
}

function wholeBody(random: Random, definition: ResourceDefinition): HostileBody {
  const object = random.chance(0.9) ? objectOf(random, definition) : subresourceBody(random);
  switch (random.integer(0, 5)) {
    case 0:
      return { contentType: 'application/yaml', bytes: Buffer.from(random.chance(0.8) ? yamlText(object) : hostileYaml(random)) };
    case 1:
      return { contentType: 'application/vnd.kubernetes.protobuf', bytes: protobufBody(random, definition) };
    case 2:
      return { contentType: 'application/json', bytes: Buffer.from(hostileJson(random, object)) };
    default:
      return { contentType: 'application/json', bytes: jsonBytes(object) };
  }
}

/** What the subresources and DELETE take. */
function subresourceBody(random: Random): Json {
  const metadata = { name: name(random), namespace: name(random) };
  return random.pick<() => Json>([
    () => ({ apiVersion: 'v1', kind: 'Binding', metadata, target: { kind: 'Node', name: text(random) } }),
    () => ({ apiVersion: 'policy/v1', kind: 'Eviction', metadata, deleteOptions: deleteOptions(random) }),
    () => ({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata, spec: { replicas: number(random) } }),
    () => ({
      spec: {
        audiences: [text(random)],
        expirationSeconds: number(random),
        boundObjectRef: { kind: random.pick(['Pod', 'Secret', 'Node', text(random)]), name: name(random) },
      },
    }),
    () => deleteOptions(random),
  ])();
}

function deleteOptions(random: Random): Json {
  return {
    kind: 'DeleteOptions',
    apiVersion: 'v1',
    gracePeriodSeconds: number(random),
    propagationPolicy: random.pick(['Foreground', 'Background', 'Orphan', text(random)]),
    preconditions: { uid: text(random) },
    dryRun: [random.pick(['All', text(random)])],
  };
}

/** A patch of one of the four kinds. */
export function patchBody(random: Random, definition: ResourceDefinition): HostileBody {
  const body = wholePatch(random, definition);
  return random.chance(0.1) ? { ...body, bytes: damaged(random, body.bytes) } : body;
}

function wholePatch(random: Random, definition: ResourceDefinition): HostileBody {
  const part = (): Json => (random.chance(0.6) ? objectOf(random, definition) : (valueOf(random, definition.schema, 5) as Json));
  switch (random.integer(0, 3)) {
    case 0:
      return { contentType: 'application/json-patch+json', bytes: jsonBytes(random.times(random.integer(0, 5), () => operation(random))) };
    case 1:
      return { contentType: 'application/merge-patch+json', bytes: jsonBytes(random.chance(0.9) ? part() : anyValue(random)) };
    case 2:
      return { contentType: 'application/strategic-merge-patch+json', bytes: jsonBytes(withDirectives(random, part())) };
    default: {
      const object = part();
      return { contentType: 'application/apply-patch+yaml', bytes: random.chance(0.5) ? jsonBytes(object) : Buffer.from(yamlText(object)) };
    }
  }
}

const segments = [
  'metadata',
  'labels',
  'annotations',
  'spec',
  'containers',
  'ports',
  '0',
  '1',
  '-',
  '01',
  '-1',
  '~0',
  '~1',
  '~2',
  '__proto__',
  'constructor',
  'data',
  'status',
  'name',
  '',
];

function operation(random: Random): Json {
  const pointer = (): string =>
    random.times(random.integer(0, 5), () => `/${random.chance(0.9) ? random.pick(segments) : text(random)}`).join('');
  return {
    op: random.chance(0.95) ? random.pick(['add', 'remove', 'replace', 'move', 'copy', 'test']) : text(random),
    path: random.chance(0.95) ? pointer() : anyValue(random, 1),
    ...(random.chance(0.5) ? { from: pointer() } : {}),
    ...(random.chance(0.8) ? { value: anyValue(random) } : {}),
  };
}

/** Directives of strategic merge patches, wherever objects and lists are. */
function withDirectives(random: Random, value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => withDirectives(random, item));
    if (random.chance(0.1)) items.push({ $patch: random.pick(['replace', 'delete', 'merge', text(random)]) });
    return items;
  }
  if (typeof value !== 'object' || value === null) return value;
  const result: Json = {};
  for (const [key, inner] of Object.entries(value)) {
    Object.defineProperty(result, key, { value: withDirectives(random, inner), enumerable: true, configurable: true, writable: true });
    if (random.chance(0.05)) result[`$setElementOrder/${key}`] = anyValue(random, 2);
    if (random.chance(0.05)) result[`$deleteFromPrimitiveList/${key}`] = anyValue(random, 2);
  }
  if (random.chance(0.05)) result['$patch'] = random.pick(['replace', 'delete', 'merge', text(random)]);
  if (random.chance(0.05)) result['$retainKeys'] = random.chance(0.7) ? Object.keys(value) : anyValue(random, 2);
  return result;
}

/** JSON that is more than the object: repeated fields, deep nesting, long numbers, texts that are no Unicode. */
function hostileJson(random: Random, object: Json): string {
  const whole = JSON.stringify(object);
  const levels = random.pick([10, 600, 20_000]);
  return random.pick([
    `${whole.slice(0, -1)},"metadata":{"name":"again"},"kind":"Other"}`,
    `{"metadata":${'['.repeat(levels)}${']'.repeat(levels)}}`,
    `{"spec":${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}}`,
    `{"spec":{"replicas":1${'0'.repeat(random.integer(1, 400))}}}`,
    `{"metadata":{"name":"\\ud800\\u0000"}}`,
    `{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},${whole.slice(1)}`,
    `${whole}${whole}`,
    `[${whole}]`,
    `\ufeff${whole}`,
    'null',
    '',
    `{"data":{${random.times(random.integer(1, 200), (index) => `"k${index}":"v"`).join(',')}}}`,
  ]);
}

/** YAML with aliases, tags, documents and merges. */
function hostileYaml(random: Random): string {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map(
      (key, index) => `${key}: &${key} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[index]}`).join(',')}]`,
    ),
  ];
  return random.pick([
    bomb.join('\n'),
    'a: &a\n  b: *a',
    '<<: {kind: Pod}\nmetadata: {name: a}',
    '--- {}\n--- {}',
    '%YAML 9.9\n--- a',
    'metadata: !!binary aGk=\nkind: !!js/function x',
    `metadata: ${'['.repeat(random.pick([10, 2_000]))}`,
    '? {a: b}\n: c',
    'kind: Pod\nkind: Pod',
    'metadata: {name: 1e3, labels: {a: yes, b: 0o7, c: .nan, d: 2001-12-14}}',
    '\t- a',
    '__proto__: {polluted: true}',
    `a: "${'\\x41'.repeat(50)}"`,
    '&a a: *a',
    `${'- '.repeat(500)}a`,
  ]);
}

function protobufBody(random: Random, definition: ResourceDefinition): Buffer {
  const typeMeta = Buffer.concat([
    field(1, Buffer.from(apiVersionOf(definition))),
    field(2, Buffer.from(random.chance(0.95) ? definition.kind : text(random))),
  ]);
  const metadata = Buffer.concat([field(1, Buffer.from(name(random))), field(3, Buffer.from(random.pick(['', 'open'])))]);
  const raw = Buffer.concat([random.chance(0.8) ? field(1, metadata) : Buffer.alloc(0), message(random, 4)]);
  const magic = random.chance(0.98) ? Buffer.from('k8s\0') : noise(random, 4);
  return Buffer.concat([magic, field(1, typeMeta), field(2, raw)]);
}

/** Fields with the low numbers that real messages have. */
function message(random: Random, depth: number): Buffer {
  return Buffer.concat(
    random.times(random.integer(0, 5), () => {
      const id = random.chance(0.95) ? random.integer(1, 40) : random.integer(0, 2 ** 29);
      switch (random.integer(0, 7)) {
        case 0:
          return Buffer.concat([varint(id * 8), varint(random.pick([0, 1, 80, 2 ** 31, 2 ** 53, 2 ** 63]))]);
        case 1:
          return Buffer.concat([varint(id * 8 + random.integer(1, 7)), noise(random, 12)]);
        case 2:
          return Buffer.concat([varint(id * 8 + 2), varint(random.pick([2 ** 20, 2 ** 31, 2 ** 40])), noise(random, 8)]);
        case 3:
        case 4:
          return field(id, Buffer.from(text(random)));
        default:
          return field(id, depth === 0 ? noise(random, 8) : message(random, depth - 1));
      }
    }),
  );
}

function field(id: number, bytes: Buffer): Buffer {
  return Buffer.concat([varint(id * 8 + 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = BigInt(Math.trunc(value));
  do {
    bytes.push(Number(rest & 0x7fn) | (rest > 0x7fn ? 0x80 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return Buffer.from(bytes);
}

function yamlText(value: unknown): string {
  return stringify(JSON.parse(JSON.stringify(value)));
}

function jsonBytes(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value) ?? 'null');
}
