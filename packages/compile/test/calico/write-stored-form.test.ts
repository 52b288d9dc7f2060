import type { ObjectMeta } from '@weir/kube';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStoredForm, turnedUid, writeStoredForm } from '../../src/index.ts';

const uid = 'a1b2c3d4-0f1e-4a5b-8c7d-0123456789ab';
const time = '2026-01-02T03:04:05Z';

describe('a Calico object that is written', () => {
  it("keeps its user's metadata in the annotation, byte for byte as calicoctl writes it", () => {
    const object = {
      apiVersion: 'projectcalico.org/v3',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'allow-web',
        namespace: 'x',
        uid,
        creationTimestamp: time,
        labels: { 'projectcalico.org/tier': 'default', app: 'web' },
        annotations: { why: 'tests' },
      },
      spec: { selector: "app == 'web'" },
    };
    expect(writeStoredForm(object)).toEqual({
      apiVersion: 'crd.projectcalico.org/v1',
      kind: 'NetworkPolicy',
      metadata: {
        name: 'allow-web',
        namespace: 'x',
        uid: turnedUid(uid),
        creationTimestamp: time,
        labels: { 'projectcalico.org/tier': 'default' },
        annotations: {
          'projectcalico.org/metadata': `{"name":"allow-web","creationTimestamp":"${time}","labels":{"app":"web","projectcalico.org/tier":"default"},"annotations":{"why":"tests"}}`,
        },
      },
      spec: { selector: "app == 'web'" },
    });
  });

  it.each(['Tier', 'NetworkSet', 'GlobalNetworkSet', 'HostEndpoint', 'StagedKubernetesNetworkPolicy'])(
    'has no name in the annotation when it is a %s',
    (kind) => {
      const metadata: ObjectMeta = { name: 'a' };
      expect(writeStoredForm({ apiVersion: 'projectcalico.org/v3', kind, metadata }).metadata.annotations).toEqual({
        'projectcalico.org/metadata': '{"creationTimestamp":null}',
      });
    },
  );

  it('is read again as it was', () => {
    const map = fc.dictionary(fc.string({ minLength: 1 }), fc.string());
    fc.assert(
      fc.property(fc.uuid(), map, map, fc.constantFrom('GlobalNetworkPolicy', 'Tier'), (id, labels, annotations, kind) => {
        fc.pre(!('projectcalico.org/metadata' in annotations) && !('__proto__' in labels) && !('__proto__' in annotations));
        const object = {
          apiVersion: 'projectcalico.org/v3',
          kind,
          metadata: { name: 'a', uid: id, labels, annotations, finalizers: ['one'], managedFields: [{ manager: 'kubectl' }] },
          spec: { tier: 'sec' },
        };
        expect(readStoredForm(writeStoredForm(object))).toEqual({ object });
      }),
    );
  });
});
