/**
 * Starts an API server:
 *
 * ```
 * sockets ─▶ listener ─▶ answer ─▶ dispatch ─▶ verbs ─▶ store (lmdb) ─▶ watches
 *              │           │ 401      │ 403       └ defaulting, admission, validation from the registry
 *              │           └ 429      └ discovery, OpenAPI, version, health
 *              └ upgrade ─▶ node's unix socket (exec, attach, port-forward)
 * ```
 */
import type { Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { builtInResources, type KubeObject, ResourceRegistry } from '@weir/kube';
import { AdmissionConfiguration } from '../admission/admission-configuration.ts';
import { type ConnectToCluster, makeResolveService } from '../admission/resolve-service.ts';
import { type AuditOptions, openAudit } from '../audit/open-audit.ts';
import { makeAuthenticate } from '../authentication/authenticator.ts';
import { makeIssuerHandler } from '../authentication/issuer-handler.ts';
import { generateServiceAccountKey, type ServiceAccountOptions, ServiceAccountTokens } from '../authentication/service-account-tokens.ts';
import { NodeAuthorizer } from '../authorization/node-authorizer.ts';
import { RoleAuthorizer } from '../authorization/role-authorizer.ts';
import { CustomResourceServer, type OtherForms } from '../custom-resources/custom-resource-server.ts';
import { makeDiscoveryHandler } from '../discovery/discovery-handler.ts';
import { type ConnectionLimits, usualConnectionLimits } from '../limits/connection-limits.ts';
import { type FlightLimitOptions, FlightLimits } from '../limits/flight-limits.ts';
import { makeOpenApiHandler } from '../openapi/openapi-handler.ts';
import type { DecodeBody, ReasonToKeep, RestContext } from '../rest/rest-context.ts';
import { ObjectStore } from '../storage/object-store.ts';
import { decodeBody } from '../wire/decode-body.ts';
import { type AnswerRequest, makeAnswerRequest } from './answer-request.ts';
import type { ApiHandler } from './api-message.ts';
import { ensureFirstObjects } from './bootstrap.ts';
import { closingOf } from './close-server.ts';
import { makeDispatch } from './dispatch.ts';
import { healthHandler, versionInfo } from './health-handlers.ts';
import { createListener, type ServerTls } from './listener.ts';
import { makeUpgrade } from './upgrade.ts';

/** Where to listen: an address (port 0: any free one), an inherited listening socket, or a unix socket. */
export type ListenAddress = { readonly host: string; readonly port: number } | { readonly fd: number } | { readonly path: string };

/** Settings of a server. */
export interface ApiServerOptions {
  /** Where objects are kept; made when it is missing. */
  readonly dataDirectory: string;
  readonly tls: ServerTls;
  readonly listen: readonly ListenAddress[];
  /** Address ranges of services, the primary family first, for example `['10.0.0.0/16']`. */
  readonly serviceCidrs: readonly string[];
  /** The unix socket of a node's server, or undefined when there is no such node. */
  nodeSocket(nodeName: string): string | undefined;
  /** Connects to pods, for webhooks that are behind a service. Default: an ordinary connection of this process. */
  readonly connectToCluster?: ConnectToCluster;
  /** Roles and bindings of the cluster's own parts: there, and whole, at every start, as the default roles are. */
  readonly roles?: readonly KubeObject[];
  /** What of the cluster's own parts may not be deleted, by nobody: why, or undefined. Default: everything may. */
  readonly reasonToKeep?: ReasonToKeep;
  /** Other forms in which objects of a CustomResourceDefinition are served, an API group of their own for example. Default: none. */
  readonly otherForms?: OtherForms;
  /** How tokens of service accounts are signed. Default: a key of this process. */
  readonly serviceAccounts?: ServiceAccountOptions;
  /** What is written down of requests, and where. Default: nothing. */
  readonly audit?: AuditOptions;
  /** How many requests are under way at a time. Default: upstream's numbers, and places for 4 096 streams. */
  readonly flightLimits?: FlightLimitOptions;
  /** What connections may cost. Default: each one its usual value. */
  readonly connectionLimits?: Partial<ConnectionLimits>;
  /** The Kubernetes version that `/version` tells, for example `v1.35.2`. */
  readonly version: string;
  /**
   * What a new store holds from the start, namespaces before what is in them: defaulted, admitted and
   * validated like any other object, and stored with the status that it carries. They belong to the
   * server from then on.
   */
  initialObjects?(): Iterable<KubeObject>;
  /** Told about faults of ours. Default: a warning of the process. */
  onFault?(error: unknown): void;
}

/** A running server. */
export interface ApiServer {
  /** One URL per TCP address. */
  readonly urls: readonly string[];
  /** The port of the first TCP address; 0 when there is none. */
  readonly port: number;
  /** The revision of the newest write. */
  readonly revision: number;
  /** The kinds that are served; entries can be added. */
  readonly registry: ResourceRegistry;
  /** Answers a request that came another way than over a socket; it is held to the same rules. */
  readonly answer: AnswerRequest;
  /** Ends all connections, finishes running writes and closes the store; once, however often it is called. */
  close(): Promise<void>;
}

/** Who signs tokens in a cluster, as pods see it. */
const defaultIssuer = 'https://kubernetes.default.svc.cluster.local';

/** Opens the store, makes the system's own objects and listens; resolves when requests are taken. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const store = new ObjectStore({ directory: options.dataDirectory });
  try {
    return await serve(store, options);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function serve(store: ObjectStore, options: ApiServerOptions): Promise<ApiServer> {
  const registry = new ResourceRegistry(builtInResources);
  const tokens = new ServiceAccountTokens(options.serviceAccounts ?? { key: generateServiceAccountKey(), issuer: defaultIssuer }, store);
  const authorizer = new NodeAuthorizer(new RoleAuthorizer(store), store);
  const authenticate = makeAuthenticate(tokens);
  const context: RestContext = {
    store,
    registry,
    decodeBody: decodeBody satisfies DecodeBody,
    serviceCidrs: options.serviceCidrs,
    authorizer,
    tokens,
    admission: new AdmissionConfiguration(store),
    resolveService: makeResolveService(store, options.connectToCluster),
    reasonToKeep: options.reasonToKeep,
    now: () => Date.now(),
    nodeSocket: (nodeName) => options.nodeSocket(nodeName),
  };
  await ensureFirstObjects(context, { roles: options.roles ?? [], initialObjects: () => options.initialObjects?.() ?? [] });
  const onFault = (fault: unknown): void => (options.onFault === undefined ? warn(fault) : options.onFault(fault));
  const customResources = new CustomResourceServer(context, { onFault, otherForms: options.otherForms });
  customResources.start();
  const mounted: readonly ApiHandler[] = [
    healthHandler(versionInfo(options.version)),
    makeDiscoveryHandler(registry),
    makeOpenApiHandler(registry),
    await makeIssuerHandler(tokens),
  ];
  // One count for all doors.
  const limits = new FlightLimits(options.flightLimits);
  const audit = options.audit === undefined ? undefined : openAudit(context, options.audit);
  const answer = makeAnswerRequest({
    authenticate,
    authorizer,
    limits,
    dispatch: makeDispatch(context, registry, mounted),
    audit,
    onFault,
  });
  const servers = options.listen.map((address) => {
    const server = createListener({
      tls: options.tls,
      limits: { ...usualConnectionLimits, ...options.connectionLimits },
      answer,
      upgrade: makeUpgrade(context, { authenticate, limits, audit }),
      onFault,
    });
    return { server, address, end: closingOf(server) };
  });
  await Promise.all(servers.map(({ server, address }) => listen(server, address)));
  const ports = servers.flatMap(({ server }) => portOf(server));
  const close = async (): Promise<void> => {
    await Promise.all(servers.map(({ end }) => end()));
    customResources.stop();
    audit?.close();
    await store.close();
  };
  let closing: Promise<void> | undefined;
  return {
    urls: servers.flatMap(({ server, address }) => urlsOf(server, address)),
    port: ports[0] ?? 0,
    registry,
    answer,
    get revision(): number {
      return store.revision;
    },
    close: () => (closing ??= close()),
  };
}

function warn(fault: unknown): void {
  process.emitWarning(fault instanceof Error ? fault : String(fault));
}

function listen(server: Http2SecureServer, address: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(address, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function portOf(server: Http2SecureServer): number[] {
  const address: AddressInfo | string | null = server.address();
  return address !== null && typeof address === 'object' ? [address.port] : [];
}

function urlsOf(server: Http2SecureServer, address: ListenAddress): string[] {
  if (!('host' in address)) return [];
  return portOf(server).map((port) => `https://${address.host.includes(':') ? `[${address.host}]` : address.host}:${port}`);
}
