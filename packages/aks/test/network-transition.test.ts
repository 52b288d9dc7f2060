/** The gates of an engine's change: api-versions and versions of Kubernetes, also those that no new cluster can have any more. */
import { describe, expect, it } from 'vitest';
import { type NetworkProfile, readNetworkProfile } from '../src/clusters/network-profile.ts';
import { networkTransition } from '../src/clusters/network-transition.ts';

const newest = '2026-07-01';

function profile(engine: string, network: object = {}): NetworkProfile {
  const networkDataplane = engine === 'cilium' ? 'cilium' : 'azure';
  const networkProfile = { networkPlugin: 'azure', networkPolicy: engine, networkDataplane, ...network };
  return readNetworkProfile({ networkProfile }, { kubernetesVersion: '1.34.4', apiVersion: newest });
}

interface Gate {
  readonly apiVersion?: string;
  readonly kubernetesVersion?: string;
}

/** `reimage`, `nothing`, or the code and the text of the refusal. */
function change(from: NetworkProfile, to: NetworkProfile, { apiVersion = newest, kubernetesVersion = '1.34.4' }: Gate): string {
  const transition = networkTransition({ from, to, apiVersion, kubernetesVersion, hasWindowsPools: false });
  return transition.kind === 'refused' ? `${transition.error.code}: ${transition.error.message}` : transition.kind;
}

/** Every change that there is: of NPM and Calico, which `none` has to do with, and to Cilium, with its data plane. */
const ofPolicies = [
  ['none', 'azure'],
  ['none', 'calico'],
  ['azure', 'none'],
  ['calico', 'none'],
] as const;
const toCilium = [
  ['none', 'cilium'],
  ['azure', 'cilium'],
  ['calico', 'cilium'],
] as const;
const toItself = ['none', 'azure', 'calico', 'cilium'].map((engine) => [engine, engine] as const);

describe.each(ofPolicies)('%s → %s', (from, to) => {
  it.each(['1.27.9', '1.28.15', '1.29.15', '1.29'])('is refused on Kubernetes %s, with what to do', (kubernetesVersion) => {
    expect(change(profile(from), profile(to), { kubernetesVersion })).toBe(
      `K8sVersionNotSupported: Installing or uninstalling a network policy engine requires Kubernetes 1.30 or later; the cluster runs ${kubernetesVersion}. Please upgrade the cluster first.`,
    );
  });

  it.each(['1.30.0', '1.30', '1.33.8', '1.37.0'])('re-images the nodes on Kubernetes %s', (kubernetesVersion) => {
    expect(change(profile(from), profile(to), { kubernetesVersion })).toBe('reimage');
  });

  it.each(['2022-11-01', '2023-08-02-preview', '2023-10-01', '2024-02-01'])('is refused to clients of %s', (apiVersion) => {
    expect(change(profile(from), profile(to), { apiVersion })).toBe(
      "PropertyChangeNotAllowed: Changing property 'networkProfile.networkPolicy' is not allowed.",
    );
  });

  it.each(['2023-09-02-preview', '2024-02-02-preview', '2024-05-01', '2026-07-01'])('is done for clients of %s', (apiVersion) => {
    expect(change(profile(from), profile(to), { apiVersion })).toBe('reimage');
  });
});

describe.each(toCilium)('%s → %s', (from, to) => {
  it.each([
    ['2023-07-01', '1.34.4'],
    ['2023-06-02-preview', '1.34.4'],
    ['2024-02-01', '1.29.15'],
    [newest, '1.27.9'],
  ])('re-images the nodes for clients of %s on Kubernetes %s', (apiVersion, kubernetesVersion) => {
    expect(change(profile(from), profile(to), { apiVersion, kubernetesVersion })).toBe('reimage');
  });

  it.each(['2022-11-01', '2023-05-01', '2023-05-02-preview'])('is refused to clients of %s', (apiVersion) => {
    expect(change(profile(from), profile(to), { apiVersion })).toMatch(/^PropertyChangeNotAllowed/);
  });
});

it.each(toItself)('%s → %s is no change, whatever the versions', (from, to) => {
  expect(change(profile(from), profile(to), { apiVersion: '2022-11-01', kubernetesVersion: '1.27.9' })).toBe('nothing');
});

it('an overlay is entered from Kubernetes 1.27 on', () => {
  const [subnet, overlay] = [profile('none'), profile('none', { networkPluginMode: 'overlay' })];
  expect(change(subnet, overlay, { kubernetesVersion: '1.26.12' })).toBe(
    'K8sVersionNotSupported: Azure CNI Overlay requires Kubernetes 1.27 or later; the cluster runs 1.26.12',
  );
  expect(change(subnet, overlay, { kubernetesVersion: '1.27.9' })).toBe('reimage');
});
