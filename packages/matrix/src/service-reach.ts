/**
 * Who reaches services: connections to a service's address go to its backends before policies judge them,
 * so what counts are the backends at their own ports.
 */
import type { Connectivity } from '@weir/connectivity';
import type { Service, ServicePort } from '@weir/kube';
import { type Endpoint, type FlowEnd, podName } from '@weir/model';
import { BitSet, type Family, isTransportName, parseAddress, portRangesContain, transportNumber } from '@weir/net';
import { podKey, type Snapshot, serviceBackends } from '@weir/snapshot';
import { compareTexts } from './end-names.ts';
import type { FamilyEnds } from './family-ends.ts';
import type { ServiceReach } from './matrix-report.ts';
import { groupsOf, type Unit } from './matrix-units.ts';
import { familiesOf } from './pod-families.ts';

/** What is needed to tell. */
export interface ServiceInput {
  readonly snapshot: Snapshot;
  readonly connectivity: Connectivity;
  readonly ends: FamilyEnds;
  readonly family: Family;
}

/** Backends of one class of ends on one port. */
interface BackendClass {
  readonly at: number;
  readonly port: number;
  readonly members: FlowEnd[];
}

/** Of every port of every service that has a selector or endpoints. */
export function serviceReach(input: ServiceInput): ServiceReach[] {
  const classOf = classesOfEnds(input.connectivity);
  return input.snapshot.services.flatMap((service) =>
    (service.spec?.ports ?? []).flatMap((port) => reachOfPort(input, { service, port, classOf })),
  );
}

interface AskedPort {
  readonly service: Service;
  readonly port: ServicePort;
  readonly classOf: ReadonlyMap<string, number>;
}

function reachOfPort(input: ServiceInput, { service, port, classOf }: AskedPort): ServiceReach[] {
  const { protocol = 'TCP' } = port;
  if (!isTransportName(protocol) || service.spec?.type === 'ExternalName' || !servesFamily(service, input)) return [];
  const backends = backendClasses(input, { service, port, classOf });
  const { ends, connectivity } = input;
  const size = connectivity.ends.classes.length;
  let every = BitSet.full(size);
  let some = BitSet.empty(size);
  let perhaps = BitSet.empty(size);
  for (const { at, port: number } of backends) {
    const traffic = connectivity.traffic.find(
      (one) => one.protocol === transportNumber(protocol) && portRangesContain(one.ports ?? [], number),
    );
    if (traffic === undefined) continue;
    const { certain, possible } = connectivity.sources(at, traffic);
    every = every.and(certain);
    some = some.or(certain);
    perhaps = perhaps.or(possible);
  }
  if (backends.length === 0 && !isAskedFor(input, service, port)) return [];
  const targets = ends.unitsOf(backends.map(({ at }) => at));
  const clients = clientsOf(service, connectivity);
  const told = (classes: BitSet): string[] => {
    const sources = ends.unitsOf(classes.and(clients).members());
    return [...new Set(ends.rectangles(sources, targets).flatMap(([from, to]) => (to.length === 0 ? [] : namesOf(ends, from))))];
  };
  const reach = {
    reachedFrom: backends.length === 0 ? [] : told(every),
    partlyFrom: told(some.without(every)),
    perhapsFrom: told(perhaps.without(some)),
  };
  const isAsked = ends.rectangles(ends.unitsOf(clients.members()), targets).some(([from, to]) => from.length > 0 && to.length > 0);
  if (!isAsked && backends.length > 0) return [];
  return [
    {
      service: podKey(service),
      type: service.spec?.type ?? 'ClusterIP',
      port: port.port,
      protocol,
      ...(port.name === undefined ? {} : { portName: port.name }),
      families: [input.family],
      backends: backends
        .map(({ at, members, port: number }) => ({ end: ends.nameOf(ends.unitsOf([at])), members: ends.textOf(members), port: number }))
        .sort((a, b) => compareTexts(a.end, b.end) || a.port - b.port),
      ...reach,
    },
  ];
}

/** Whether a service of which no backend is asked for has none at all, and is in a namespace of which some pod is. */
function isAskedFor({ snapshot, connectivity, family }: ServiceInput, service: Service, port: ServicePort): boolean {
  const isOfFamily = ({ address }: FlowEnd): boolean => address === undefined || address.family === family;
  if (serviceBackends(snapshot, service, port).some(({ end }) => isOfFamily(end))) return false;
  const { namespace = 'default' } = service.metadata;
  const isThere = (pods: Iterable<Endpoint>): boolean => [...pods].some((pod) => pod.namespace === namespace);
  const asked = connectivity.ends.classes.flatMap(({ ends }) => ends.flatMap((end) => (end.kind === 'endpoint' ? [end.endpoint] : [])));
  return isThere(asked) || !isThere(snapshot.endpoints.values());
}

/** A service's own address is known inside of the cluster alone; what else it has is reached from outside, too. */
function clientsOf({ spec }: Service, { ends }: Connectivity): BitSet {
  const isPublic = spec?.type === 'LoadBalancer' || spec?.type === 'NodePort' || (spec?.externalIPs?.length ?? 0) > 0;
  return isPublic ? BitSet.full(ends.classes.length) : ends.pods.or(ends.nodes);
}

/** The names of the units: pods, then nodes, then addresses outside, each in order. */
function namesOf(ends: FamilyEnds, units: readonly Unit[]): string[] {
  const kinds = ['pods', 'nodes', 'outside'] as const;
  return kinds.flatMap((kind) => {
    const own = units.filter((unit) => unit.kind === kind);
    return groupsOf(own, own.length > listedMax)
      .map((group) => ends.nameOf(group))
      .sort(compareTexts);
  });
}

/** More clients than that are told together. */
const listedMax = 20;

/**
 * Whether the service has an address of the family: by its addresses, by `ipFamilies`, else in the first family of its
 * cluster's pods unless it wants two.
 */
function servesFamily({ spec = {} }: Service, { family, snapshot }: ServiceInput): boolean {
  const addresses = [...(spec.clusterIPs ?? []), spec.clusterIP ?? ''].flatMap((text) => parseAddress(text) ?? []);
  if (addresses.length > 0) return addresses.some((address) => address.family === family);
  if (spec.ipFamilies !== undefined && spec.ipFamilies.length > 0) return spec.ipFamilies.includes(`IPv${family}`);
  if (spec.ipFamilyPolicy === 'PreferDualStack' || spec.ipFamilyPolicy === 'RequireDualStack') return true;
  const [first] = familiesOf(snapshot);
  return first === family;
}

/** The backends that are ends of the family, each once. */
function backendClasses({ snapshot, ends }: ServiceInput, { service, port, classOf }: AskedPort): BackendClass[] {
  const found = new Map<string, BackendClass>();
  for (const { end, port: number } of serviceBackends(snapshot, service, port)) {
    const at =
      end.kind === 'address'
        ? ends.outsideAt(end.address)
        : classOf.get(end.kind === 'endpoint' ? podName(end.endpoint) : `node ${end.node.name}`);
    if (at === undefined) continue;
    const same = found.get(`${at} ${number}`);
    if (same === undefined) found.set(`${at} ${number}`, { at, port: number, members: [end] });
    else same.members.push(end);
  }
  return [...found.values()];
}

/** The classes of pods by `namespace/name`, and those of nodes by `node NAME`. */
function classesOfEnds({ ends }: Connectivity): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const [at, { ends: members }] of ends.classes.entries()) {
    for (const end of members) {
      if (end.kind === 'endpoint') found.set(podName(end.endpoint), at);
      if (end.kind === 'node') found.set(`node ${end.node.name}`, at);
    }
  }
  return found;
}
