/** Protobuf bodies: what kubectl and helm really send, the rules of the encoding, and hostile input. */
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeProtobufObject, ProtobufError } from '../../src/index.ts';
import { messageTables } from '../../src/protobuf/kind-tables.ts';
import { specialMessages } from '../../src/protobuf/special-messages.ts';
import { decodeUtf8 } from '../../src/protobuf/utf8.ts';
import { body, bytes, int, message, type Part, text } from './wire-writer.ts';

interface Vector {
  readonly command: string;
  readonly hex: string;
  readonly object: unknown;
}

const vectors = JSON.parse(readFileSync(new URL('testdata/vectors.json', import.meta.url), 'utf8')) as readonly Vector[];

test.each(vectors)('decodes what a client sends for: $command', ({ hex, object }) => {
  expect(decodeProtobufObject(Buffer.from(hex, 'hex')).object).toEqual(object);
});

test('the vectors of the reference are all there', () => {
  expect(vectors).toHaveLength(23);
});

/** Decodes a NetworkPolicy with this spec. */
const policySpec = (...parts: Part[]) =>
  decodeProtobufObject(body('networking.k8s.io/v1', 'NetworkPolicy', message(2, ...parts))).object['spec'];
const podSpec = (...parts: Part[]) => decodeProtobufObject(body('v1', 'Pod', message(2, ...parts))).object['spec'];
const metadata = (...parts: Part[]) => decodeProtobufObject(body('v1', 'ConfigMap', message(1, ...parts))).object['metadata'];

test('empty members of lists count: an empty rule allows all', () => {
  expect(policySpec(message(1), message(2))).toEqual({ ingress: [{}] });
});

test('empty selectors in a peer are kept, absent ones stay absent', () => {
  const peer = message(2, message(1), message(2));
  expect(policySpec(message(2, peer))).toEqual({ ingress: [{ from: [{ podSelector: {}, namespaceSelector: {} }] }] });
});

test('ports by number and by name, endPort and ipBlock', () => {
  const byNumber = message(1, text(1, 'TCP'), message(2, int(1, 0), int(2, 80), text(3, '')), int(3, 90));
  const byName = message(1, message(2, int(1, 1), int(2, 0), text(3, 'web')));
  const block = message(2, message(3, text(1, '10.0.0.0/8'), text(2, '10.1.0.0/16'), text(2, '10.2.0.0/16')));
  expect(policySpec(message(2, byNumber, byName, block), text(4, 'Ingress'))).toEqual({
    ingress: [
      {
        ports: [{ protocol: 'TCP', port: 80, endPort: 90 }, { port: 'web' }],
        from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16', '10.2.0.0/16'] } }],
      },
    ],
    policyTypes: ['Ingress'],
  });
});

test('zeros behind pointers are kept, other zeros are left out', () => {
  const container = message(2, text(1, 'c'), message(6, int(2, 0), int(3, 80)), message(15, int(2, 0), int(4, 0)), int(16, 0));
  expect(podSpec(container, int(4, 0), int(11, 0), int(21, 0))).toEqual({
    containers: [{ name: 'c', ports: [{ containerPort: 80 }], securityContext: { privileged: false, runAsUser: 0 } }],
    terminationGracePeriodSeconds: 0,
    automountServiceAccountToken: false,
  });
});

test('messages that Go embeds appear in the object around them', () => {
  const volume = message(1, text(1, 'v'), message(2, message(19, message(1, text(1, 'cm')), int(3, 420))));
  const probe = message(11, message(1, message(2, text(1, '/'), message(2, int(1, 0), int(2, 8080)))), int(4, 5));
  expect(podSpec(volume, message(2, text(1, 'c'), probe))).toEqual({
    volumes: [{ name: 'v', configMap: { name: 'cm', defaultMode: 420 } }],
    containers: [{ name: 'c', readinessProbe: { httpGet: { path: '/', port: 8080 }, periodSeconds: 5 } }],
  });
});

test('quantities, resources and packed or negative integers', () => {
  const limits = message(8, message(1, text(1, 'cpu'), message(2, text(1, '100m'))));
  const context = message(14, bytes(4, [1, 0x90, 0x4e]), int(4, 7), int(2, -1));
  expect(podSpec(message(2, text(1, 'c'), limits), context)).toEqual({
    containers: [{ name: 'c', resources: { limits: { cpu: '100m' } } }],
    securityContext: { supplementalGroups: [1, 10_000, 7], runAsUser: -1 },
  });
});

test('times, owners and managed fields', () => {
  const managed = message(
    17,
    text(1, 'kubectl'),
    text(2, 'Update'),
    message(4, int(1, 1_767_225_600), int(2, 0)),
    message(7, text(1, '{"f:data":{}}')),
  );
  expect(metadata(text(1, 'x'), message(8, int(1, 1_767_225_599)), message(9), managed, message(13, text(1, 'Pod'), int(6, 0)))).toEqual({
    name: 'x',
    creationTimestamp: '2025-12-31T23:59:59Z',
    deletionTimestamp: null,
    managedFields: [{ manager: 'kubectl', operation: 'Update', time: '2026-01-01T00:00:00Z', fieldsV1: { 'f:data': {} } }],
    ownerReferences: [{ kind: 'Pod', controller: false }],
  });
});

test('times of leases carry microseconds', () => {
  const lease = body('coordination.k8s.io/v1', 'Lease', message(2, text(1, ''), message(4, int(1, 0), int(2, 1_234_567))));
  expect(decodeProtobufObject(lease).object['spec']).toEqual({ holderIdentity: '', renewTime: '1970-01-01T00:00:00.001234Z' });
});

test('map keys and values may be missing or strange', () => {
  const object = decodeProtobufObject(
    body(
      'v1',
      'ConfigMap',
      message(2, text(1, 'a')),
      message(2, text(2, 'b')),
      message(2, text(1, '__proto__'), text(2, 'c')),
      message(3, text(1, 'bin')),
    ),
  );
  expect(Object.entries(object.object['data'] as object)).toEqual([
    ['a', ''],
    ['', 'b'],
    ['__proto__', 'c'],
  ]);
  expect(object.object['binaryData']).toEqual({ bin: '' });
});

test('lists of strings as map values', () => {
  const review = body(
    'authorization.k8s.io/v1',
    'SubjectAccessReview',
    message(2, message(5, text(1, 'scopes'), message(2, text(1, 'a'), text(1, 'b')))),
  );
  expect(decodeProtobufObject(review).object['spec']).toEqual({ extra: { scopes: ['a', 'b'] } });
});

test('a message that comes in two parts is merged, the last scalar wins', () => {
  const policy = body('networking.k8s.io/v1', 'NetworkPolicy', message(1, text(1, 'a'), text(1, 'b')), message(1, text(3, 'demo')));
  expect(decodeProtobufObject(policy).object['metadata']).toEqual({ name: 'b', namespace: 'demo' });
});

test('fields of the future are ignored', () => {
  expect(policySpec(text(4, 'Egress'), text(999, 'x'), int(998, 5), [0x39, 1, 2, 3, 4, 5, 6, 7, 8], [0x3d, 1, 2, 3, 4])).toEqual({
    policyTypes: ['Egress'],
  });
});

test('every group may name its own DeleteOptions', () => {
  const options = body('networking.k8s.io/v1', 'DeleteOptions', int(1, 0), message(2, text(1, 'u')), text(4, 'Background'));
  expect(decodeProtobufObject(options).object).toEqual({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'DeleteOptions',
    gracePeriodSeconds: 0,
    preconditions: { uid: 'u' },
    propagationPolicy: 'Background',
  });
});

test('the two kinds called Event keep their own fields', () => {
  expect(decodeProtobufObject(body('v1', 'Event', text(4, 'm'), int(8, 2))).object).toMatchObject({ message: 'm', count: 2 });
  expect(decodeProtobufObject(body('events.k8s.io/v1', 'Event', text(10, 'n'))).object).toMatchObject({ note: 'n' });
});

test.each([
  ['nothing', new Uint8Array(0), 'malformed', /magic/],
  ['JSON', Buffer.from('{"kind":"Pod"}'), 'malformed', /magic/],
  ['an unknown kind', body('v1', 'Widget'), 'unknown-kind', /no kind "Widget" is known for version "v1"/],
  ['a kind of another group', body('apps/v1', 'Pod'), 'unknown-kind', /"Pod"/],
  ['a message that is no object', body('v1', 'PodTemplateSpec'), 'unknown-kind', /PodTemplateSpec/],
  ['no kind at all', Uint8Array.of(0x6b, 0x38, 0x73, 0), 'unknown-kind', /""/],
  ['an encoded body', Uint8Array.from([...Buffer.from('k8s\0'), ...text(3, 'gzip')]), 'malformed', /gzip/],
  ['a truncated body', body('v1', 'Pod', message(1, text(1, 'x'))).slice(0, -12), 'malformed', /beyond the end/],
  ['a length beyond the end', body('v1', 'Pod', [0x0a, 0x7f]), 'malformed', /beyond the end/],
  ['a wrong wire type', body('v1', 'Pod', int(1, 5)), 'malformed', /Pod\.metadata has wire type 0, expected 2/],
  ['a group', body('v1', 'Pod', [0xdb, 0x01]), 'malformed', /wire type 3/],
  ['field number zero', body('v1', 'Pod', [0x00, 0x00]), 'malformed', /field number/],
  ['a number of 11 bytes', body('v1', 'DeleteOptions', [0x08, ...Array<number>(10).fill(0xff), 1]), 'malformed', /64 bits/],
  ['a number beyond 53 bits', body('v1', 'DeleteOptions', int(1, 2n ** 60n)), 'malformed', /53 bits/],
  ['a text that is no UTF-8', body('v1', 'Pod', message(1, bytes(1, [0xc0, 0x80]))), 'malformed', /UTF-8/],
  ['a time beyond the year 9999', body('v1', 'Pod', message(1, message(8, int(1, 2n ** 50n)))), 'malformed', /time/],
  ['managed fields that are no JSON', body('v1', 'Pod', message(1, message(17, message(7, text(1, '{'))))), 'malformed', /JSON/],
])('refuses %s', (_, input, code, text_) => {
  expect(() => decodeProtobufObject(input)).toThrow(
    expect.objectContaining({ name: 'ProtobufError', code, message: expect.stringMatching(text_) }),
  );
});

test('refuses bodies beyond the limit', () => {
  expect(() => decodeProtobufObject(body('v1', 'Pod', message(1, text(1, 'x'.repeat(100)))), 100)).toThrow(
    expect.objectContaining({ code: 'too-large' }),
  );
});

test('every type has a table', () => {
  const tables = messageTables();
  const missing = new Set<string>();
  for (const table of tables.all()) {
    for (const { type } of table.fields.values()) {
      const inner = type.kind === 'map' ? type.values : type;
      if (inner.kind === 'message' && !specialMessages.has(inner.name) && tables.find(table.scope, inner.name) === undefined)
        missing.add(inner.name);
    }
  }
  expect([...missing]).toEqual([]);
});

test('decodes UTF-8 as the platform does, and refuses what the platform refuses', () => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const reference = (input: Uint8Array) => {
    try {
      return strict.decode(input);
    } catch {
      return 'refused';
    }
  };
  const own = (input: Uint8Array) => {
    try {
      return decodeUtf8(input);
    } catch {
      return 'refused';
    }
  };
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 60 }),
      (value) => own(Buffer.from(value, 'utf8')) === reference(Buffer.from(value, 'utf8')),
    ),
    { seed: 1, numRuns: 2_000 },
  );
  const nasty = fc.array(fc.constantFrom(0x41, 0x80, 0xbf, 0xc1, 0xc2, 0xe0, 0xa0, 0xed, 0x9f, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(nasty, (list) => own(Uint8Array.from(list)) === reference(Uint8Array.from(list))),
    { seed: 2, numRuns: 20_000 },
  );
  expect(decodeUtf8(Buffer.from('ü€😀'.repeat(3_000)))).toBe('ü€😀'.repeat(3_000));
});

test('damaged bodies are decoded or refused with a ProtobufError, never anything else (20 000 seeded runs)', () => {
  const damage = fc.record({
    vector: fc.constantFrom(...vectors),
    edits: fc.array(fc.record({ at: fc.nat(), value: fc.nat(255), kind: fc.constantFrom('set', 'insert', 'remove') }), {
      minLength: 1,
      maxLength: 6,
    }),
  });
  fc.assert(
    fc.property(damage, ({ vector, edits }) => {
      const input = [...Buffer.from(vector.hex, 'hex')];
      for (const { at, value, kind } of edits) {
        const index = 4 + (at % (input.length - 4));
        input.splice(index, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [value]));
      }
      try {
        decodeProtobufObject(Uint8Array.from(input));
      } catch (error) {
        if (!(error instanceof ProtobufError)) throw error;
      }
    }),
    { seed: 20261123, numRuns: 20_000 },
  );
});
