/**
 * The issuer of a cluster's service-account tokens under the name that AKS gives it (reference §3.5). New clusters of
 * Kubernetes 1.34 and later have it without being asked; once there, it stays.
 */
import { randomUUID } from 'node:crypto';
import { type JsonObject, objectAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import { parseVersion } from './kubernetes-versions.ts';

/** The issuer of a cluster. */
export interface OidcIssuer {
  /** Whether the cluster's description tells it. */
  readonly isEnabled: boolean;
  /** `https://canadaeast.oic.prod-aks.azure.com/TENANT/GUID/`: the `iss` of all tokens. Nothing listens there. */
  readonly url: string;
}

/** What decides beside the body. */
export interface IssuerContext {
  readonly location: string;
  readonly tenant: string;
  readonly kubernetesVersion: string;
  /** Undefined: the cluster is new. */
  readonly current: { readonly oidcIssuer?: OidcIssuer | undefined } | undefined;
}

/** From this minor version on a new cluster has it. */
const enabledFromMinor = 34;

/** The issuer that a body asks for. Throws 400 when it is to be switched off. */
export function readOidcIssuer(properties: JsonObject, { location, tenant, kubernetesVersion, current }: IssuerContext): OidcIssuer {
  const asked = objectAt(properties, 'oidcIssuerProfile')?.['enabled'];
  const known = current?.oidcIssuer;
  if (known?.isEnabled === true && asked === false) {
    throw providerError(400, 'OIDCIssuerFeatureCannotBeDisabled', 'OIDC issuer feature cannot be disabled.', {
      target: 'oidcIssuerProfile.enabled',
    });
  }
  const byItself = current === undefined && (parseVersion(kubernetesVersion)?.minor ?? 0) >= enabledFromMinor;
  return {
    isEnabled: typeof asked === 'boolean' ? asked : (known?.isEnabled ?? byItself),
    url: known?.url ?? `https://${location}.oic.prod-aks.azure.com/${tenant}/${randomUUID()}/`,
  };
}

/** As a cluster's description tells it. */
export function describeOidcIssuer(issuer: OidcIssuer | undefined): JsonObject {
  return issuer?.isEnabled === true ? { enabled: true, issuerURL: issuer.url } : { enabled: false };
}
