/** Objects as agents read them. */
import type { KubeObject } from '@weir/kube';
import { enforcementTarget } from '@weir/model';
import { describe, expect, it } from 'vitest';
import { ciliumCompiler, compileForAgent } from '../src/index.ts';

const referred = { get: () => undefined, list: () => [] };

function compiled(content: object, hearsOfNames: boolean): ReturnType<typeof compileForAgent> {
  const object = {
    apiVersion: 'cilium.io/v2',
    kind: 'CiliumNetworkPolicy',
    metadata: { namespace: 'n', name: 'p' },
    ...content,
  } as KubeObject;
  return compileForAgent({ compiler: ciliumCompiler, object, referred }, { target: { ...enforcementTarget('cilium'), hearsOfNames } });
}

const names = { endpointSelector: {}, egress: [{ toFQDNs: [{ matchName: 'a.example' }, { matchPattern: '*.a.example' }] }] };
const plain = { endpointSelector: {}, egress: [{ toEntities: ['world'] }] };

describe('rules about names', () => {
  it('are refused with their places where nobody tells the agent of names', () => {
    const { policies, diagnostics } = compiled({ specs: [plain, names] }, false);
    expect(policies).toEqual([]);
    expect(diagnostics).toMatchObject([
      { code: 'unsupported-policy', severity: 'error', object: 'CiliumNetworkPolicy n/p', field: 'specs[1].egress[0].toFQDNs[0]' },
      { field: 'specs[1].egress[0].toFQDNs[1]' },
    ]);
    expect(diagnostics[0]?.action).toContain('--names-socket');
  });

  it('are taken where somebody does, and others everywhere', () => {
    expect(compiled({ spec: names }, true)).toMatchObject({ policies: [{}], diagnostics: [] });
    expect(compiled({ spec: plain }, false)).toMatchObject({ policies: [{}], diagnostics: [] });
  });

  it('that are only computed are taken', () => {
    const metadata = { namespace: 'n', name: 'p', annotations: { 'weir/audit-mode': 'true' } };
    expect(compiled({ metadata, spec: names }, false).diagnostics).toEqual([]);
  });
});
