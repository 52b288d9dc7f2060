/**
 * Where connections come into the cluster, and whom the policies of the backends see then.
 *
 * ```
 * client ─▶ node X (translates) ─┬▶ pod on X          seen with the client's address
 *                                └▶ pod on another    seen with X's address, unless externalTrafficPolicy is Local
 * client ─▶ ingress controller ──▶ pod                seen as the controller's pod, wherever the client is
 * ```
 */
import type { KubeObject, Service, ServicePort } from '@weir/kube';
import { judgeDirection, podName } from '@weir/model';
import { isTransportName, transportNumber } from '@weir/net';
import { type EntryRoute, entryRoutes, podKey, type Snapshot, serviceBackends } from '@weir/snapshot';
import { strangerPod } from './absent-pods.ts';
import { compareTexts } from './end-names.ts';
import type { EntryPoint, MatrixEnd, ServiceReach } from './matrix-report.ts';

/** What is known when the rest of a report is made. */
export interface EntryInput {
  readonly snapshot: Snapshot;
  readonly services: readonly ServiceReach[];
  readonly ends: readonly MatrixEnd[];
  /** The pods of the ingress controller, by the names that ends are asked for; empty where nobody told. */
  readonly controllers: readonly string[];
}

/** Every way in. */
export function entryPoints(input: EntryInput): EntryPoint[] {
  const direct = input.snapshot.services.flatMap((service) => serviceEntries(input, service));
  const routed = input.snapshot.entryObjects.flatMap((object) => routeEntries(input, object));
  return [...direct, ...routed].sort((a, b) => compareTexts(a.kind, b.kind) || compareTexts(a.name, b.name));
}

/** A service that has addresses or ports outside. */
function serviceEntries({ services, ends, snapshot }: EntryInput, service: Service): EntryPoint[] {
  const kind = publicKind(service);
  if (kind === undefined) return [];
  const { spec, status } = service;
  const isLocal = spec?.externalTrafficPolicy === 'Local';
  const kindOf = new Map(ends.map((end) => [end.name, end.kind]));
  const sources = spec?.loadBalancerSourceRanges ?? [];
  const goesPast = snapshot.world.profile.nodePortBypassesIngress && !isLocal;
  const facts = [
    isLocal
      ? "externalTrafficPolicy Local: the client's own address is seen"
      : "externalTrafficPolicy Cluster: the client's address is seen where the node that it asked has the pod, else that node's address",
    ...(goesPast ? ['with this engine what comes to a pod on the node that was asked goes past the ingress policies of the pod'] : []),
    ...(isLocal || ends.some((end) => end.kind === 'nodes')
      ? []
      : ['no Node is among the objects: whether the address of one is let in is not known']),
    ...(sources.length === 0 ? [] : [`the load balancer lets in only ${sources.join(', ')}`]),
  ];
  const addresses = [...(spec?.externalIPs ?? []), ...(status?.loadBalancer?.ingress ?? []).flatMap(({ ip }) => ip ?? [])];
  return services
    .filter((reach) => reach.service === podKey(service))
    .map((reach): EntryPoint => {
      const of = (wanted: MatrixEnd['kind']): string[] => reach.reachedFrom.filter((name) => kindOf.get(name) === wanted);
      return {
        kind,
        name: podKey(service),
        hosts: addresses,
        service: reach.service,
        port: reach.port,
        protocol: reach.protocol,
        families: reach.families,
        seenAs: isLocal ? 'client' : 'client or node',
        admitted: [...of('outside'), ...(isLocal ? [] : of('nodes'))],
        facts: reach.backends.length === 0 ? [...facts, 'no pod stands behind it'] : facts,
      };
    });
}

function publicKind({ spec }: Service): string | undefined {
  if (spec?.type === 'LoadBalancer' || spec?.type === 'NodePort') return spec.type;
  return (spec?.externalIPs?.length ?? 0) > 0 ? 'external address' : undefined;
}

/** An Ingress or a route, by the services that it leads to. */
function routeEntries(input: EntryInput, object: KubeObject): EntryPoint[] {
  return entryRoutes(object).flatMap((route): EntryPoint[] => {
    const key = `${route.namespace}/${route.service}`;
    const service = input.snapshot.services.find((candidate) => podKey(candidate) === key);
    const base = {
      kind: object.kind ?? '',
      name: podKey(object),
      hosts: route.hosts,
      ...(route.path === undefined ? {} : { path: route.path }),
      service: key,
      seenAs: 'controller' as const,
    };
    const reached = input.services.filter((reach) => reach.service === key && isMeant(route, reach, service));
    // Of a service that is there and was not told nobody asked.
    if (reached.length === 0 && service?.spec?.ports?.some((port) => isPortOf(route, port)) === true) return [];
    if (reached.length === 0)
      return [{ ...base, protocol: 'TCP', families: [], admitted: [], facts: [missingService(service, key, route)] }];
    return reached.map((reach) => {
      const { port, protocol, families } = reach;
      return { ...base, port, protocol, families, ...controllerView(input, reach) };
    });
  });
}

/** Whether a route means this port of its service: by number or name, and in OpenShift by that of the pods. */
function isMeant({ port }: EntryRoute, reach: ServiceReach, service: Service | undefined): boolean {
  if (port === undefined) return true;
  const declared = service?.spec?.ports?.find(
    (candidate) => candidate.port === reach.port && (candidate.protocol ?? 'TCP') === reach.protocol,
  );
  return [reach.port, reach.portName, declared?.targetPort].includes(port);
}

function isPortOf({ port }: EntryRoute, declared: ServicePort): boolean {
  return port === undefined || [declared.port, declared.name, declared.targetPort].includes(port);
}

function missingService(service: Service | undefined, key: string, { port }: EntryRoute): string {
  return service === undefined ? `there is no service ${key}` : `service ${key} has no port ${port ?? ''}`;
}

function controllerView({ snapshot, ends, controllers }: EntryInput, reach: ServiceReach): Pick<EntryPoint, 'admitted' | 'facts'> {
  const behind = reach.backends.length === 0 ? ['no pod stands behind it'] : [];
  if (controllers.length === 0) {
    const lets = letsStrangerIn(snapshot, reach);
    const admitted = [...reach.reachedFrom, ...(lets ? [podName(strangerPod)] : [])];
    const stranger = lets
      ? 'any pod of another namespace is let in'
      : 'a pod of another namespace is let in only where a rule names its labels';
    return { admitted, facts: [`which pods the controller has is not known; ${stranger}`, ...behind] };
  }
  const ofController = new Set(ends.filter((end) => isController(end, controllers)).map(({ name }) => name));
  const admitted = reach.reachedFrom.filter((name) => ofController.has(name));
  return { admitted, facts: admitted.length === 0 ? ["the controller's pods are not let in", ...behind] : behind };
}

function isController({ workloads, nodes }: MatrixEnd, controllers: readonly string[]): boolean {
  const names = workloads.flatMap(({ namespace, name, pods }) => [
    namespace,
    `${namespace}/${name}`,
    ...pods.map((pod) => `${namespace}/${pod}`),
  ]);
  return [...names, ...nodes].some((name) => controllers.includes(name));
}

/** Whether all pods behind the port let in a pod that nobody knows anything of. */
function letsStrangerIn(snapshot: Snapshot, { service: key, port: number, protocol }: ServiceReach): boolean {
  const service = snapshot.services.find((candidate) => podKey(candidate) === key);
  const port = service?.spec?.ports?.find((candidate) => candidate.port === number && (candidate.protocol ?? 'TCP') === protocol);
  if (service === undefined || port === undefined || !isTransportName(protocol)) return false;
  const backends = serviceBackends(snapshot, service, port);
  const source = { kind: 'endpoint' as const, endpoint: strangerPod };
  return (
    backends.length > 0 &&
    backends.every(({ end, port: destinationPort }) => {
      const question = { source, destination: end, protocol: transportNumber(protocol), destinationPort };
      return judgeDirection(snapshot.world, question, 'ingress').verdict === 'allow';
    })
  );
}
