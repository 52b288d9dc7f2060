/** Policies of a cluster that have fields which are not known here. */
import type { KubeObject } from '@weir/kube';
import { defined } from '@weir/net';
import { describe, expect, it } from 'vitest';
import { compileKnownFields, isOfKind, policyCompilers } from '../../src/index.ts';

const referred = { get: () => undefined, list: () => [] };

function compiled(apiVersion: string, kind: string, content: object): ReturnType<typeof compileKnownFields> {
  const object = { apiVersion, kind, metadata: { namespace: 'n', name: 'p' }, ...content } as KubeObject;
  const compiler = defined(
    policyCompilers.find(({ policyKinds }) => policyKinds.some((each) => isOfKind(object, each))),
    kind,
  );
  return compileKnownFields({ compiler, object, referred }, {});
}

const kubernetes = (spec: object) => compiled('networking.k8s.io/v1', 'NetworkPolicy', { spec: { podSelector: {}, ...spec } });
const calico = (spec: object) => compiled('projectcalico.org/v3', 'NetworkPolicy', { spec });
const cilium = (content: object) => compiled('cilium.io/v2', 'CiliumNetworkPolicy', content);
const administrators = (spec: object) =>
  compiled('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', {
    spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ...spec },
  });

/** What is left of the rules of a direction, and what is said. */
function ingressOf({ policies, diagnostics }: ReturnType<typeof compileKnownFields>) {
  return {
    rules: policies
      .flatMap(({ policy }) => policy.ingress?.rules ?? [])
      .map(({ action, origin }) => `${action} ${origin.ruleIndex}.${origin.peerIndex ?? ''}`),
    isolates: policies.some(({ policy }) => policy.ingress?.isolates === true),
    said: diagnostics.map(({ severity, field = '', message }) => `${severity} ${field}: ${message}`),
  };
}

const any = { podSelector: {} };

describe('a field that is not known', () => {
  it('has a rule that allows let nothing through, and the policy isolates all the same', () => {
    expect(ingressOf(kubernetes({ ingress: [{ from: [any], form: 1 }, { from: [any] }] }))).toEqual({
      rules: ['allow 1.0'],
      isolates: true,
      said: ['warning spec.ingress[0].form: unknown field: spec.ingress[0] allows nothing'],
    });
    expect(ingressOf(cilium({ spec: { endpointSelector: {}, ingress: [{ fromPlanets: ['mars'] }] } }))).toEqual({
      rules: [],
      isolates: true,
      said: ['warning spec.ingress[0].fromPlanets: unknown field: spec.ingress[0] allows nothing'],
    });
  });

  it('takes from a rule that allows the peer that it is in, and from a port the whole rule', () => {
    const peers = [any, { ...any, form: 1 }];
    expect(ingressOf(kubernetes({ ingress: [{ from: peers }] }))).toMatchObject({
      rules: ['allow 0.0'],
      said: ['warning spec.ingress[0].from[1].form: unknown field: spec.ingress[0].from[1] allows nothing'],
    });
    expect(ingressOf(kubernetes({ ingress: [{ from: [any], ports: [{ port: 80, range: 1 }] }] })).rules).toEqual([]);
    const selectors = [{}, { matchLabels: { a: 'b' }, matchFields: {} }];
    expect(ingressOf(cilium({ specs: [{ endpointSelector: {}, ingress: [{ fromEndpoints: selectors }] }] }))).toMatchObject({
      rules: ['allow 0.0'],
      said: [
        'warning specs[0].ingress[0].fromEndpoints[1].matchFields: unknown field: specs[0].ingress[0].fromEndpoints[1] allows nothing',
      ],
    });
  });

  it('of a spec changes no rule of another one, nor of a section that denies', () => {
    const rule = { fromEndpoints: [{}] };
    const specs = [
      { endpointSelector: {}, ingress: [rule], ingressDeny: [rule] },
      { endpointSelector: {}, ingress: [{ ...rule, form: 1 }] },
    ];
    expect(ingressOf(cilium({ specs })).rules).toEqual(['deny 0.0', 'allow 0.0']);
  });

  it('leaves a rule that denies as it is without it, where it can only ask for more', () => {
    const deny = (source: object) => ({ types: ['Ingress'], ingress: [{ action: 'Deny', source }, { action: 'Allow' }] });
    expect(ingressOf(calico(deny({ selector: 'all()', planet: 'mars' })))).toMatchObject({
      rules: ['deny 0.', 'allow 1.'],
      said: ['warning spec.ingress[0].source.planet: unknown field: the rule denies as if it were not there'],
    });
    const within = administrators({ ingress: [{ action: 'Deny', from: [{ namespaces: {} }], planet: 1 }] });
    expect(ingressOf(within).rules).toEqual(['deny 0.0']);
  });

  const reasons = {
    whole: 'it may change whom the policy selects, or what all of it means',
    deny: 'the rule denies, and without the field it may deny less',
    pass: 'the rule passes traffic on, and nobody knows which',
  };
  const denial = { fromEndpoints: [{}] };

  it.each([
    ['at the level of the spec', calico({ planet: 1 }), 'spec.planet', reasons.whole],
    ['in the selector of the policy', kubernetes({ podSelector: { matchFields: {} } }), 'spec.podSelector.matchFields', reasons.whole],
    ['in a rule that passes on', calico({ ingress: [{ action: 'Pass', form: 1 }] }), 'spec.ingress[0].form', reasons.pass],
    [
      'in what a rule that denies excludes',
      calico({ ingress: [{ action: 'Deny', protocol: 'ICMP', notICMP: { type: 8, code: 0, id: 1 } }] }),
      'spec.ingress[0].notICMP.id',
      reasons.deny,
    ],
    [
      'beside the peers that a rule denies',
      cilium({ spec: { endpointSelector: {}, ingressDeny: [{ ...denial, fromPlanets: [] }] } }),
      'spec.ingressDeny[0].fromPlanets',
      reasons.deny,
    ],
    [
      'in a selector of a rule that denies',
      administrators({ ingress: [{ action: 'Deny', from: [{ namespaces: { matchFields: {} } }] }] }),
      'spec.ingress[0].from[0].namespaces.matchFields',
      reasons.deny,
    ],
  ])('has the policy refused as a whole %s', (_where, { policies, diagnostics }, field, reason) => {
    expect(policies).toEqual([]);
    expect(diagnostics).toMatchObject([
      { severity: 'error', code: 'unknown-field', field, message: `Forbidden: unknown field: ${reason}` },
    ]);
  });

  it('has the policy refused as a whole whose other fields are wrong', () => {
    const { policies, diagnostics } = kubernetes({ ingress: [{ form: 1, ports: [{ port: 70_000 }] }] });
    expect(policies).toEqual([]);
    expect(diagnostics.map(({ code, field }) => [code, field])).toEqual([
      ['unknown-field', 'spec.ingress[0].form'],
      ['invalid-policy', 'spec.ingress[0].ports[0].port'],
    ]);
  });

  it('means nothing in the metadata and the status', () => {
    const status = { conditions: [], planet: 'mars' };
    const { policies, diagnostics } = compiled('policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', {
      spec: { tier: 'Admin', priority: 1, subject: { namespaces: {} }, ingress: [{ action: 'Accept', from: [{ namespaces: {} }] }] },
      status,
    });
    expect(policies).toHaveLength(1);
    expect(diagnostics).toEqual([]);
  });

  it('whose name has dots and brackets is not taken for one elsewhere', () => {
    const { policies } = kubernetes({ 'ingress[0].form': 1, ingress: [{ from: [any], form: 1 }] });
    expect(policies).toEqual([]);
  });
});
