/** Policies written in the words of another API say the same: the oracle judges worlds whose policies took that way. */
import {
  type CalicoPolicy,
  compileCalicoPolicy,
  compileCiliumPolicy,
  compileNetworkPolicy,
  defaultTier,
  type PlacedPolicy,
  type PolicyWriter,
  type ReferredObjects,
  writeCalicoPolicy,
  writeCiliumPolicy,
  writeNetworkPolicy,
} from '@weir/compile';
import type { KubeObject, NetworkPolicy } from '@weir/kube';
import type { EnforcementTarget, Policy } from '@weir/model';
import { defined } from '@weir/net';
import { type EngineParts, engineParts, expectNoDifference, generateWorld } from '@weir/testkit';
import { describe, expect, it } from 'vitest';

/** The last four have rules that match nobody: namespaces that exclude one another, blocks that are all exception. */
const seeds = [...Array.from({ length: 12 }, (_, i) => 7_000 + i), 12_000, 12_005, 12_006, 12_008];

function placed(policy: Policy): PlacedPolicy {
  const { policies, ...tier } = defaultTier([policy]);
  return { tier, policy: defined(policies[0], 'there is one') };
}

function written(write: PolicyWriter, policy: Policy): KubeObject {
  const result = write(placed(policy));
  if (result.kind === 'impossible') throw new Error(`no words for ${policy.ref.name}: ${result.reasons.join('; ')}`);
  return JSON.parse(JSON.stringify(result.objects[0])) as KubeObject;
}

function throughCalico(policy: Policy): Policy {
  const object = written(writeCalicoPolicy, policy);
  const { policy: compiled, diagnostics } = compileCalicoPolicy(object as CalicoPolicy);
  return defined(compiled, `Calico's form was refused: ${JSON.stringify(diagnostics)} ${JSON.stringify(object)}`);
}

function throughKubernetes(policy: Policy): Policy {
  const object = written(writeNetworkPolicy, policy);
  const { policy: compiled, diagnostics } = compileNetworkPolicy(object);
  return defined(compiled, `the NetworkPolicy was refused: ${JSON.stringify(diagnostics)} ${JSON.stringify(object)}`);
}

const nothingReferred: ReferredObjects = { get: () => undefined, list: () => [] };

function throughCilium(policy: Policy): Policy {
  const object = written(writeCiliumPolicy, policy);
  const { policies, diagnostics } = compileCiliumPolicy(object, nothingReferred);
  expect(policies.length, `${JSON.stringify(diagnostics)} ${JSON.stringify(object)}`).toBe(1);
  return defined(policies[0], 'there is one').policy;
}

function partsThrough(...ways: readonly ((policy: Policy) => Policy)[]): EngineParts {
  const compile = (object: NetworkPolicy, target: EnforcementTarget): Policy | undefined => {
    const policy = engineParts.compile(object, target);
    return policy === undefined ? undefined : ways.reduce((each, way) => way(each), policy);
  };
  return { ...engineParts, compile };
}

describe('a NetworkPolicy written for another API', () => {
  it.each([
    ['as NetworkPolicy again', partsThrough(throughKubernetes)],
    ["as Calico's policy", partsThrough(throughCalico)],
    ["as Calico's policy and back", partsThrough(throughCalico, throughKubernetes)],
    ["by way of Cilium's policy", partsThrough(throughCilium, throughKubernetes)],
  ])('means the same %s, in every world', (_, parts) => {
    for (const seed of seeds) expectNoDifference(`seed ${seed}`, generateWorld(seed), { parts });
  });

  it("means the same as Cilium's policy where Cilium enforces it", () => {
    const parts = partsThrough(throughCilium);
    for (const seed of seeds) expectNoDifference(`seed ${seed}`, generateWorld(seed), { parts, engine: 'cilium' });
  });
});

const inN = { apiVersion: 'projectcalico.org/v3', kind: 'NetworkPolicy', metadata: { name: 'p', namespace: 'n' } } as const;

/** What a policy of Calico is as a NetworkPolicy. */
function fromCalico(spec: Record<string, unknown>, of: Record<string, unknown> = inN): ReturnType<PolicyWriter> {
  const { policy, diagnostics } = compileCalicoPolicy({ ...of, spec } as unknown as CalicoPolicy);
  return writeNetworkPolicy(placed(defined(policy, JSON.stringify(diagnostics))));
}

describe("a policy of Calico's", () => {
  it('is a NetworkPolicy where it only allows, alternatives as peers and exceptions with their blocks', () => {
    const selector = "app == 'a' || tier in {'b', 'c'}";
    const ingress = [
      { action: 'Allow', protocol: 'TCP', source: { selector }, destination: { ports: ['80:90', 'web'] } },
      { action: 'Allow', source: { nets: ['10.0.0.0/8'], notNets: ['10.1.0.0/16'] } },
    ];
    expect(fromCalico({ selector: 'has(app)', ingress })).toEqual({
      kind: 'written',
      objects: [
        {
          apiVersion: 'networking.k8s.io/v1',
          kind: 'NetworkPolicy',
          metadata: { name: 'p', namespace: 'n' },
          spec: {
            podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
            policyTypes: ['Ingress'],
            ingress: [
              {
                from: [
                  { podSelector: { matchLabels: { app: 'a' } } },
                  { podSelector: { matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'c'] }] } },
                ],
                ports: [
                  { protocol: 'TCP', port: 80, endPort: 90 },
                  { protocol: 'TCP', port: 'web' },
                ],
              },
              { from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] },
            ],
          },
        },
      ],
    });
  });

  it('is one without its rules that match nobody, and never one with a rule that lost its peers', () => {
    const ingress = [
      { action: 'Allow', source: { selector: "app == 'a' && app == 'b'" } },
      { action: 'Allow', source: { nets: ['10.0.0.0/9'], notNets: ['10.0.0.0/8'] } },
      { action: 'Allow', source: { selector: "(app == 'a' && app == 'b') || app == 'c'" } },
    ];
    expect(fromCalico({ selector: 'all()', ingress })).toMatchObject({
      objects: [{ spec: { policyTypes: ['Ingress'], ingress: [{ from: [{ podSelector: { matchLabels: { app: 'c' } } }] }] } }],
    });
    const closed = fromCalico({ selector: 'all()', ingress: ingress.slice(0, 2) });
    expect(closed).toEqual({
      kind: 'written',
      objects: [expect.objectContaining({ spec: { podSelector: {}, policyTypes: ['Ingress'] } })],
    });
  });

  it.each([
    ['denies', { ingress: [{ action: 'Deny' }] }, 'ingress[0]: its action is "deny"'],
    ['excludes a protocol', { ingress: [{ action: 'Allow', notProtocol: 'UDP' }] }, 'ingress[0]: it excludes a protocol'],
    ['names ICMP', { ingress: [{ action: 'Allow', protocol: 'ICMP' }] }, 'it asks for protocol 1'],
    ['asks for source ports', { ingress: [{ action: 'Allow', protocol: 'TCP', source: { ports: [1] } }] }, 'source ports'],
    ['asks for a part of a value', { selector: "a contains 'b'" }, 'subject: it asks for a part'],
    ['asks for a service account', { serviceAccountSelector: "a == 'b'" }, 'subject: it selects pods by their service accounts'],
    [
      'asks for labels and blocks of one peer',
      { ingress: [{ action: 'Allow', source: { selector: 'all()', nets: ['10.0.0.0/8'] } }] },
      'labels and addresses',
    ],
    ['asks for more of its own pod', { ingress: [{ action: 'Allow', destination: { selector: "a == 'b'" } }] }, 'more of the selected pod'],
  ])('is no NetworkPolicy when it %s, and it is said why', (_, spec, reason) => {
    const result = fromCalico(spec);
    expect(result).toMatchObject({ kind: 'impossible', reasons: [expect.stringContaining(reason)] });
  });

  it('is no NetworkPolicy when it selects pods of all namespaces', () => {
    const result = fromCalico({ ingress: [] }, { ...inN, kind: 'GlobalNetworkPolicy', metadata: { name: 'p' } });
    expect(result).toMatchObject({ kind: 'impossible', reasons: [expect.stringContaining('more than one namespace')] });
  });
});
