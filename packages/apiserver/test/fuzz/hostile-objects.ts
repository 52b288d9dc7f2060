/** Objects of the kinds that a server serves: plausible, made by their schema, with something wrong in some of them. */
import { apiVersionOf, type ResourceDefinition, type Schema } from '@weir/kube';
import type { Random } from '@weir/testkit';
import { anyValue, name, number, text } from './hostile-values.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

const containers = [{ name: 'c', image: 'x' }];
const template = { metadata: { labels: { app: 'a' } }, spec: { containers } };
const selector = { matchLabels: { app: 'a' } };

/** What passes validation where the schema alone does not say what must be there. */
const plausibleSpecs: Readonly<Record<string, Json>> = {
  Pod: { containers },
  Deployment: { selector, template },
  ReplicaSet: { selector, template },
  DaemonSet: { selector, template },
  StatefulSet: { selector, template, serviceName: 'a' },
  Job: { template: { spec: { containers, restartPolicy: 'Never' } } },
  CronJob: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { containers, restartPolicy: 'Never' } } } } },
  Service: { ports: [{ port: 80 }], selector: { app: 'a' } },
  NetworkPolicy: { podSelector: {} },
  CustomResourceDefinition: {
    group: 'fuzz.example.com',
    scope: 'Namespaced',
    names: { plural: 'things', singular: 'thing', kind: 'Thing', listKind: 'ThingList' },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object' } } } },
      },
    ],
  },
};

/** An object of a kind. */
export function objectOf(random: Random, definition: ResourceDefinition): Json {
  const value = random.chance(0.5) ? valueOf(random, definition.schema, 5) : {};
  const made = isObject(value) ? value : {};
  const spec = plausibleSpecs[definition.kind];
  const object: Json = {
    ...made,
    apiVersion: apiVersionOf(definition),
    kind: definition.kind,
    metadata: {
      ...(isObject(made['metadata']) ? made['metadata'] : {}),
      name: definition.kind === 'CustomResourceDefinition' ? 'things.fuzz.example.com' : name(random),
    },
    ...(spec === undefined || random.chance(0.2)
      ? {}
      : { spec: { ...structuredClone(spec), ...(isObject(made['spec']) && random.chance(0.5) ? made['spec'] : {}) } }),
  };
  for (let count = random.chance(0.5) ? random.integer(1, 3) : 0; count > 0; count -= 1) spoil(random, object);
  return object;
}

/** A value of a schema, or sometimes of none. */
export function valueOf(random: Random, schema: Schema, depth: number): unknown {
  if (depth === 0 || random.chance(0.03)) return anyValue(random, 1);
  switch (schema.kind) {
    case 'object': {
      const wanted = random.chance(0.1) ? 1 : 3 / (schema.fields.size + 1);
      const fields = [...schema.fields].filter(() => random.chance(wanted));
      return Object.fromEntries(fields.map(([field, inner]) => [field, valueOf(random, inner, depth - 1)]));
    }
    case 'map':
      return Object.fromEntries(random.times(random.integer(0, 3), () => [text(random), valueOf(random, schema.values, depth - 1)]));
    case 'list':
      return random.times(random.integer(0, 3), () => valueOf(random, schema.items, depth - 1));
    case 'integer':
    case 'long':
      return random.integer(-1, 100);
    case 'number':
      return number(random);
    case 'boolean':
      return random.chance(0.5);
    case 'intOrString':
      return random.chance(0.5) ? number(random) : text(random);
    case 'quantity':
      return random.pick(['1', '100m', '1Gi', '1e3', text(random)]);
    case 'time':
    case 'microTime':
      return random.pick(['2020-01-01T00:00:00Z', text(random)]);
    case 'bytes':
      return random.pick(['YQ==', '', text(random)]);
    case 'any':
      return anyValue(random);
    case 'orBoolean':
    case 'string':
    default:
      return text(random);
  }
}

/** Puts something else somewhere into the object. */
function spoil(random: Random, object: Json): void {
  // A list counts as an object whose members are numbers.
  let at = object;
  for (;;) {
    const keys = Object.keys(at);
    const isNew = keys.length === 0 || random.chance(0.1);
    const key = isNew ? (Array.isArray(at) ? String(keys.length) : text(random)) : random.pick(keys);
    const inner: unknown = Object.hasOwn(at, key) ? at[key] : undefined;
    if (typeof inner === 'object' && inner !== null && random.chance(0.75)) {
      at = inner as Json;
      continue;
    }
    if (random.chance(0.2)) delete at[key];
    else Object.defineProperty(at, key, { value: anyValue(random, 2), enumerable: true, configurable: true, writable: true });
    return;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
