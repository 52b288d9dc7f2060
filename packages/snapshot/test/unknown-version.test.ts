import { parseManifest } from '@weir/kube';
import { describe, expect, it } from 'vitest';
import { loadSnapshot } from '../src/index.ts';

/** What is said of an object of that version and kind, from a file or from a cluster. */
function saidOf(apiVersion: string, kind: string, { fromFile = true } = {}): string[] {
  const text = `kind: ${kind}\napiVersion: ${apiVersion}\nmetadata: { name: web, namespace: shop }\nspec: { podSelector: {} }\n`;
  const { documents } = parseManifest(text, 'web.yaml');
  const { diagnostics } = loadSnapshot(fromFile ? documents : documents.map(({ object }) => object));
  return diagnostics.map(({ code, severity, action, position }) => `${severity} ${code} ${position?.line ?? '-'} ${action}`);
}

describe('an object that is called like a policy', () => {
  it.each([
    ['apps/v1', 'NetworkPolicy', 'error unknown-version 2 write apiVersion: networking.k8s.io/v1'],
    ['v1', 'NetworkPolicy', 'error unknown-version 2 write apiVersion: networking.k8s.io/v1'],
    ['networking.k8s.io/v1beta1', 'NetworkPolicy', 'error unknown-version 2 write apiVersion: networking.k8s.io/v1'],
    ['extensions/v1beta1', 'NetworkPolicy', 'error given-up-version 2 write apiVersion: networking.k8s.io/v1'],
    ['projectcalico.org/v1', 'NetworkPolicy', 'error unknown-version 2 write apiVersion: projectcalico.org/v3'],
    ['cilium.io/v1', 'CiliumNetworkPolicy', 'error unknown-version 2 write apiVersion: cilium.io/v2'],
    [
      'policy.networking.k8s.io/v1alpha9',
      'ClusterNetworkPolicy',
      'error unknown-version 2 write apiVersion: policy.networking.k8s.io/v1alpha2',
    ],
    ['crd.antrea.io/v1beta1', 'ClusterNetworkPolicy', 'warning unread-policy 2 judge it with the engine that it is made for'],
  ])('and is of %s, %s, is not passed over in silence', (apiVersion, kind, said) => {
    expect(saidOf(apiVersion, kind)).toEqual([said]);
    expect(saidOf(apiVersion, kind, { fromFile: false })).toEqual([]);
  });

  it('is nothing to speak of where it is one, and objects of other kinds are not', () => {
    expect(saidOf('networking.k8s.io/v1', 'NetworkPolicy')).toEqual([]);
    expect(saidOf('apps/v9', 'Deployment')).toEqual([]);
    expect(saidOf('crd.projectcalico.org/v1', 'FelixConfiguration')).toEqual([]);
  });
});
