import { describe, expect, it } from 'vitest';
import { defaultCalicoObject, validateCalicoObject } from '../../src/index.ts';

const object = (kind: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'projectcalico.org/v3',
  kind,
  metadata: { name: 'a', ...metadata },
  spec,
});
const problems = (kind: string, spec: object, metadata?: object): readonly string[] =>
  validateCalicoObject(object(kind, spec, metadata)).map(({ field, reason }) => `${reason} ${field}`);

describe('validation of a Calico object', () => {
  it.each([
    ['NetworkSet', { nets: ['10.0.0.0/8', '10.1.2.3', '10.1.2.3/8', 'fd00::/8'] }],
    ['GlobalNetworkSet', {}],
    ['Tier', { order: 10, defaultAction: 'Pass' }],
    ['HostEndpoint', { node: 'n', interfaceName: '*' }],
    ['HostEndpoint', { node: 'n', expectedIPs: ['10.0.0.1'], ports: [{ name: 'http', protocol: 'TCP', port: 80 }] }],
    ['StagedKubernetesNetworkPolicy', { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 80 }] }] }],
    ['StagedKubernetesNetworkPolicy', { stagedAction: 'Delete' }],
    ['StagedNetworkPolicy', { stagedAction: 'Delete', tier: 'default' }],
    ['GlobalNetworkPolicy', { selector: 'all()' }],
  ])('accepts a %s with %o', (kind, spec) => expect(problems(kind, spec)).toEqual([]));

  it.each([
    ['NetworkSet', { nets: ['10.0.0.0/33'] }, 'FieldValueInvalid spec.nets[0]'],
    ['HostEndpoint', { interfaceName: 'eth0' }, 'FieldValueRequired spec.node'],
    ['HostEndpoint', { node: 'n' }, 'FieldValueRequired spec.interfaceName'],
    ['HostEndpoint', { node: 'n', interfaceName: 'much-too-long-for-one' }, 'FieldValueInvalid spec.interfaceName'],
    ['HostEndpoint', { node: 'n', expectedIPs: ['x'] }, 'FieldValueInvalid spec.expectedIPs[0]'],
    [
      'HostEndpoint',
      { node: 'n', interfaceName: '*', ports: [{ name: '80', protocol: 'TCP', port: 80 }] },
      'FieldValueInvalid spec.ports[0].name',
    ],
    [
      'HostEndpoint',
      { node: 'n', interfaceName: '*', ports: [{ name: 'a', protocol: 'X', port: 80 }] },
      'FieldValueInvalid spec.ports[0].protocol',
    ],
    [
      'HostEndpoint',
      { node: 'n', interfaceName: '*', ports: [{ name: 'a', protocol: 'TCP', port: 0 }] },
      'FieldValueInvalid spec.ports[0].port',
    ],
    ['StagedKubernetesNetworkPolicy', { stagedAction: 'Perhaps' }, 'FieldValueNotSupported spec.stagedAction'],
    ['StagedKubernetesNetworkPolicy', { stagedAction: 'Delete', podSelector: {} }, 'FieldValueForbidden spec'],
    ['StagedKubernetesNetworkPolicy', { policyTypes: ['Sideways'] }, 'FieldValueNotSupported spec.policyTypes[0]'],
    ['Tier', { defaultAction: 'Log' }, 'FieldValueNotSupported spec.defaultAction'],
    ['NetworkPolicy', { selector: 'b == b' }, 'FieldValueInvalid spec.selector'],
    ['Elsewhere', {}, 'FieldValueNotSupported kind'],
  ])('refuses a %s with %o: %s', (kind, spec, problem) => expect(problems(kind, spec)).toEqual([problem]));

  it("keeps a set from claiming to be in a namespace by Calico's own label", () => {
    expect(problems('NetworkSet', {}, { labels: { 'projectcalico.org/namespace': 'x' } })).toEqual([
      'FieldValueForbidden metadata.labels[projectcalico.org/namespace]',
    ]);
  });
});

describe('defaulting of a Calico object', () => {
  const rule = { action: 'Allow' };
  it.each([
    [{}, ['Ingress']],
    [{ egress: [] }, ['Ingress']],
    [{ ingress: [], egress: [rule] }, ['Egress']],
    [{ ingress: [rule], egress: [rule] }, ['Ingress', 'Egress']],
    [{ types: ['Egress'], ingress: [rule] }, ['Egress']],
  ])('gives a policy with %o the types %o, the default tier and its label', (spec, types) => {
    expect(defaultCalicoObject(object('NetworkPolicy', spec, { labels: { app: 'web' } }))).toMatchObject({
      metadata: { labels: { app: 'web', 'projectcalico.org/tier': 'default' } },
      spec: { types, tier: 'default' },
    });
  });

  it('labels a policy with the tier that it names, whatever the label said', () => {
    const policy = object('GlobalNetworkPolicy', { tier: 'sec' }, { labels: { 'projectcalico.org/tier': 'other' } });
    expect(defaultCalicoObject(policy)).toMatchObject({ metadata: { labels: { 'projectcalico.org/tier': 'sec' } } });
  });

  it('gives a staged Kubernetes policy with egress alone both types', () => {
    expect(defaultCalicoObject(object('StagedKubernetesNetworkPolicy', { egress: [{}] }))).toMatchObject({
      spec: { stagedAction: 'Set', policyTypes: ['Ingress', 'Egress'] },
    });
  });

  it('gives a tier its order and its end', () => {
    expect(defaultCalicoObject(object('Tier', {}))).toMatchObject({ spec: { order: 1_000_000, defaultAction: 'Deny' } });
  });

  it('leaves a policy valid that is staged for deletion', () => {
    for (const kind of ['StagedNetworkPolicy', 'StagedGlobalNetworkPolicy', 'StagedKubernetesNetworkPolicy']) {
      const defaulted = defaultCalicoObject(object(kind, { stagedAction: 'Delete' }));
      expect(validateCalicoObject(defaulted as never)).toEqual([]);
    }
  });

  it('leaves what cannot be read to validation', () => {
    expect(validateCalicoObject(defaultCalicoObject(object('NetworkPolicy', { ingress: 7 })) as never)).not.toEqual([]);
    expect(validateCalicoObject(defaultCalicoObject({ ...object('NetworkPolicy', {}), spec: 7 }) as never)).not.toEqual([]);
  });
});
