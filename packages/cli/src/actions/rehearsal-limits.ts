/** What a rehearsal cannot try of the cluster that it is given, one sentence each. */
import { isClusterNamespace, migrationTitles, type RehearsalPlan, rehearsalPort } from '@weir/analyze';
import type { KubeObject, Service } from '@weir/kube';
import { type EngineName, engineProfiles, podName } from '@weir/model';
import { formatAddress } from '@weir/net';
import { listed, podKey, type Snapshot, serviceBackends } from '@weir/snapshot';
import type { RehearsedHost } from './rehearsal-ends.ts';
import { servedPorts, servedPortsMax } from './served-ports.ts';

/** What is asked about. */
export interface LimitedRehearsal {
  readonly objects: readonly KubeObject[];
  readonly plan: RehearsalPlan;
  readonly meant: Snapshot;
  readonly engines: readonly EngineName[];
  /** Those that a lab could make. */
  readonly hosts: readonly RehearsedHost[];
}

/** Whether the engine has IPv6 at all. */
export function hasIpv6(engine: EngineName): boolean {
  return !engineProfiles[engine].unsupported.some(({ feature, operatingSystem }) => feature === 'ipv6' && operatingSystem === 'any');
}

/** The sentences. */
export function limitsOfRehearsal(rehearsal: LimitedRehearsal): string[] {
  return [...limitsOfEnds(rehearsal), ...limitsOfTraffic(rehearsal), ...limitsOfServices(rehearsal)];
}

function limitsOfEnds({ plan, meant, engines, hosts, objects }: LimitedRehearsal): string[] {
  const { omittedKinds, omittedHosts } = plan;
  const waiting = plan.pods.filter((pod) => pod.spec?.hostNetwork !== true && meant.endpoints.get(podKey(pod))?.addresses.length === 0);
  const isWindows = plan.nodes.some(({ system }) => system === 'windows');
  const without = engines.filter((engine) => engineProfiles[engine].dataplanes.windows === undefined);
  const windowsNodes = objects.some(({ kind, metadata }) => kind === 'Node' && metadata.labels?.['kubernetes.io/os'] === 'windows');
  const left = hosts.length === plan.hosts.length ? [] : plan.hosts.filter((address) => !hosts.some((host) => host.address === address));
  const own = objects.filter(({ kind, metadata }) => kind === 'NetworkPolicy' && isClusterNamespace(metadata.namespace ?? ''));
  return [
    ...(omittedKinds === 0 ? [] : [`pods of ${omittedKinds} of the kinds that policies tell apart: there are too many`]),
    ...(waiting.length === 0 ? [] : [`pods without an address: ${listed(waiting.map(podKey))}`]),
    ...(isWindows ? ['Windows itself: its nodes are emulated on Linux, by what is known of HNS'] : []),
    ...(windowsNodes && without.length > 0
      ? [`pods on Windows: ${listed(without.map((engine) => migrationTitles[engine]))} does not run there`]
      : []),
    ...(omittedHosts === 0 ? [] : [`${omittedHosts} of the addresses outside that policies tell apart: there are too many`]),
    ...(left.length === 0 ? [] : [`addresses outside that a lab cannot have: ${listed(left.map(formatAddress))}`]),
    ...(own.length === 0 ? [] : [`policies of the cluster's own namespaces: ${listed(own.map(podKey))}`]),
  ];
}

function limitsOfTraffic({ objects, plan, meant, engines }: LimitedRehearsal): string[] {
  const families = new Set([...meant.endpoints.values()].flatMap(({ addresses }) => addresses.map(({ family }) => family)));
  const without = engines.filter((engine) => !hasIpv6(engine));
  const ends = new Set(plan.pods.map(podKey));
  const more = servedPorts(meant, ends).slice(servedPortsMax);
  const isNamedSctp = objects.some(saysSctp);
  return [
    ...(families.has(6) && without.length > 0
      ? [`IPv6: ${listed(without.map((engine) => migrationTitles[engine]))} has none, so that there is nothing to hold it against`]
      : []),
    ...(isNamedSctp ? ['SCTP'] : []),
    ...(more.length === 0
      ? []
      : [
          `ports that fewer pods serve: ${listed(more.map(({ port, protocol }) => `${protocol}/${port}`))}; port ${rehearsalPort} stands for all that no rule names`,
        ]),
  ];
}

/** In a port of a pod, a service or a policy. */
function saysSctp({ spec }: KubeObject & { readonly spec?: unknown }): boolean {
  return JSON.stringify(spec ?? {}).includes('"protocol":"SCTP"');
}

/** The API server's own service. */
function isOfEveryCluster(service: Service): boolean {
  return podKey(service) === 'default/kubernetes';
}

function limitsOfServices({ plan, meant }: LimitedRehearsal): string[] {
  const named = (is: (service: Service) => boolean): string[] => plan.services.filter(is).map(podKey);
  const ends = new Set(plan.pods.map(podKey));
  const about = (names: readonly string[], what: string): string[] => (names.length === 0 ? [] : [`${what}: ${listed(names)}`]);
  const backendsOf = (service: Service): ReturnType<typeof serviceBackends> =>
    (service.spec?.ports ?? []).flatMap((port) => serviceBackends(meant, service, port));
  return [
    ...about(
      named((service) => service.spec?.selector === undefined && service.spec?.type !== 'ExternalName' && !isOfEveryCluster(service)),
      'services without a selector',
    ),
    ...about(
      named((service) => backendsOf(service).some(({ end }) => end.kind === 'node')),
      'services of pods on the host’s network',
    ),
    ...about(
      named(
        (service) =>
          service.spec?.selector !== undefined &&
          !backendsOf(service).some(({ end }) => end.kind === 'endpoint' && ends.has(podName(end.endpoint))),
      ),
      'services without a pod to lead to',
    ),
    ...about(
      named(({ spec }) => spec?.internalTrafficPolicy === 'Local'),
      'cluster addresses with internalTrafficPolicy: Local',
    ),
    ...about(
      named(({ spec }) => spec?.loadBalancerSourceRanges !== undefined),
      'load balancers with loadBalancerSourceRanges',
    ),
    ...about(
      named(({ spec }) => spec?.type === 'NodePort' || spec?.type === 'LoadBalancer'),
      'ports of nodes asked by pods',
    ),
  ];
}
