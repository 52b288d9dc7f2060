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
import type { ManagedCluster } from './clusters/managed-cluster.ts';
import { addPoolRoutes } from './clusters/pool-routes.ts';
import { PoolService } from './clusters/pool-service.ts';
import { recoverGroups, removeGroup } from './clusters/remove-group.ts';
import { addVersionRoutes } from './clusters/version-routes.ts';
import { addExtensionRoutes } from './extensions/extension-routes.ts';
import { AccessTokens } from './identity/access-tokens.ts';
import { audiencesOf } from './identity/cloud-metadata.ts';
import { addLoginRoutes } from './identity/login-routes.ts';
import { addOperationRoutes } from './operations/operation-routes.ts';
import { OperationRunner } from './operations/operation-runner.ts';
import { addAuthorizationRoutes } from './resources/authorization-routes.ts';
import { addGroupRoutes } from './resources/group-routes.ts';
import { addProviderRoutes, hasFeature } from './resources/provider-routes.ts';
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
  const { subscription, tenant, signingKey, principals } = state.identity;
  const operations = new OperationRunner(state.operations, onFault);
  const providerSource = { subscription, features: state.features, providers: state.providers };
  const store = new ClusterStore({ subscription, clusters: state.clusters, groups: state.groups });
  const clusterOperations = new ClusterOperations(store, operations);
  clusterOperations.recover();
  recoverGroups(state.groups);
  const service = new ClusterService({
    subscription,
    tenant,
    store,
    operations: clusterOperations,
    host,
    isProviderRegistered: () => state.providers.get(keyOf(containerService))?.isRegistered === true,
    hasFeature: (name) => hasFeature(providerSource, name),
  });
  const routes = new RouteTable<ArmRoute>();
  const tokens = new AccessTokens(signingKey);
  addLoginRoutes(routes, { tokens, tenant, principals: () => principals });
  addExtensionRoutes(routes);
  addSubscriptionRoutes(routes, { subscription, tenant });
  addProviderRoutes(routes, providerSource);
  addOperationRoutes(routes, operations);
  addClusterRoutes(routes, { store, service, operations: clusterOperations, host });
  const pools = new PoolService({
    store,
    operations: clusterOperations,
    clusters: service,
    hasFeature: (name) => hasFeature(providerSource, name),
  });
  addPoolRoutes(routes, { store, operations: clusterOperations, pools });
  addCommandRoutes(routes, new CommandService(store, host));
  addVersionRoutes(routes, store);
  addAuthorizationRoutes(routes);
  addGroupRoutes(routes, {
    subscription,
    groups: state.groups,
    removeGroup: (group) =>
      removeGroup(group, { subscription, groups: state.groups, store, operations: clusterOperations, runner: operations, service }),
    resourcesOf: (group) => store.list(group).map(describeResource),
  });
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
      await operations.idle();
    },
  };
}

function describeResource({ subscription, group, name, location, tags }: ManagedCluster): object {
  const type = `${containerService}/managedClusters`;
  return { id: clusterId(subscription, group, name), name, type, location, ...(tags === undefined ? {} : { tags }) };
}
