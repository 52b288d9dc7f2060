/**
 * Whether a lab holds what it was made for: each pod, service and policy of the plan, as the manifests have them. What
 * is missing or otherwise makes the answers of its connections worth nothing, whether or not one shows it.
 */
import { isClusterNamespace, type RehearsalPlan } from '@weir/analyze';
import { policyKey } from '@weir/connectivity';
import type { EndpointSlice, Pod, Service } from '@weir/kube';
import { type Endpoint, type Policy, podName } from '@weir/model';
import { type Family, formatAddress } from '@weir/net';
import { podKey, type Snapshot, serviceBackends } from '@weir/snapshot';

/** A lab, and what it stands for. */
export interface LabInspection {
  readonly plan: RehearsalPlan;
  /** The cluster that is rehearsed, read as the lab's engine does. */
  readonly meant: Snapshot;
  readonly lab: Snapshot;
  /** Those of addresses that the lab has. */
  readonly families: readonly Family[];
}

/** What is wrong, one sentence each; none where the lab is as it is meant to be. */
export function faultsOfLab(inspection: LabInspection): string[] {
  const { plan, lab } = inspection;
  const nodes = new Set(lab.nodes.map(({ name }) => name));
  return [
    ...plan.nodes.filter(({ name }) => !nodes.has(name)).map(({ name }) => `node ${name} is not there`),
    ...plan.pods.flatMap((pod) => faultsOfPod(pod, inspection)),
    ...plan.services.flatMap((service) => faultsOfService(service, inspection)),
    ...faultsOfPolicies(inspection),
  ];
}

function faultsOfPod(planned: Pod, { meant, lab, families }: LabInspection): string[] {
  const key = podKey(planned);
  const found = lab.pods.get(key);
  const say = (what: string): string[] => [`pod ${key} ${what}`];
  if (found === undefined) return say('is not there');
  if (found.status?.phase !== 'Running') return say(`does not run: it is ${found.status?.phase ?? 'without a phase'}`);
  if (found.spec?.nodeName !== planned.spec?.nodeName) return say(`runs on node ${found.spec?.nodeName ?? ''}`);
  const labels = found.metadata.labels ?? {};
  const missing = Object.entries(planned.metadata.labels ?? {}).find(([name, value]) => labels[name] !== value);
  if (missing !== undefined) return say(`has not the label ${missing.join('=')}`);
  const [own, inLab] = [meant.endpoints.get(key), lab.endpoints.get(key)];
  if (own === undefined) return [];
  if (inLab === undefined) return say('has no address');
  const family = families.find((each) => hasFamily(own, each) && !hasFamily(inLab, each));
  if (family !== undefined) return say(`has no address of IPv${family}`);
  const port = own.namedPorts.find(
    ({ name, protocol, port: number }) =>
      !inLab.namedPorts.some((other) => other.name === name && other.protocol === protocol && other.port === number),
  );
  return port === undefined ? [] : say(`has no port ${port.port} of the name ${port.name}`);
}

function hasFamily({ addresses }: Endpoint, family: Family): boolean {
  return addresses.some((address) => address.family === family);
}

function faultsOfService(planned: Service, { plan, meant, lab }: LabInspection): string[] {
  const key = podKey(planned);
  const [own, inLab] = [meant, lab].map(({ services }) => services.find((service) => podKey(service) === key));
  if (inLab === undefined) return [`service ${key} is not there`];
  if (own?.spec?.selector === undefined) return [];
  const inPlan = new Set(plan.pods.map(podKey));
  const wanted = (own.spec.ports ?? []).flatMap((port) =>
    serviceBackends(meant, own, port).flatMap(({ end, port: number }) =>
      end.kind === 'endpoint' && inPlan.has(podName(end.endpoint)) ? [`${podName(end.endpoint)} port ${number}`] : [],
    ),
  );
  const has = new Set(endpointsOf(inLab, lab));
  const missing = wanted.find((backend) => !has.has(backend));
  return missing === undefined ? [] : [`service ${key} does not lead to ${missing}`];
}

/** Where the lab's own controller says that the service leads. */
function endpointsOf(service: Service, { endpoints, endpointSlices }: Snapshot): string[] {
  const names = new Map([...endpoints.values()].flatMap((end) => end.addresses.map((one) => [formatAddress(one), podName(end)] as const)));
  const isOwn = ({ metadata }: EndpointSlice): boolean =>
    (metadata.namespace ?? 'default') === (service.metadata.namespace ?? 'default') &&
    metadata.labels?.['kubernetes.io/service-name'] === service.metadata.name;
  return endpointSlices
    .filter(isOwn)
    .flatMap(({ endpoints: ends = [], ports = [] }) =>
      ends
        .filter(({ conditions }) => conditions?.ready !== false)
        .flatMap(({ addresses }) => ports.map(({ port }) => `${names.get(addresses[0] ?? '') ?? ''} port ${port ?? ''}`)),
    );
}

function faultsOfPolicies({ meant, lab }: LabInspection): string[] {
  const isRehearsed = ({ ref }: Policy): boolean => ref.namespace === undefined || !isClusterNamespace(ref.namespace);
  const shown = ({ ref: { kind, namespace, name } }: Policy): string => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`;
  const textsOf = ({ policies }: Snapshot): Map<string, string> =>
    new Map(policies.filter(isRehearsed).map((policy) => [policyKey(policy), shown(policy)]));
  const [own, inLab] = [textsOf(meant), textsOf(lab)];
  const refused = refusedBy(meant);
  return [
    ...[...own].flatMap(([key, text]) => (inLab.has(key) ? [] : [`${text} is not there`])),
    ...[...inLab].flatMap(([key, text]) => (own.has(key) ? [] : [`${text} is there, and in no manifest`])),
    ...[...refusedBy(lab)].filter((text) => !refused.has(text)).map((text) => `${text} is refused there alone`),
  ];
}

/** The policies that the engine refuses. */
function refusedBy({ diagnostics }: Snapshot): ReadonlySet<string> {
  return new Set(diagnostics.flatMap(({ code, object = '' }) => (code === 'unsupported-policy' ? [object] : [])));
}
