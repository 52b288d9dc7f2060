/** Server-side apply by the rules of Kubernetes' documentation, without a server: what is merged, removed, shared and refused. */
import { builtInResources, type JsonObject } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../../src/errors/api-error.ts';
import { appliedTypeErrors } from '../../src/patch/applied-type-errors.ts';
import { type FieldRecord, managersOf } from '../../src/patch/field-ownership.ts';
import { recordUpdate } from '../../src/patch/managed-fields.ts';
import { applyServerSide } from '../../src/patch/server-side-apply.ts';

const definitionOf = (kind: string): FieldRecord['definition'] =>
  defined(
    builtInResources.find((each) => each.kind === kind),
    `${kind} is built in`,
  );

/** An object under the hands of managers, one after the other; every step is a minute later. */
class Scene {
  object: JsonObject | undefined;
  readonly #definition: FieldRecord['definition'];
  #minute = 0;

  constructor(kind: string) {
    this.#definition = definitionOf(kind);
  }

  apply(manager: string, applied: JsonObject, { force = false, subresource = '' } = {}): this {
    this.object = applyServerSide({ record: this.#record(manager, subresource), applied, live: this.object, force });
    return this;
  }

  update(manager: string, next: JsonObject, subresource = ''): this {
    const metadata = { name: 'x', ...(next['metadata'] as object) };
    const object = { ...structuredClone(next), metadata };
    recordUpdate(object, this.object, this.#record(manager, subresource));
    this.object = object;
    return this;
  }

  /** What stands there without the managers. */
  get content(): JsonObject {
    const { metadata, ...rest } = defined(this.object, 'somebody wrote');
    const { managedFields: _fields, name: _name, ...others } = metadata as JsonObject;
    return Object.keys(others).length === 0 ? rest : { metadata: others, ...rest };
  }

  get managers(): readonly unknown[] {
    const { managedFields } = this.object?.['metadata'] as { managedFields?: readonly JsonObject[] };
    return (managedFields ?? []).map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);
  }

  #record(manager: string, subresource: string): FieldRecord {
    const time = `2026-01-01T00:${String(this.#minute++).padStart(2, '0')}:00Z`;
    return { definition: this.#definition, manager, subresource, time };
  }
}

function refusal(action: () => unknown): { readonly message: string; readonly causes: unknown } {
  try {
    action();
  } catch (error) {
    if (error instanceof ApiError) return { message: error.status.message ?? '', causes: error.status.details?.causes };
    throw error;
  }
  throw new Error('it was not refused');
}

const pod = (spec: JsonObject): JsonObject => ({ spec });
const container = (fields: JsonObject): JsonObject => pod({ containers: [{ name: 'c', ...fields }] });

describe('lists and maps that are applied', () => {
  it.each<[string, string, JsonObject, JsonObject, JsonObject]>([
    [
      'members with keys are merged',
      'Pod',
      container({ image: 'a' }),
      pod({ containers: [{ name: 'd' }] }),
      pod({ containers: [{ name: 'c', image: 'a' }, { name: 'd' }] }),
    ],
    [
      'members are found by all keys, with their defaults',
      'Pod',
      container({
        ports: [
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 53, protocol: 'TCP' },
        ],
      }),
      container({ ports: [{ containerPort: 53, name: 'dns' }] }),
      container({
        ports: [
          { containerPort: 53, protocol: 'UDP' },
          { containerPort: 53, protocol: 'TCP', name: 'dns' },
        ],
      }),
    ],
    [
      'sets are united',
      'Pod',
      { metadata: { finalizers: ['a/a'] } },
      { metadata: { finalizers: ['b/b', 'a/a'] } },
      { metadata: { finalizers: ['a/a', 'b/b'] } },
    ],
    ['maps are merged', 'ConfigMap', { data: { a: '1' } }, { data: { b: '2' } }, { data: { a: '1', b: '2' } }],
    [
      'other lists are replaced',
      'Pod',
      pod({ tolerations: [{ key: 'a' }] }),
      pod({ tolerations: [{ key: 'b' }] }),
      pod({ tolerations: [{ key: 'b' }] }),
    ],
    [
      'selectors are replaced',
      'Deployment',
      { spec: { selector: { matchLabels: { a: '1' } } } },
      { spec: { selector: { matchLabels: { b: '2' } } } },
      { spec: { selector: { matchLabels: { b: '2' } } } },
    ],
    [
      'the selector of a service is replaced',
      'Service',
      { spec: { selector: { a: '1' } } },
      { spec: { selector: { b: '2' } } },
      { spec: { selector: { b: '2' } } },
    ],
    [
      'node selectors are replaced',
      'Pod',
      pod({ nodeSelector: { a: '1' } }),
      pod({ nodeSelector: { b: '2' } }),
      pod({ nodeSelector: { b: '2' } }),
    ],
    [
      'references are replaced',
      'Event',
      { involvedObject: { kind: 'Pod', name: 'a', uid: 'u' } },
      { involvedObject: { kind: 'Pod', name: 'b' } },
      { involvedObject: { kind: 'Pod', name: 'b' } },
    ],
    [
      'the rules of a network policy are replaced',
      'NetworkPolicy',
      { spec: { ingress: [{}, { ports: [{ port: 80 }] }] } },
      { spec: { ingress: [{}] } },
      { spec: { ingress: [{}] } },
    ],
  ])('%s', (_title, kind, first, second, result) => {
    const scene = new Scene(kind).apply('one', first);
    expect(scene.apply('two', second, { force: true }).content).toEqual(result);
  });
});

describe('what a manager leaves out that it applied before', () => {
  it('goes when nobody else has it', () => {
    const scene = new Scene('ConfigMap').apply('one', { data: { a: '1', b: '1' } });
    expect(scene.apply('one', { data: { b: '1' } }).content).toEqual({ data: { b: '1' } });
    expect(scene.apply('one', {}).content).toEqual({});
    expect(scene.managers).toEqual([]);
  });

  it('stays while another manager applies it too, or has written it', () => {
    const scene = new Scene('ConfigMap').apply('one', { data: { a: '1', b: '1' } }).apply('two', { data: { a: '1' } });
    expect(scene.apply('one', {}).content).toEqual({ data: { a: '1' } });
    scene.update('three', { ...scene.object, data: { a: '2' } });
    expect(scene.apply('two', {}).content).toEqual({ data: { a: '2' } });
  });

  it('goes with the defaults inside it: a probe as a whole, a member of a list as a whole', () => {
    const scene = new Scene('Pod').apply('one', container({ image: 'i', livenessProbe: { httpGet: { port: 80 } } }));
    const defaulted = container({ image: 'i', livenessProbe: { httpGet: { port: 80, path: '/', scheme: 'HTTP' }, periodSeconds: 10 } });
    scene.object = { ...scene.object, ...defaulted };
    expect(scene.apply('one', container({ image: 'i' })).content).toEqual(container({ image: 'i' }));
    scene.object = { ...scene.object, ...container({ image: 'i', imagePullPolicy: 'Always' }) };
    expect(scene.apply('one', pod({ restartPolicy: 'Never' })).content).toEqual(pod({ restartPolicy: 'Never' }));
  });

  it('leaves an object that is still wanted, empty', () => {
    const volumes = (emptyDir: JsonObject): JsonObject => pod({ volumes: [{ name: 'v', emptyDir }] });
    const scene = new Scene('Pod').apply('one', volumes({ medium: 'Memory' }));
    expect(scene.apply('one', volumes({})).content).toEqual(volumes({}));
  });
});

describe('fields of others', () => {
  it('of the same value are shared; of another value they are a conflict that says who, in which version and when', () => {
    const scene = new Scene('Deployment').apply('one', { spec: { replicas: 3 } }).apply('two', { spec: { replicas: 3 } });
    scene.update('kubectl-scale', { ...scene.object, spec: { replicas: 5 } }, 'scale');
    expect(refusal(() => scene.apply('one', { spec: { replicas: 3 } }))).toEqual({
      message:
        'Apply failed with 1 conflict: conflict with "kubectl-scale" with subresource "scale" using apps/v1 at 2026-01-01T00:02:00Z: .spec.replicas',
      causes: [
        {
          reason: 'FieldManagerConflict',
          message: 'conflict with "kubectl-scale" with subresource "scale" using apps/v1 at 2026-01-01T00:02:00Z',
          field: '.spec.replicas',
        },
      ],
    });
  });

  it('are all told of at once, by manager', () => {
    const scene = new Scene('Pod')
      .apply('b', container({ image: 'i', env: [{ name: 'A', value: '1' }] }))
      .apply('a', { metadata: { labels: { l: '1' } } });
    const wanted = { metadata: { labels: { l: '2' } }, ...container({ image: 'j', env: [{ name: 'A', value: '2' }] }) };
    expect(refusal(() => scene.apply('c', wanted)).message).toBe(
      [
        'Apply failed with 3 conflicts: conflicts with "a":',
        '- .metadata.labels.l',
        'conflicts with "b":',
        '- .spec.containers[name="c"].image',
        '- .spec.containers[name="c"].env[name="A"].value',
      ].join('\n'),
    );
  });

  it('are taken over by force, and managers without fields are forgotten', () => {
    const scene = new Scene('ConfigMap').apply('one', { data: { a: '1' } }).apply('two', { data: { a: '2' } }, { force: true });
    expect(scene.managers).toEqual([['two', 'Apply', { 'f:data': { 'f:a': {} } }]]);
  });

  it('in a selector are the selector as a whole', () => {
    const scene = new Scene('Service').apply('one', { spec: { selector: { a: '1' } } });
    expect(refusal(() => scene.apply('two', { spec: { selector: { a: '1', b: '2' } } })).message).toContain(': .spec.selector');
  });
});

describe('managers', () => {
  it('stand in the order of operation and time, each once for every subresource', () => {
    const scene = new Scene('Deployment').update('z', { metadata: { labels: { a: '1' } } }).apply('y', { spec: { replicas: 1 } });
    scene.update('a', { ...scene.object, status: { replicas: 1 } }, 'status').apply('x', { spec: { paused: true } });
    expect(managersOf(scene.object).map(({ manager, operation, subresource }) => `${manager} ${operation} ${subresource}`)).toEqual([
      'y Apply ',
      'x Apply ',
      'z Update ',
      'a Update status',
    ]);
  });

  it('of an object that has none are what was there before the first apply', () => {
    const scene = new Scene('ConfigMap');
    scene.object = { metadata: { name: 'm' }, data: { a: '1' } };
    expect(refusal(() => scene.apply('one', { data: { a: '2' } })).message).toContain('conflict with "before-first-apply" using v1');
    expect(scene.apply('one', { data: { a: '1' } }).managers).toEqual([
      ['one', 'Apply', { 'f:data': { 'f:a': {} } }],
      ['before-first-apply', 'Update', { 'f:data': { '.': {}, 'f:a': {} } }],
    ]);
  });

  it('are forgotten by [{}], and nobody is recorded until somebody applies', () => {
    const scene = new Scene('ConfigMap').apply('one', { data: { a: '1' } });
    scene.update('two', { metadata: { managedFields: [{}] }, data: { a: '1' } });
    expect(managersOf(scene.object)).toEqual([]);
    expect(managersOf(scene.update('two', { data: { a: '2' } }).object)).toEqual([]);
  });

  it('may be written by clients that know them, and are what they were when that makes no sense', () => {
    const scene = new Scene('ConfigMap').update('one', { data: { a: '1' } });
    const [entry] = (scene.object?.['metadata'] as { managedFields: JsonObject[] }).managedFields;
    const write = (managedFields: readonly JsonObject[]): unknown =>
      scene.update('two', { ...scene.object, metadata: { managedFields } }).managers[0];
    expect(write([{ ...entry, manager: 'helm', operation: 'Apply' }])).toEqual(['helm', 'Apply', { 'f:data': { '.': {}, 'f:a': {} } }]);
    expect(write([{ ...entry, operation: 'Guess' }])).toEqual(['helm', 'Apply', { 'f:data': { '.': {}, 'f:a': {} } }]);
    expect(write([{ ...entry, fieldsV1: { 'k:{': {} } }])).toEqual(['helm', 'Apply', { 'f:data': { '.': {}, 'f:a': {} } }]);
  });

  it('that only write are ten at most: the oldest become one', () => {
    const scene = new Scene('ConfigMap');
    for (let i = 0; i < 14; i++) {
      scene.update(`m${i}`, { ...scene.object, data: { ...(scene.object?.['data'] as object), [`k${i}`]: '1' } });
    }
    const managers = managersOf(scene.object);
    expect(managers.map(({ manager }) => manager)).toEqual(['ancient-changes', ...Array.from({ length: 9 }, (_, i) => `m${i + 5}`)]);
    expect(managers[0]).toMatchObject({ time: '2026-01-01T00:04:00Z' });
    // The map, which the first one made, and five members.
    expect(managers[0]?.fields.size).toBe(6);
  });
});

describe('kubectl, after it applied from the client', () => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

  it('writes down what it applies from now on, and other managers do not', () => {
    const base = { apiVersion: 'v1', kind: 'ConfigMap', data: { b: '1', a: '1' } };
    const annotated = { ...base, metadata: { annotations: { [annotation]: JSON.stringify(base) } } };
    const scene = new Scene('ConfigMap').update('kubectl-client-side-apply', annotated);
    const text = (): unknown => (scene.content['metadata'] as { annotations: JsonObject }).annotations[annotation];
    expect(text()).toBe(JSON.stringify(base));
    scene.apply('other', { apiVersion: 'v1', kind: 'ConfigMap', data: { c: '1' } });
    expect(text()).toBe(JSON.stringify(base));
    scene.apply('kubectl', { ...base, data: { b: '2', a: '1' } });
    expect(text()).toBe('{"apiVersion":"v1","data":{"a":"1","b":"2"},"kind":"ConfigMap","metadata":{}}\n');
  });
});

describe('an object that does not fit its kind', () => {
  it.each<[string, string, JsonObject, string]>([
    ['an unknown field', 'Pod', container({ foo: 1 }), '.spec.containers[name="c"].foo: field not declared in schema'],
    [
      'two members of the same key',
      'Pod',
      pod({ containers: [{ name: 'c' }, { name: 'c' }] }),
      '.spec.containers: duplicate entries for key [name="c"]',
    ],
    [
      'two members of the same default',
      'Service',
      { spec: { ports: [{ port: 80 }, { port: 80, protocol: 'TCP' }] } },
      '.spec.ports: duplicate entries for key [port=80,protocol="TCP"]',
    ],
    [
      'two times the same in a set',
      'Pod',
      { metadata: { finalizers: ['a/a', 'a/a'] } },
      '.metadata.finalizers: duplicate entries for key [="a/a"]',
    ],
    [
      'a member without its key',
      'Pod',
      pod({ containers: [{ image: 'i' }] }),
      '.spec.containers: element 0: associative list with keys has an element that omits all key fields ["name"] (and doesn\'t have default values for any key fields)',
    ],
    [
      'a member that is no object',
      'Pod',
      pod({ containers: ['c'] }),
      '.spec.containers: element 0: associative list with keys may not have non-map elements',
    ],
    ['a text for a number', 'Deployment', { spec: { replicas: '1' } }, '.spec.replicas: expected numeric (int or float), got string'],
    ['a number for a text', 'ConfigMap', { data: { a: 8080 } }, '.data.a: expected string, got &value.valueUnstructured{Value:8080}'],
    ['a list for a map', 'ConfigMap', { data: ['a'] }, '.data: expected map, got &{[a]}'],
    ['a map for a list', 'Pod', pod({ containers: { name: 'c' } }), '.spec.containers: expected list, got &{map[name:c]}'],
    ['a text for a boolean', 'Pod', pod({ hostNetwork: 'yes' }), '.spec.hostNetwork: expected boolean, got &{yes}'],
  ])('with %s says so', (_title, kind, object, problem) => {
    expect(appliedTypeErrors(object, definitionOf(kind).schema)).toEqual([problem]);
  });

  it('may be there with members that are twice: only who applies is asked to tell them apart', () => {
    const scene = new Scene('Pod');
    scene.object = {
      metadata: {},
      ...container({
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
        ],
      }),
    };
    expect(() => scene.apply('one', container({ image: 'i' }))).not.toThrow();
  });
});
