/** The network of a managed cluster as one of the lab: what its plugin is there. */
import { type AddressPlugin, type NetworkShape, usualNetwork } from '@weir/lab';
import { isDualStack, type NetworkProfile } from '../clusters/network-profile.ts';

/** Nodes are where AKS's own virtual network has them; everything else is as the profile says. */
export function labNetwork(profile: NetworkProfile): { readonly network: NetworkShape; readonly dualStack: boolean } {
  const dualStack = isDualStack(profile);
  const plugin = pluginOf(profile);
  const network = {
    ...usualNetwork(dualStack),
    plugin,
    podCidrs: plugin === 'overlay' || plugin === 'kubenet' ? (profile.podCidrs ?? []) : [],
    serviceCidrs: profile.serviceCidrs,
    dnsService: profile.dnsServiceIP,
  };
  return { network, dualStack };
}

function pluginOf({ networkPlugin, networkPluginMode }: NetworkProfile): AddressPlugin {
  if (networkPlugin === 'kubenet' || networkPlugin === 'none') return networkPlugin;
  return networkPluginMode === 'overlay' ? 'overlay' : 'node-subnet';
}
