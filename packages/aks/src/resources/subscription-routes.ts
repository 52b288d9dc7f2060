/** The one subscription and the one tenant, with their regions. */

import { gatewayError } from '../arm/arm-error.ts';
import { type ArmRoute, ok } from '../arm/arm-message.ts';
import { subscriptionId } from '../arm/resource-id.ts';
import type { RouteTable } from '../arm/route-table.ts';
import { regions } from './regions.ts';
import { resourcesVersions } from './resource-versions.ts';

/** Ids of both. */
export interface CloudAccount {
  readonly subscription: string;
  readonly tenant: string;
}

/** Adds the routes. */
export function addSubscriptionRoutes(routes: RouteTable<ArmRoute>, account: CloudAccount): void {
  const add = (route: string, handle: ArmRoute['handle']): void => routes.add(route, { handle, open: false, versions: resourcesVersions });
  const { tenant } = account;
  const subscription = describe(account);
  const counted = { type: 'Total', value: 1 };
  add('GET /subscriptions', () => ok({ value: [subscription], count: counted }));
  add('GET /tenants', () => {
    return ok({
      value: [{ id: `/tenants/${tenant}`, tenantId: tenant, displayName: 'Weir', defaultDomain: 'weir.localhost', tenantCategory: 'Home' }],
    });
  });
  add('GET /subscriptions/{subscription}', () => ok(subscription));
  add('GET /subscriptions/{subscription}/locations', () => ok({ value: regions.map((region) => describeRegion(account, region)) }));
}

/** Throws 404 for any other subscription; a path may name none. */
export function checkSubscription(account: CloudAccount, subscription: string | undefined): void {
  if (subscription === undefined || subscription.toLowerCase() === account.subscription) return;
  throw gatewayError(404, 'SubscriptionNotFound', `The subscription '${subscription.slice(0, 80)}' could not be found.`);
}

function describe({ subscription, tenant }: CloudAccount): object {
  return {
    id: subscriptionId(subscription),
    subscriptionId: subscription,
    tenantId: tenant,
    displayName: 'Weir lab',
    state: 'Enabled',
    subscriptionPolicies: { locationPlacementId: 'Internal_2014-09-01', quotaId: 'Internal_2014-09-01', spendingLimit: 'Off' },
    authorizationSource: 'RoleBased',
    managedByTenants: [],
  };
}

function describeRegion({ subscription }: CloudAccount, { name, displayName }: (typeof regions)[number]): object {
  return {
    id: `${subscriptionId(subscription)}/locations/${name}`,
    name,
    type: 'Region',
    displayName,
    regionalDisplayName: displayName,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended' },
  };
}
