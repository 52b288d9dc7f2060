/**
 * Which networks a cluster may have: plugin, mode, engine, data plane, operating systems; then addresses. One table of
 * rules in the order in which they are asked; each is a row of the reference's §4.1, or marked as Weir's own where
 * Azure's text is not known.
 */
import { isSince } from '../arm/api-version.ts';
import { type ArmError, providerError } from '../arm/arm-error.ts';
import { blockRules } from './block-rules.ts';
import { noneSince } from './network-profile.ts';
import { invalid, type NetworkRule, type NetworkWish, own } from './network-rule.ts';

const policyTarget = 'networkProfile.networkPolicy';
const engines = ['none', 'azure', 'calico', 'cilium'];
const plugins = ['azure', 'kubenet', 'none'];

const rules: readonly NetworkRule[] = [
  {
    applies: ({ profile }) => !plugins.includes(profile.networkPlugin),
    refuse: ({ profile }) => invalid('networkProfile.networkPlugin', profile.networkPlugin, plugins),
  },
  {
    applies: ({ profile }) => profile.networkPluginMode !== undefined && profile.networkPluginMode !== 'overlay',
    refuse: ({ profile }) => invalid('networkProfile.networkPluginMode', profile.networkPluginMode ?? '', ['overlay']),
  },
  {
    applies: ({ profile }) => !['azure', 'cilium'].includes(profile.networkDataplane),
    refuse: ({ profile }) => invalid('networkProfile.networkDataplane', profile.networkDataplane, ['azure', 'cilium']),
  },
  {
    // Who says nothing gets none also where it cannot be said.
    applies: ({ profile, apiVersion, askedPolicy }) =>
      !engines.includes(profile.networkPolicy) || (askedPolicy !== '' && !enginesOf(apiVersion).includes(askedPolicy)),
    refuse: ({ profile, apiVersion }) => invalid(policyTarget, profile.networkPolicy, enginesOf(apiVersion)),
  },
  {
    applies: ({ profile }) => profile.networkPluginMode === 'overlay' && profile.networkPlugin !== 'azure',
    refuse: ({ profile }) =>
      own(
        'NetworkPluginModeNotSupported',
        `Network plugin mode overlay is not supported for network plugin ${profile.networkPlugin}`,
        'networkProfile.networkPluginMode',
      ),
  },
  {
    applies: ({ profile }) => profile.networkPlugin === 'kubenet' && profile.networkPolicy === 'azure',
    refuse: () =>
      own('NetworkPolicyAzureNotSupportedForKubenet', 'NetworkPolicy azure is not supported for network plugin kubenet', policyTarget),
  },
  {
    applies: ({ profile }) => profile.networkPlugin === 'none' && profile.networkPolicy !== 'none',
    refuse: ({ profile }) =>
      own('NetworkPolicyNotSupported', `NetworkPolicy ${profile.networkPolicy} is not supported for network plugin none`, policyTarget),
  },
  {
    applies: ({ profile }) => profile.networkPolicy === 'cilium' && profile.networkDataplane !== 'cilium',
    refuse: () =>
      providerError(400, 'NetworkPolicyNotSupported', 'Network Policy cilium requires NetworkDataplane cilium', {
        subcode: 'NetworkPolicyCiliumRequiresCiliumDataplane',
        target: policyTarget,
      }),
  },
  {
    applies: ({ profile }) => profile.networkDataplane === 'cilium' && profile.networkPolicy !== 'cilium',
    refuse: () =>
      providerError(400, 'BadRequest', 'Cilium dataplane requires network policy cilium.', {
        subcode: 'CiliumDataplaneRequiresNetworkPolicyCilium',
        target: policyTarget,
      }),
  },
  {
    applies: ({ profile }) => profile.networkDataplane === 'cilium' && profile.networkPlugin !== 'azure',
    refuse: ({ profile }) =>
      own(
        'NetworkDataplaneNotSupported',
        `Cilium dataplane is not supported for network plugin ${profile.networkPlugin}`,
        'networkProfile.networkDataplane',
      ),
  },
  {
    applies: ({ profile, hasWindowsPools }) => hasWindowsPools && profile.networkPlugin !== 'azure',
    refuse: () => providerError(400, 'AzureCNIOnlyForWindows', 'Windows agent pools can only be added to AKS clusters using Azure-CNI.'),
  },
  {
    applies: ({ profile, hasWindowsPools }) => hasWindowsPools && profile.networkDataplane === 'cilium',
    refuse: () =>
      own(
        'NetworkPolicyNotSupported',
        'NetworkDataplane cilium is not supported for clusters with Windows agent pools',
        'networkProfile.networkDataplane',
      ),
  },
  ...blockRules,
];

/** Why such a network is refused; undefined when it is not. */
export function networkProblem(wish: NetworkWish): ArmError | undefined {
  return rules.find(({ applies }) => applies(wish))?.refuse(wish);
}

function enginesOf(apiVersion: string): readonly string[] {
  return isSince(apiVersion, noneSince) ? engines : engines.filter((engine) => engine !== 'none');
}
