/**
 * All that the endpoint keeps, below one folder of the lab's state:
 *
 * ```
 *   arm/  identity.json  groups/  features/  providers/  clusters/  operations/  user-identities/
 * ```
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { ManagedCluster } from '../clusters/managed-cluster.ts';
import { generateSigningKey } from '../identity/access-tokens.ts';
import { makeServicePrincipal, type ServicePrincipal } from '../identity/service-principals.ts';
import type { UserIdentity } from '../identity/user-identities.ts';
import type { Operation } from '../operations/operation.ts';
import type { FeatureRegistration } from '../resources/features.ts';
import type { ResourceGroup } from '../resources/groups.ts';
import type { ProviderRegistration } from '../resources/providers.ts';
import { DocumentStore } from './document-store.ts';

/** Who this cloud is. */
interface CloudIdentity {
  readonly subscription: string;
  readonly tenant: string;
  /** PEM of the key that signs access tokens. */
  readonly signingKey: string;
  readonly principals: readonly ServicePrincipal[];
}

/** The stores. */
export interface ArmState {
  readonly identity: CloudIdentity;
  /** The secret of the first principal: only when it has just been made, to be kept by who signs in. */
  readonly newSecret?: string;
  readonly groups: DocumentStore<ResourceGroup>;
  readonly features: DocumentStore<FeatureRegistration>;
  readonly providers: DocumentStore<ProviderRegistration>;
  readonly clusters: DocumentStore<ManagedCluster>;
  readonly operations: DocumentStore<Operation>;
  readonly userIdentities: DocumentStore<UserIdentity>;
}

/** Opens the folder; makes the identity when there is none. */
export function openArmState(directory: string): ArmState {
  const identities = new DocumentStore<CloudIdentity>(join(directory, 'identity'));
  const known = identities.get('cloud');
  const made = known === undefined ? makeIdentity() : undefined;
  if (made !== undefined) identities.put('cloud', made.identity);
  const identity = known ?? made?.identity;
  if (identity === undefined) throw new Error('a cloud has an identity');
  return {
    identity,
    ...(made === undefined ? {} : { newSecret: made.secret }),
    groups: new DocumentStore(join(directory, 'groups')),
    features: new DocumentStore(join(directory, 'features')),
    providers: new DocumentStore(join(directory, 'providers')),
    clusters: new DocumentStore(join(directory, 'clusters')),
    operations: new DocumentStore(join(directory, 'operations')),
    userIdentities: new DocumentStore(join(directory, 'user-identities')),
  };
}

function makeIdentity(): { readonly identity: CloudIdentity; readonly secret: string } {
  const { principal, secret } = makeServicePrincipal();
  const identity = { subscription: randomUUID(), tenant: randomUUID(), signingKey: generateSigningKey(), principals: [principal] };
  return { identity, secret };
}
