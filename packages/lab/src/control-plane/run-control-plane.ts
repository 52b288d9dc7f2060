/**
 * The control plane of one cluster in one process: API server, scheduler, controllers.
 *
 * The API server listens twice: on 127.0.0.1 for people and programs of this machine, and inside
 * the router's namespace on its port 6443 for nodes and pods. Scheduler and controllers are
 * clients of it with names and rights of their own, without a socket between.
 */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerRequest, ApiServer } from '@weir/apiserver';
import type { KubeClient } from '@weir/client';
import { connectTcp, openTcpListener } from '@weir/kernel';
import type { EngineName } from '@weir/model';
import { parseCidr } from '@weir/net';
import { destination, type Logger, pino, stdTimeFunctions } from 'pino';
import { calicoForms } from '../calico/calico-forms.ts';
import { calicoReasonToKeep } from '../calico/calico-guard.ts';
import { calicoVersionFor } from '../calico/calico-version.ts';
import { type ClusterConfig, readClusterConfig } from '../cluster/cluster-config.ts';
import { ClusterError } from '../cluster/cluster-error.ts';
import { hostServer } from '../cluster/cluster-files.ts';
import { type ClusterLayout, clusterLayout } from '../cluster/cluster-layout.ts';
import { loadBalancerPoolOf } from '../cluster/load-balancer-pool.ts';
import { removeNodeVolume } from '../cluster/node-volumes.ts';
import type { LoadBalancerOptions } from '../controllers/load-balancers/load-balancer-controller.ts';
import { followEngines } from '../engine-kinds/follow-engines.ts';
import { installEngineKinds } from '../engine-kinds/install-engine-kinds.ts';
import { fakeObjects } from '../fakes/fake-objects.ts';
import { routeBalancedAddress, withdrawBalancedAddress } from '../network/balanced-address.ts';
import { isNodeName, vnetNetnsName } from '../network/netns-names.ts';
import { apiServerAddress, apiServerPort, clusterDomain } from '../network/network-shape.ts';
import { bootstrapCluster } from './bootstrap.ts';
import type { ControlPlaneParty } from './control-plane-client.ts';
import { labAuditPolicy } from './lab-audit-policy.ts';
import { labRoles } from './lab-roles.ts';
import { optimiseLater } from './optimise-later.ts';
import { startControllers } from './start-controllers.ts';

/** The Kubernetes release whose behaviour the API server shows. */
export const kubernetesVersion = 'v1.35.2';

/** What to run. */
export interface ControlPlaneOptions {
  readonly cluster: string;
  /** Aborted to stop in order. */
  readonly signal: AbortSignal;
}

/** Runs until `signal` is aborted. Throws {@link ClusterError} when the cluster does not exist. */
export async function runControlPlane(options: ControlPlaneOptions): Promise<void> {
  optimiseLater();
  const config = await readClusterConfig(options.cluster);
  if (config === undefined) throw new ClusterError('not-found', `there is no cluster "${options.cluster}"`);
  const log = pino(
    { level: 'info', timestamp: stdTimeFunctions.isoTime, formatters: { level: (label) => ({ level: label }) } },
    destination({ fd: 1, sync: true }),
  );
  const layout = clusterLayout(config.name);
  const server = await startServer(config, layout, log);
  log.info({ urls: server.urls }, 'the API server listens');
  try {
    await runControllers(config, layout, { answer: server.answer, log, signal: options.signal });
  } finally {
    await server.close();
  }
}

/** Whoever issues, tokens for the API server's name inside the cluster are good for it. */
function issuerOf({ tokenIssuer }: ClusterConfig): { readonly issuer: string; readonly audiences: readonly string[] } {
  const inside = `https://kubernetes.default.svc.${clusterDomain}`;
  const issuer = tokenIssuer ?? inside;
  return { issuer, audiences: [...new Set([issuer, inside])] };
}

async function startServer(config: ClusterConfig, layout: ClusterLayout, log: Logger): Promise<ApiServer> {
  // Loaded here because every other process of the lab does without it, and would start later for it.
  const { startApiServer } = await import('@weir/apiserver');
  const [certificate = '', key = '', clientCa = '', tokenKey = ''] = await Promise.all(
    ['server.crt', 'server.key', 'ca.crt', 'sa.key'].map((file) => readFile(join(layout.pki, file), 'utf8')),
  );
  const fd = openTcpListener({
    netns: vnetNetnsName(config.name),
    address: apiServerAddress(config.network),
    port: apiServerPort,
  });
  return startApiServer({
    dataDirectory: layout.store,
    tls: { certificate, key, clientCa },
    roles: labRoles,
    serviceAccounts: { key: tokenKey, ...issuerOf(config) },
    listen: [{ host: '127.0.0.1', port: config.apiPort }, { fd }],
    serviceCidrs: config.network.serviceCidrs,
    reasonToKeep: (object) => calicoReasonToKeep(layout.config, object),
    otherForms: calicoForms,
    // Webhooks in pods are reached from where the pods are reached: the router of the virtual network.
    connectToCluster: (address, port) => connectTcp({ netns: vnetNetnsName(config.name), address, port }),
    // Nodes come and go while this process runs.
    nodeSocket: (node) => (isNodeName(node) && existsSync(layout.nodeSocket(node)) ? layout.nodeSocket(node) : undefined),
    version: kubernetesVersion,
    audit: {
      policy: config.auditPolicy ?? labAuditPolicy,
      path: layout.log('audit'),
      onTrouble: (message) => log.error(message),
    },
    initialObjects: () => fakeObjects({ counts: config.fakes, dualStack: config.dualStack, certificateAuthority: clientCa }),
  });
}

interface ControllerWorld {
  readonly answer: AnswerRequest;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

async function runControllers(config: ClusterConfig, layout: ClusterLayout, world: ControllerWorld): Promise<void> {
  const { answer, log, signal } = world;
  const authority = await readFile(join(layout.pki, 'ca.crt'), 'utf8');
  // Loaded here as the server is.
  const { controlPlaneClient } = await import('./control-plane-client.ts');
  const clientOf = (party: ControlPlaneParty): KubeClient => controlPlaneClient(answer, party, hostServer(config));
  const [bootstrap, client, scheduler] = [clientOf('bootstrap'), clientOf('controllers'), clientOf('scheduler')];
  try {
    await bootstrapCluster(bootstrap, config.network);
    const { plugin, podCidrs } = config.network;
    const calico = { version: calicoVersionOf(config), plugin, podCidrs };
    await Promise.all(enginesOf(config).map((engine) => installEngineKinds(bootstrap, engine, calico)));
    const follower = followEngines({ client: bootstrap, calico, log });
    const controllers = await startControllers({
      client,
      scheduler,
      certificateAuthority: authority,
      loadBalancers: loadBalancersOf(config),
      removeVolume: (handle) => removeNodeVolume(config, layout, handle),
      log,
    });
    log.info('scheduler and controllers run');
    await aborted(signal);
    await Promise.all([controllers.stop(), follower.stop()]);
  } finally {
    for (const each of [bootstrap, client, scheduler]) each.close();
  }
}

/** The engines that enforce on any node, or are going to. */
function enginesOf({ engine, nodes }: ClusterConfig): readonly EngineName[] {
  const all = new Set([engine, ...nodes.map((node) => node.engine ?? engine)]);
  return [...all].filter((each) => each !== 'none');
}

/** The version that AKS runs with the Kubernetes that the nodes name. */
function calicoVersionOf({ nodes }: ClusterConfig): string {
  return calicoVersionFor(nodes.map(({ identity }) => identity?.kubeletVersion ?? kubernetesVersion));
}

/** The router of the cluster's network as its balancer. */
function loadBalancersOf(config: ClusterConfig): LoadBalancerOptions {
  return {
    pool: loadBalancerPoolOf(config).flatMap((text) => parseCidr(text) ?? []),
    route: (address, nodes) => routeBalancedAddress(config.name, address, nodes),
    withdraw: (address) => withdrawBalancedAddress(config.name, address),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
