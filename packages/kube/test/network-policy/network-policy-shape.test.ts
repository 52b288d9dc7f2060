import { describe, expect, it } from 'vitest';
import { checkNetworkPolicyShape, formatFieldError } from '../../src/index.ts';

describe('the shape of NetworkPolicy', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    [
      'null for any field',
      { podSelector: null, ingress: [null, { from: [{ namespaceSelector: null }], ports: null }], egress: null, policyTypes: null },
    ],
    [
      'every field',
      {
        podSelector: { matchLabels: { a: 'b' }, matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
        ingress: [
          {
            from: [{ podSelector: {}, namespaceSelector: {} }, { ipBlock: { cidr: '::/0', except: ['::/1'] } }],
            ports: [{ protocol: 'TCP', port: 1, endPort: 2 }, { port: 'a' }],
          },
        ],
        egress: [{ to: [{}], ports: [] }],
        policyTypes: ['Ingress'],
      },
    ],
  ])('%s is accepted', (_name, spec) => {
    expect(checkNetworkPolicyShape({ spec })).toEqual([]);
  });

  it('every unknown field and wrong type is reported with its path', () => {
    const spec = {
      podSelectors: {},
      podSelector: { matchLabels: { app: true } },
      ingress: [{ form: [] }, { from: {}, ports: [{ port: 1.5 }, { port: 2 ** 40 }, { endPort: '9' }] }],
      egress: 'all',
      policyTypes: [1],
    };
    expect(checkNetworkPolicyShape({ spec }).map(formatFieldError)).toEqual([
      'spec.podSelectors: Forbidden: unknown field',
      'spec.podSelector.matchLabels[app]: Invalid value: true: must be a string',
      'spec.ingress[0].form: Forbidden: unknown field',
      'spec.ingress[1].from: Invalid value: {}: must be a list',
      'spec.ingress[1].ports[0].port: Invalid value: 1.5: must be an integer of 32 bits or a string',
      'spec.ingress[1].ports[1].port: Invalid value: 1099511627776: must be an integer of 32 bits or a string',
      'spec.ingress[1].ports[2].endPort: Invalid value: "9": must be an integer of 32 bits',
      'spec.egress: Invalid value: "all": must be a list',
      'spec.policyTypes[0]: Invalid value: 1: must be a string',
    ]);
  });

  it('a spec that is no object is reported', () => {
    expect(checkNetworkPolicyShape({ spec: [] }).map(({ field }) => field)).toEqual(['spec']);
  });
});
