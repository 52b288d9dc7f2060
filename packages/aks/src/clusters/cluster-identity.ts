/** As whom a cluster acts: an identity that the system makes, one of the user, or a service principal. */
import { randomUUID } from 'node:crypto';
import { type JsonObject, objectAt, textAt } from '@weir/kube';
import { providerError } from '../arm/arm-error.ts';
import type { FindIdentity } from '../identity/user-identities.ts';

/** What is kept. A service principal's secret is not: nothing here needs it. */
export interface ClusterIdentity {
  /** `identity` of the resource; absent with a service principal. */
  readonly shown?: JsonObject;
  /** `msi`, or the service principal's application. */
  readonly clientId: string;
  /** The identity of the nodes; absent with a service principal. */
  readonly kubelet?: JsonObject;
}

interface IdentityContext {
  readonly tenant: string;
  /** The id of the node resource group. */
  readonly nodeGroup: string;
  readonly cluster: string;
  readonly findIdentity: FindIdentity;
  readonly current: ClusterIdentity | undefined;
}

/** The identity that a request asks for; throws 400 when it asks for none. */
export function readIdentity(body: JsonObject, context: IdentityContext): ClusterIdentity {
  const asked = objectAt(body, 'identity');
  const type = textAt(asked, 'type');
  const principal = textAt(objectAt(objectAt(body, 'properties'), 'servicePrincipalProfile'), 'clientId');
  if (type === '' || type === 'None') {
    if (principal !== '' && principal !== 'msi') return { clientId: principal };
    if (context.current !== undefined) return context.current;
    throw providerError(
      400,
      'ServicePrincipalNotFound',
      'Provisioning of resource(s) failed: no identity and no service principal is given.',
    );
  }
  if (type === 'SystemAssigned') return keptOr(context, type, () => ({ type, principalId: randomUUID(), tenantId: context.tenant }));
  if (type === 'UserAssigned')
    return keptOr(context, type, () => ({
      type,
      userAssignedIdentities: assigned(objectAt(asked, 'userAssignedIdentities'), context.findIdentity),
    }));
  throw providerError(
    400,
    'InvalidParameter',
    `The value of parameter identity.type is invalid: '${type.slice(0, 40)}'. Allowed values: SystemAssigned, UserAssigned, None.`,
    { target: 'identity.type' },
  );
}

function keptOr({ current, nodeGroup, cluster }: IdentityContext, type: string, make: () => JsonObject): ClusterIdentity {
  if (current?.shown?.['type'] === type && type === 'SystemAssigned') return current;
  const resourceId = `${nodeGroup}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${cluster}-agentpool`;
  const kubelet = current?.kubelet ?? { resourceId, clientId: randomUUID(), objectId: randomUUID() };
  return { shown: make(), clientId: 'msi', kubelet };
}

function assigned(identities: JsonObject | undefined, find: FindIdentity): JsonObject {
  const [id, further] = Object.keys(identities ?? {});
  const target = 'identity.userAssignedIdentities';
  if (id === undefined || further !== undefined) {
    throw providerError(400, 'InvalidUserAssignedIdentity', 'Exactly one user-assigned identity is needed.', { target });
  }
  const identity = find(id);
  if (identity === undefined) {
    throw providerError(400, 'InvalidUserAssignedIdentity', `The user-assigned identity '${id.slice(0, 300)}' was not found.`, { target });
  }
  return { [id]: { clientId: identity.clientId, principalId: identity.principalId } };
}
