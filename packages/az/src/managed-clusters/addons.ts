/** Add-ons as `--enable-addons` names them. The lab notes that they are on, and runs none. */
import type { JsonObject } from '@weir/kube';
import { refused } from '../az-error.ts';

/** az's word for each, and AKS's. */
const profileNames: ReadonlyMap<string, string> = new Map([
  ['http_application_routing', 'httpApplicationRouting'],
  ['monitoring', 'omsagent'],
  ['virtual-node', 'aciConnector'],
  ['kube-dashboard', 'kubeDashboard'],
  ['azure-policy', 'azurepolicy'],
  ['ingress-appgw', 'ingressApplicationGateway'],
  ['confcom', 'ACCSGXDevicePlugin'],
  ['open-service-mesh', 'openServiceMesh'],
  ['azure-keyvault-secrets-provider', 'azureKeyvaultSecretsProvider'],
]);

/** The profiles of words with commas between. Throws az's text for one that there is not. */
export function addonProfilesOf(text: string | undefined): JsonObject {
  const words = (text ?? '').split(',').filter((word) => word !== '');
  return Object.fromEntries(
    words.map((word) => {
      const name = profileNames.get(word);
      if (name === undefined) throw refused(`'${word}' is not recognized by the --enable-addons argument.`);
      return [name, { enabled: true }];
    }),
  );
}
