/** Puts the endpoint together: state, services, routes, door. */
import type { ArmRoute } from './arm/arm-message.ts';
import { type ArmServer, startArmServer } from './arm/arm-server.ts';
import { clusterId, containerService, keyOf } from './arm/resource-id.ts';
import { RouteTable } from './arm/route-table.ts';
import type { ClusterHost } from './clusters/cluster-host.ts';
import { ClusterOperations } from './clusters/cluster-operations.ts';
import { addClusterRoutes } from './clusters/cluster-routes.ts';
import { ClusterService } from './clusters/cluster-service.ts';
import { ClusterStore } from './clusters/cluster-store.ts';
import { addCommandRoutes } from './clusters/command-routes.ts';
import { CommandService } from './clusters/command-service.ts';
import { addPoolRoutes } from './clusters/pool-routes.ts';
import { PoolService } from './clusters/pool-service.ts';
import { recoverGroups, removeGroup } from './clusters/remove-group.ts';
import { addVersionRoutes } from './clusters/version-routes.ts';
import { addExtensionRoutes } from './extensions/extension-routes.ts';
import { AccessTokens } from './identity/access-tokens.ts';
import { audiencesOf } from './identity/cloud-metadata.ts';
import { addLoginRoutes } from './identity/login-routes.ts';
import { type UserIdentity, userIdentityId } from './identity/user-identities.ts';
import { addUserIdentityRoutes } from './identity/user-identity-routes.ts';
import { addOperationRoutes } from './operations/operation-routes.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import { addAuthorizationRoutes } from './resources/authorization-routes.ts';
import { addGroupRoutes } from './resources/group-routes.ts';
import { addProviderRoutes, hasFeature } from './resources/provider-routes.ts';
import type { ListedResource } from './resources/resource-filter.ts';
import { addSubscriptionRoutes, checkSubscription } from './resources/subscription-routes.ts';
import { type ArmState, openArmState } from './state/arm-state.ts';

/** What the endpoint is started with. */
export interface ArmOptions {
  /** Where everything is kept. */
  readonly directory: string;
  readonly tls: { readonly certificate: string; readonly key: string };
  /** 0: any that is free. */
  readonly port: number;
  readonly host: ClusterHost;
  readonly onFault: (error: unknown) => void;
}

/** A running endpoint. */
export interface Arm extends ArmServer {
  readonly state: ArmState;
  /** Answers nobody any more, and waits for nothing. */
  closeDoor(): void;
}

/** Starts it. */
export async function startArm(options: ArmOptions): Promise<Arm> {
  const { host, onFault } = options;
  const state = openArmState(options.directory);
  const { subscription, tenant, signingKey } = state.identity;
  const runner = new OperationRunner(state.operations, onFault);
  const tokens = new AccessTokens(signingKey);
  const routes = new RouteTable<ArmRoute>();
  addCloudRoutes(routes, state, tokens);
  addOperationRoutes(routes, runner);
  addManagedClusterRoutes(routes, { state, host, runner });
  let base = '';
  const server = await startArmServer({
    tls: options.tls,
    port: options.port,
    routes,
    checkPath: (parameters) => checkSubscription({ subscription, tenant }, parameters['subscription']),
    authenticate: (authorization) => tokens.verify(authorization, audiencesOf(base)),
    onFault,
  });
  base = server.base;
  return {
    ...server,
    state,
    closeDoor: () => void server.close(),
    close: async () => {
      await server.close();
      await runner.idle();
    },
  };
}

/** Everything that knows nothing of clusters. */
function addCloudRoutes(routes: RouteTable<ArmRoute>, state: ArmState, tokens: AccessTokens): void {
  const { identity, groups, features, providers, userIdentities } = state;
  const { subscription, tenant, principals } = identity;
  addLoginRoutes(routes, { tokens, tenant, principals: () => principals });
  addExtensionRoutes(routes);
  addSubscriptionRoutes(routes, { subscription, tenant });
  addProviderRoutes(routes, { subscription, features, providers });
  addAuthorizationRoutes(routes);
  addUserIdentityRoutes(routes, { subscription, tenant, groups, identities: userIdentities });
}

interface ClusterParts {
  readonly state: ArmState;
  readonly host: ClusterHost;
  readonly runner: OperationRunner;
}

/** Clusters, and the groups that go with them; what an earlier process has left in the middle is told as failed first. */
function addManagedClusterRoutes(routes: RouteTable<ArmRoute>, { state, host, runner }: ClusterParts): void {
  const { identity, clusters, groups, features, providers, userIdentities: identities } = state;
  const { subscription, tenant } = identity;
  const store = new ClusterStore({ subscription, clusters, groups });
  const operations = new ClusterOperations(store, runner);
  operations.recover();
  recoverGroups(groups);
  const isFeatureOn = (name: string): boolean => hasFeature({ subscription, features, providers }, name);
  const service = new ClusterService({
    subscription,
    tenant,
    store,
    operations,
    host,
    findIdentity: (id) => identities.get(keyOf(id)),
    isProviderRegistered: () => providers.get(keyOf(containerService))?.isRegistered === true,
    hasFeature: isFeatureOn,
  });
  addClusterRoutes(routes, { store, service, operations, host });
  const pools = new PoolService({ store, operations, clusters: service, hasFeature: isFeatureOn });
  addPoolRoutes(routes, { store, operations, pools });
  addCommandRoutes(routes, new CommandService(store, host));
  addVersionRoutes(routes, store);
  addGroupRoutes(routes, {
    subscription,
    groups,
    removeGroup: (group) => removeGroup(group, { subscription, groups, identities, store, operations, runner, service }),
    resourcesOf: (group) => resourcesOf(state, store, group),
  });
}

function resourcesOf({ identity, userIdentities }: ArmState, store: ClusterStore, group: string | undefined): readonly ListedResource[] {
  const own = userIdentities.list().filter((each) => group === undefined || keyOf(each.group) === keyOf(group));
  const clusterType = `${containerService}/managedClusters`;
  return [
    ...store.list(group).map((each) => listed(clusterId(each.subscription, each.group, each.name), clusterType, each)),
    ...own.map((each) => listed(userIdentityId(identity.subscription, each), 'Microsoft.ManagedIdentity/userAssignedIdentities', each)),
  ];
}

function listed(id: string, type: string, { name, location, tags }: Pick<UserIdentity, 'name' | 'location' | 'tags'>): ListedResource {
  return { id, name, type, location, ...(tags === undefined ? {} : { tags }) };
}
