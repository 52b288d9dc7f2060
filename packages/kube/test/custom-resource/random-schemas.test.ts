/** Schemas and objects that nobody would write: the answer is a list of errors or none, never an exception. */
import { expect, it } from 'vitest';
import { customResourceDefinitionResource, customResources, type JsonObject } from '../../src/index.ts';

/** Numbers from a seed (mulberry32). */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

type Random = (below: number) => number;

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random(items.length)] as T;
}

const names = ['a', 'b', 'metadata', 'kind', 'apiVersion', '__proto__', 'constructor', 'x.y', ''];
const rules = ['self == oldSelf', 'has(self.a)', 'self.a > 1', 'size(self) < 3', 'self.all(x, x == x)', '(', 'self.metadata.name != ""'];

function anyJson(random: Random, depth: number): unknown {
  const leaf = [null, true, 0, -1.5, 1e21, '', 'text', '10.0.0.0/8', 'é'];
  if (depth === 0 || random(3) === 0) return pick(random, leaf);
  if (random(2) === 0) return Array.from({ length: random(4) }, () => anyJson(random, depth - 1));
  return Object.fromEntries(Array.from({ length: random(4) }, () => [pick(random, names), anyJson(random, depth - 1)]));
}

function anySchema(random: Random, depth: number): JsonObject {
  const below = (): JsonObject => anySchema(random, depth - 1);
  const keywords: Readonly<Record<string, () => unknown>> = {
    type: () => pick(random, ['object', 'array', 'string', 'integer', 'number', 'boolean', 'null', 'odd']),
    format: () => pick(random, ['date-time', 'ipv4', 'cidr', 'byte', 'duration', 'odd']),
    pattern: () => pick(random, ['^a', '(', '[[:alpha:]]', '(?P<n>a)', '\\1']),
    nullable: () => random(2) === 0,
    default: () => anyJson(random, 2),
    enum: () => [anyJson(random, 1), anyJson(random, 1)],
    required: () => [pick(random, names)],
    minimum: () => random(5) - 2,
    multipleOf: () => random(3),
    maxItems: () => random(3),
    maxLength: () => random(3),
    'x-kubernetes-preserve-unknown-fields': () => random(2) === 0,
    'x-kubernetes-embedded-resource': () => random(2) === 0,
    'x-kubernetes-int-or-string': () => random(2) === 0,
    'x-kubernetes-list-type': () => pick(random, ['map', 'set', 'atomic', 'odd']),
    'x-kubernetes-list-map-keys': () => [pick(random, names)],
    'x-kubernetes-map-type': () => pick(random, ['atomic', 'granular']),
    'x-kubernetes-validations': () => [{ rule: pick(random, rules), message: 'm', fieldPath: pick(random, ['', '.a', ".a['b']", '.[']) }],
  };
  const nested: Readonly<Record<string, () => unknown>> = {
    properties: () => Object.fromEntries([0, 1].map(() => [pick(random, names), below()])),
    additionalProperties: () => (random(3) === 0 ? random(2) === 0 : below()),
    items: below,
    allOf: () => [below()],
    anyOf: () => [below(), below()],
    oneOf: () => [below(), below()],
    not: below,
  };
  const all = depth === 0 ? keywords : { ...keywords, ...nested };
  const chosen = Array.from({ length: 1 + random(5) }, () => pick(random, Object.keys(all)));
  const schema = Object.fromEntries(chosen.map((keyword) => [keyword, all[keyword]?.()]));
  // Most schemas should get further than the first complaint.
  return random(4) === 0 ? schema : { type: depth === 0 ? 'string' : pick(random, ['object', 'array']), ...schema };
}

function definitionOf(schema: JsonObject): JsonObject {
  const named = { plural: 'tanks', singular: 'tank', kind: 'Tank', listKind: 'TankList' };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'tanks.test.example.com' },
    spec: {
      group: 'test.example.com',
      scope: 'Cluster',
      names: named,
      versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
    },
    status: { acceptedNames: named, storedVersions: ['v1'] },
  };
}

const runs = Number(process.env['WEIR_FUZZ_RUNS'] ?? 500);

it(`of ${runs} random schemas none brings the server down, nor do objects under them`, () => {
  const seed = Number(process.env['WEIR_FUZZ_SEED'] ?? 1);
  let taken = 0;
  for (let run = 0; run < runs; run++) {
    const random = randomOf(seed * 1_000_003 + run);
    const object = definitionOf({ type: 'object', ...anySchema(random, 3) });
    const at = `seed ${seed}, run ${run}: ${JSON.stringify(object['spec'])}`;
    try {
      const { value, wrongTypes } = customResourceDefinitionResource.fit(object);
      if (wrongTypes.length > 0) continue;
      if (customResourceDefinitionResource.validate(customResourceDefinitionResource.defaults(value)).length === 0) taken++;
      const [kind] = customResources({ ...value, status: object['status'] });
      for (let i = 0; i < 3; i++) {
        const [before, after] = [0, 1].map(() => {
          const made = { apiVersion: 'test.example.com/v1', kind: 'Tank', metadata: { name: 'a' }, ...(anyJson(random, 4) as JsonObject) };
          return kind?.defaults(kind.fit(made).value) ?? {};
        });
        kind?.validate(after ?? {});
        kind?.validateUpdate(after ?? {}, before ?? {});
        kind?.validateStatus?.(after ?? {}, before ?? {});
        kind?.table.row(after ?? {}, 0);
      }
    } catch (error) {
      throw new Error(at, { cause: error });
    }
  }
  expect(taken).toBeGreaterThan(runs / 50);
});
