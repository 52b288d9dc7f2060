/** Calico's compiler as one among others: tiers, stored forms, stand-ins. */
import type { KubeObject } from '@weir/kube';
import { selectorKey } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { calicoCompiler, type PolicyKind, type ReferredObjects } from '../../src/index.ts';

const stored = (kind: string, name: string, spec: unknown, namespace?: string): KubeObject & { readonly spec: unknown } => ({
  apiVersion: 'crd.projectcalico.org/v1',
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
  spec,
});

function referring(...objects: readonly KubeObject[]): ReferredObjects & { readonly asked: string[] } {
  const asked: string[] = [];
  const list = ({ kind }: PolicyKind): readonly KubeObject[] => objects.filter((object) => object.kind === kind);
  return {
    asked,
    list,
    get(kind, name) {
      asked.push(`${kind.kind} ${name}`);
      return list(kind).find(({ metadata }) => metadata.name === name);
    },
  };
}

const allow = [{ action: 'Allow' }];

describe('policies of Calico', () => {
  it.each<[string, unknown, readonly KubeObject[], unknown]>([
    ['in the default tier of Kubernetes when they name none', { ingress: allow }, [], { name: 'default', order: 1_000_000, end: 'deny' }],
    [
      'in the tier that they name',
      { tier: 't', ingress: allow },
      [stored('Tier', 't', { order: 5, defaultAction: 'Pass' })],
      { name: 't', order: 5, end: 'pass' },
    ],
    [
      'last, and closed at the end, when their tier is not there',
      { tier: 't', ingress: allow },
      [],
      { name: 't', order: Number.POSITIVE_INFINITY, end: 'deny' },
    ],
    [
      'last, and closed at the end, when their tier cannot be read',
      { tier: 't', ingress: allow },
      [stored('Tier', 't', { order: 'x' })],
      { name: 't', order: Number.POSITIVE_INFINITY, end: 'deny' },
    ],
    [
      'where built-in tiers always are',
      { tier: 'kube-admin', ingress: allow },
      [stored('Tier', 'kube-admin', { order: 7 })],
      { name: 'kube-admin', order: 1_000, end: 'pass' },
    ],
  ])('are %s', (_title, spec, objects, tier) => {
    const { policies, diagnostics } = calicoCompiler.compile(stored('NetworkPolicy', 'p', spec, 'n'), referring(...objects));
    expect(diagnostics).toEqual([]);
    expect(policies.map((one) => one.tier)).toEqual([tier]);
  });

  it('are known by the names that people gave them, in whatever form they are stored', () => {
    const { policies } = calicoCompiler.compile(stored('NetworkPolicy', 'default.p', { ingress: allow }, 'n'), referring());
    expect(policies[0]?.policy.ref).toMatchObject({ apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', namespace: 'n' });
  });

  it('are staged where their kind is, Kubernetes policies too', () => {
    for (const kind of ['StagedNetworkPolicy', 'StagedKubernetesNetworkPolicy']) {
      const spec = kind === 'StagedNetworkPolicy' ? { ingress: allow } : { podSelector: {}, ingress: [{}] };
      const { policies } = calicoCompiler.compile(stored(kind, 'p', spec, 'n'), referring());
      expect(policies.map(({ policy }) => [policy.staged, policy.ref.kind])).toEqual([[true, kind]]);
    }
    expect(calicoCompiler.closed(stored('StagedNetworkPolicy', 'p', { http: 1 }, 'n'), referring())).toEqual([]);
  });

  it.each<[string, string, unknown, string]>([
    ['HTTP', 'NetworkPolicy', { ingress: [{ action: 'Allow', http: { methods: ['GET'] } }] }, 'spec.ingress[0].http'],
  ])('are refused when they are about %s', (_what, kind, spec, field) => {
    const { policies, diagnostics } = calicoCompiler.compile(
      stored(kind, 'p', spec, kind === 'NetworkPolicy' ? 'n' : undefined),
      referring(),
    );
    expect([policies.length, diagnostics.map((one) => `${one.code} ${one.field}`)]).toEqual([0, [`unsupported-policy ${field}`]]);
  });

  it('are refused when the metadata that calicoctl keeps is damaged', () => {
    const object = {
      ...stored('NetworkPolicy', 'p', {}, 'n'),
      metadata: { name: 'p', annotations: { 'projectcalico.org/metadata': '{' } },
    };
    expect(calicoCompiler.compile(object, referring()).diagnostics).toMatchObject([{ code: 'invalid-policy' }]);
  });
});

describe('the stand-in of a refused policy of Calico', () => {
  it.each<[string, string, unknown, string, string, number]>([
    [
      'denies what the policy governs, where it is',
      'NetworkPolicy',
      { order: 3, selector: 'a == "b"', egress: [{ http: 1 }] },
      'and(pod:"a" in ["b"]; reserved:"namespace" in ["n"])',
      'egress',
      3,
    ],
    [
      'denies the whole namespace when the selector cannot be read',
      'NetworkPolicy',
      { selector: 'a ==', ingress: 'x' },
      'reserved:"namespace" in ["n"]',
      'ingress',
      Number.POSITIVE_INFINITY,
    ],
    [
      'denies every pod when the selector of a policy of the cluster cannot be read',
      'GlobalNetworkPolicy',
      { selector: 7 },
      'all',
      'ingress',
      Number.POSITIVE_INFINITY,
    ],
    [
      'comes first when its order cannot be read',
      'NetworkPolicy',
      { order: 'x' },
      'reserved:"namespace" in ["n"]',
      'ingress',
      Number.NEGATIVE_INFINITY,
    ],
    [
      'denies both directions when its types cannot be read',
      'NetworkPolicy',
      { types: ['x'] },
      'reserved:"namespace" in ["n"]',
      'ingress egress',
      Number.POSITIVE_INFINITY,
    ],
    [
      'denies what it can find of a spec that is none',
      'NetworkPolicy',
      null,
      'reserved:"namespace" in ["n"]',
      'ingress',
      Number.POSITIVE_INFINITY,
    ],
  ])('%s', (_title, kind, spec, subject, directions, order) => {
    const [placed, ...others] = calicoCompiler.closed(stored(kind, 'p', spec, kind === 'NetworkPolicy' ? 'n' : undefined), referring());
    expect(others).toEqual([]);
    const policy = placed?.policy;
    expect([policy && selectorKey(policy.subject), policy?.order]).toEqual([subject, order]);
    const denied = (['ingress', 'egress'] as const).filter((direction) =>
      policy?.[direction]?.rules.every(({ action }) => action === 'deny'),
    );
    expect(denied.join(' ')).toBe(directions);
  });
});
