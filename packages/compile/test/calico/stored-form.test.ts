import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoredForm, turnedUid } from '../../src/index.ts';

const uid = 'a1b2c3d4-0f1e-4a5b-8c7d-0123456789ab';
const stored = { apiVersion: 'crd.projectcalico.org/v1', kind: 'NetworkPolicy' };

describe('the stored form of a Calico object', () => {
  it('is read with the metadata of its annotation, and a uid of its own', () => {
    const metadata = {
      name: 'allow-web',
      namespace: 'x',
      uid,
      labels: { 'projectcalico.org/tier': 'default' },
      annotations: { 'projectcalico.org/metadata': '{"name":"allow-web","labels":{"app":"web"},"annotations":{"a":"b"}}' },
    };
    expect(readStoredForm({ ...stored, metadata, spec: {} })).toEqual({
      object: {
        apiVersion: 'projectcalico.org/v3',
        kind: 'NetworkPolicy',
        metadata: {
          name: 'allow-web',
          namespace: 'x',
          uid: turnedUid(uid),
          labels: { 'projectcalico.org/tier': 'default', app: 'web' },
          annotations: { a: 'b' },
        },
        spec: {},
      },
    });
  });

  it.each([
    ['no annotation keeps its name', {}, {}, 'default.p', 'default.p'],
    ['an annotation without a name loses the default tier', { 'projectcalico.org/metadata': '{}' }, {}, 'default.p', 'p'],
    ['another tier before its name keeps it', { 'projectcalico.org/metadata': '{}' }, { tier: 'sec' }, 'sec.p', 'sec.p'],
    ['a name in its annotation has that', { 'projectcalico.org/metadata': '{"name":"q"}' }, {}, 'default.q', 'q'],
  ])('with %s', (_case, annotations, spec, name, expected) => {
    const result = readStoredForm({ ...stored, metadata: { name, annotations }, spec });
    expect(result).toMatchObject({ object: { metadata: { name: expected } } });
  });

  it.each(['{', '[]', '"x"', '{"name":1}', '{"labels":{"a":1}}', '{"annotations":[1]}'])(
    'is refused with the damaged annotation %s',
    (text) => {
      const metadata = { name: 'p', annotations: { 'projectcalico.org/metadata': text } };
      expect(readStoredForm({ ...stored, metadata })).toEqual({
        problem: "the annotation projectcalico.org/metadata is not the JSON of an object's metadata",
      });
    },
  );

  it('of the other group stays as it is', () => {
    const object = { apiVersion: 'projectcalico.org/v3', metadata: { name: 'p', uid } };
    expect(readStoredForm(object)).toEqual({ object });
  });

  it('has a uid that turned twice is the first', () => {
    fc.assert(
      fc.property(fc.uuid(), (one) => {
        const turned = turnedUid(one) ?? '';
        expect(turnedUid(turned)).toBe(one);
        expect([turned[14], turned.slice(19, 21)]).toEqual([one[14], one.slice(19, 21)]);
      }),
      { seed: 3, numRuns: 100 },
    );
    expect(turnedUid('80000000-0000-4000-8000-000000000001')).toBe('01000000-0000-4000-8000-000000000080');
    expect(turnedUid('no uuid')).toBeUndefined();
  });
});
