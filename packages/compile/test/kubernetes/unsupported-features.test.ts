import type { NetworkPolicySpec } from '@weir/kube';
import { type EngineName, enforcementTarget, engineProfiles, type OperatingSystem, type PolicyFeature, unsupportedOn } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { compileNetworkPolicy } from '../../src/index.ts';

const engines = Object.keys(engineProfiles) as EngineName[];
const systems: readonly OperatingSystem[] = ['linux', 'windows'];

interface Use {
  readonly feature: PolicyFeature;
  readonly spec: NetworkPolicySpec;
  readonly field: string;
}

/** Every way to use a feature, with the field that a refusal has to name. */
const uses: readonly Use[] = [
  { feature: 'named-port', spec: { ingress: [{ ports: [{ port: 'http' }] }] }, field: 'spec.ingress[0].ports[0].port' },
  { feature: 'named-port', spec: { egress: [{}, { ports: [{ port: 1 }, { port: 'http' }] }] }, field: 'spec.egress[1].ports[1].port' },
  { feature: 'sctp', spec: { ingress: [{ ports: [{ protocol: 'SCTP', port: 1 }] }] }, field: 'spec.ingress[0].ports[0].protocol' },
  {
    feature: 'negative-selector',
    spec: { podSelector: { matchExpressions: [{ key: 'debug', operator: 'NotIn', values: ['true'] }] } },
    field: 'spec.podSelector.matchExpressions[0]',
  },
  {
    feature: 'negative-selector',
    spec: { ingress: [{ from: [{ podSelector: { matchExpressions: [{ key: 'debug', operator: 'DoesNotExist' }] } }] }] },
    field: 'spec.ingress[0].from[0].podSelector.matchExpressions[0]',
  },
  {
    feature: 'negative-selector',
    spec: { egress: [{ to: [{ namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'NotIn', values: ['a'] }] } }] }] },
    field: 'spec.egress[0].to[0].namespaceSelector.matchExpressions[0]',
  },
  {
    feature: 'ip-block-except',
    spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }] }] },
    field: 'spec.egress[0].to[0].ipBlock.except',
  },
  { feature: 'ipv6', spec: { ingress: [{ from: [{ ipBlock: { cidr: 'fd00::/8' } }] }] }, field: 'spec.ingress[0].from[0].ipBlock.cidr' },
];

const cases = engines.flatMap((engine) => systems.flatMap((system) => uses.map((use) => ({ engine, system, ...use }))));

function policyOf(spec: NetworkPolicySpec): Parameters<typeof compileNetworkPolicy>[0] {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { namespace: 'n', name: 'p' },
    spec: { podSelector: {}, ...spec },
  };
}

describe('a policy with a feature that engines may lack', () => {
  it.each(cases)(
    '$feature at $field on $engine, $system, is compiled or refused as the table of profiles says',
    ({ engine, system, feature, spec, field }) => {
      const gap = engineProfiles[engine].unsupported.find(
        (one) => one.feature === feature && (one.operatingSystem === 'any' || one.operatingSystem === system),
      );
      const { policy, diagnostics } = compileNetworkPolicy(policyOf(spec), { target: enforcementTarget(engine, system) });
      expect(policy === undefined).toBe(gap !== undefined);
      expect(diagnostics).toEqual(
        gap === undefined
          ? []
          : [expect.objectContaining({ code: 'unsupported-policy', object: 'NetworkPolicy n/p', field, message: gap.message })],
      );
    },
  );

  it('the table says what the engines document', () => {
    const gaps = engines.map((engine) => [
      engine,
      ...systems.map((system) => unsupportedOn(enforcementTarget(engine, system)).map((one) => one.feature)),
    ]);
    const windows = ['named-port', 'sctp', 'negative-selector', 'ip-block-except'];
    expect(gaps).toEqual([
      ['kubernetes', [], windows],
      ['azure', ['ipv6'], [...windows, 'ipv6']],
      ['calico', [], ['named-port', 'ip-block-except', 'ipv6', 'sctp']],
      ['cilium', [], []],
    ]);
  });

  it('is compiled on Windows where negation and except are expressed by other means, and named ports and SCTP are not', () => {
    const target = enforcementTarget('azure', 'windows', true);
    for (const { feature, spec } of uses) {
      const isExpressed = feature === 'negative-selector' || feature === 'ip-block-except';
      expect(`${feature} ${compileNetworkPolicy(policyOf(spec), { target }).policy !== undefined}`).toBe(`${feature} ${isExpressed}`);
    }
  });

  it('is refused on Windows where splitting a block around its exceptions takes too many blocks, with the field and the number', () => {
    // Each leaves 16 blocks of its /16, and one range between it and the next.
    const compiled = (exceptions: number, system: OperatingSystem) => {
      const except = Array.from({ length: exceptions }, (_, i) => `10.${i}.77.77/32`);
      const spec: NetworkPolicySpec = { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except } }] }] };
      return compileNetworkPolicy(policyOf(spec), { target: enforcementTarget('kubernetes', system, true) });
    };
    expect(compiled(128, 'windows').policy).toBeDefined();
    expect(compiled(192, 'windows')).toEqual({
      diagnostics: [
        expect.objectContaining({
          code: 'unsupported-policy',
          field: 'spec.ingress[0].from[0].ipBlock.except',
          message: 'exceptions of an ipBlock that split it into 3073 blocks, where Weir takes 2193 at most on Windows',
        }),
      ],
    });
    expect(compiled(192, 'linux').policy).toBeDefined();
  });

  it('in a rule of a direction that the policy does not list does nothing and stands in nobody’s way', () => {
    const spec: NetworkPolicySpec = { policyTypes: ['Egress'], ingress: [{ ports: [{ port: 'http' }] }] };
    expect(compileNetworkPolicy(policyOf(spec), { target: enforcementTarget('azure', 'windows') }).policy).toBeDefined();
  });
});
