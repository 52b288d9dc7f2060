import { formatCidr } from '@weir/net';
import { describe, expect, it } from 'vitest';
import {
  defaultNetworkPolicy,
  formatFieldError,
  type NetworkPolicy,
  type NetworkPolicySpec,
  parseApiCidr,
  validateNetworkPolicy,
  validateNetworkPolicyUpdate,
} from '../../src/index.ts';

function policy(spec: unknown): NetworkPolicy {
  return { metadata: { name: 'p', namespace: 'n' }, spec: spec as NetworkPolicySpec };
}

function errorsOf(spec: unknown): string[] {
  return validateNetworkPolicy(defaultNetworkPolicy(policy(spec))).map(formatFieldError);
}

describe('defaulting of NetworkPolicy', () => {
  it.each<[string, unknown, unknown]>([
    ['no spec isolates ingress of all pods', undefined, { podSelector: {}, policyTypes: ['Ingress'] }],
    ['egress rules imply egress', { egress: [{}] }, { podSelector: {}, egress: [{}], policyTypes: ['Ingress', 'Egress'] }],
    ['an empty egress list implies nothing', { egress: [] }, { podSelector: {}, egress: [], policyTypes: ['Ingress'] }],
    ['given types stay', { egress: [{}], policyTypes: ['Egress'] }, { podSelector: {}, egress: [{}], policyTypes: ['Egress'] }],
    [
      'ports are TCP',
      { ingress: [{ ports: [{ port: 1 }, {}] }] },
      { podSelector: {}, ingress: [{ ports: [{ port: 1, protocol: 'TCP' }, { protocol: 'TCP' }] }], policyTypes: ['Ingress'] },
    ],
    [
      'null reads as absent, a null entry as an empty one',
      {
        podSelector: null,
        ingress: [null, { from: null, ports: null }, { from: [{ podSelector: {}, namespaceSelector: null }] }],
        policyTypes: null,
      },
      { podSelector: {}, ingress: [{}, {}, { from: [{ podSelector: {} }] }], policyTypes: ['Ingress'] },
    ],
    [
      'null in a list or a map reads as the empty value',
      { podSelector: { matchLabels: { a: null }, matchExpressions: [null, { key: 'b', operator: 'In', values: [null] }] } },
      {
        podSelector: { matchLabels: { a: '' }, matchExpressions: [{}, { key: 'b', operator: 'In', values: [''] }] },
        policyTypes: ['Ingress'],
      },
    ],
  ])('%s', (_name, spec, expected) => {
    expect(defaultNetworkPolicy(policy(spec)).spec).toEqual(expected);
  });
});

describe('validation of NetworkPolicy', () => {
  it.each<[string, unknown, string[]]>([
    [
      'a whole policy is valid',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }], ports: [{ port: 80, endPort: 90 }] }] },
      [],
    ],
    ['a peer is required', { ingress: [{ from: [{}] }] }, ['spec.ingress[0].from[0]: Required value: must specify a peer']],
    [
      'an ipBlock stands alone',
      { egress: [{ to: [{ podSelector: {}, ipBlock: { cidr: '::/0' } }] }] },
      ['spec.egress[0].to[0]: Forbidden: may not specify both ipBlock and another peer'],
    ],
    ['a cidr is required', { ingress: [{ from: [{ ipBlock: {} }] }] }, ['spec.ingress[0].from[0].ipBlock.cidr: Required value']],
    [
      'a cidr is checked',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/33' } }] }] },
      [
        'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0/33": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'exceptions lie strictly inside',
      { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.0.0.0/8', '11.0.0.0/16', '::/64', 'x', '10.9.9.9/16'] } }] }] },
      [
        'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "10.0.0.0/8": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[1]: Invalid value: "11.0.0.0/16": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[2]: Invalid value: "::/64": must be a strict subset of `cidr`',
        'spec.ingress[0].from[0].ipBlock.except[3]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
      ],
    ],
    [
      'ports are checked',
      {
        ingress: [
          {
            ports: [
              { protocol: 'ICMP', port: 0 },
              { port: 70000, endPort: 1 },
              { endPort: 1 },
              { port: 'Web', endPort: 1 },
              { port: '-a--very-long-name' },
              { port: '1' },
            ],
          },
        ],
      },
      [
        'spec.ingress[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "TCP", "UDP", "SCTP"',
        'spec.ingress[0].ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
        'spec.ingress[0].ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
        'spec.ingress[0].ports[1].endPort: Invalid value: 1: must be greater than or equal to `port`',
        'spec.ingress[0].ports[2].endPort: Invalid value: 1: may not be specified when `port` is not specified',
        'spec.ingress[0].ports[3].endPort: Invalid value: 1: may not be specified when `port` is non-numeric',
        'spec.ingress[0].ports[3].port: Invalid value: "Web": must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
        'spec.ingress[0].ports[4].port: Invalid value: "-a--very-long-name": must be no more than 15 bytes',
        'spec.ingress[0].ports[4].port: Invalid value: "-a--very-long-name": must not contain consecutive hyphens',
        'spec.ingress[0].ports[4].port: Invalid value: "-a--very-long-name": must not begin or end with a hyphen',
        'spec.ingress[0].ports[5].port: Invalid value: "1": must contain at least one letter (a-z)',
      ],
    ],
    [
      'policy types are known and at most two',
      { policyTypes: ['ingress'] },
      ['spec.policyTypes[0]: Unsupported value: "ingress": supported values: "Ingress", "Egress"'],
    ],
    [
      'three policy types are too many',
      { policyTypes: ['Ingress', 'Egress', 'Ingress'] },
      ['spec.policyTypes: Invalid value: ["Ingress","Egress","Ingress"]: may not specify more than two policyTypes'],
    ],
    ['a type given twice is accepted', { policyTypes: ['Ingress', 'Ingress'] }, []],
  ])('%s', (_name, spec, expected) => {
    expect(errorsOf(spec)).toEqual(expected);
  });

  it('reports all errors at once, in the order of the API server', () => {
    const spec = {
      podSelector: { matchLabels: { 'a b': '' } },
      ingress: [{ from: [{}], ports: [{ port: 0 }] }],
      egress: [{ to: [{}] }],
      policyTypes: ['x'],
    };
    expect(errorsOf(spec).map((line) => line.slice(0, line.indexOf(':')))).toEqual([
      'spec.podSelector.matchLabels',
      'spec.ingress[0].ports[0].port',
      'spec.ingress[0].from[0]',
      'spec.egress[0].to[0]',
      'spec.policyTypes[0]',
    ]);
  });

  it('an update keeps the bad CIDR texts and label values of the old version acceptable', () => {
    const bad = {
      podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['?'] }] },
      ingress: [{ from: [{ ipBlock: { cidr: 'x' } }] }],
    };
    expect(validateNetworkPolicy(policy(bad))).toHaveLength(2);
    expect(validateNetworkPolicyUpdate(policy(bad), policy(bad))).toEqual([]);
    expect(validateNetworkPolicyUpdate(policy(bad), policy({}))).toHaveLength(2);
  });
});

describe('CIDR texts of the API', () => {
  it.each<[string, string | undefined]>([
    ['10.0.0.5/8', '10.0.0.0/8'],
    ['010.00.0.08/08', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:db8::1/64', '2001:db8::/64'],
    ['::ffff:10.1.2.3/104', '10.0.0.0/8'],
    ['::ffff:10.1.2.3/96', '0.0.0.0/0'],
    ['::ffff:10.1.2.3/64', '::/64'],
    ['10.0.0.0', undefined],
    ['10.0.0.0/', undefined],
    ['10.0.0.0/+8', undefined],
    ['10.0.0/8', undefined],
    ['::/129', undefined],
    ['fe80::1%eth0/64', undefined],
    [' 10.0.0.0/8', undefined],
  ])('%j is %s', (text, expected) => {
    const cidr = parseApiCidr(text);
    expect(cidr === undefined ? undefined : formatCidr(cidr)).toBe(expected);
  });
});
