/** Makes the report of a matrix: the connections of each family, then what stands in front of pods. */
import { rulesOf } from '@weir/connectivity';
import { systemOfEndpoint } from '@weir/model';
import type { Family } from '@weir/net';
import { copiesOf, type Snapshot } from '@weir/snapshot';
import { compareTexts, EndNames } from './end-names.ts';
import { entryPoints } from './entry-points.ts';
import { familyExposure } from './exposure.ts';
import { type FamilyMatrix, familyMatrix } from './family-matrix.ts';
import type { MatrixReportOptions } from './matrix-filter.ts';
import type { Exposure, HostPod, MatrixConnection, MatrixEnd, MatrixReport, ServiceReach } from './matrix-report.ts';
import { familiesOf } from './pod-families.ts';

/** Computes the report. */
export function reportMatrix(snapshot: Snapshot, options: MatrixReportOptions = {}): MatrixReport {
  const names = new EndNames(snapshot);
  const families = familiesOf(snapshot, options.include);
  const parts = families.map((family) => familyMatrix({ snapshot, options, family, names }));
  const ends = mergedEnds(parts);
  const connections = inOrderOf(
    ends,
    mergedRows(
      parts.flatMap((part) => part.connections),
      () => '',
    ),
  );
  const unknown = inOrderOf(
    ends,
    mergedRows(
      parts.flatMap((part) => part.unknown),
      ({ missing }) => missing,
    ),
  );
  const services = mergedServices(parts.flatMap((part) => part.services));
  const pods = [...snapshot.endpoints.values()].filter(options.include ?? ((): boolean => true));
  return {
    profile: snapshot.world.profile.name,
    ends,
    connections,
    unknown,
    services,
    entryPoints: entryPoints({ snapshot, services, ends, controllers: options.controllers ?? [] }),
    hostPods: hostPodsOf(snapshot),
    ...(options.exposure === true ? { exposure: exposureOf(snapshot, options, families) } : {}),
    summary: {
      pods: pods.reduce((sum, pod) => sum + copiesOf(snapshot, pod), 0),
      classes: Math.max(0, ...parts.map(({ classes }) => classes)),
      connections: connections.length,
      unknown: unknown.length,
      podsReachOwnNode: pods.length > 0 && pods.every((pod) => snapshot.world.profile.podReachesOwnNode.includes(systemOfEndpoint(pod))),
      unresolvedNames: unresolvedNames(snapshot),
    },
  };
}

function unresolvedNames({ world }: Snapshot): string[] {
  const groups = new Set(rulesOf(world).flatMap(({ action, match }) => (action === 'allow' ? (match.destination.groups ?? []) : [])));
  const untold = [...groups].filter((group) => group.startsWith('domain/') && world.membersOf(group).length === 0);
  return untold.map((group) => group.slice('domain/'.length)).sort(compareTexts);
}

function exposureOf(snapshot: Snapshot, options: MatrixReportOptions, families: readonly Family[]): Exposure {
  const parts = families.map((family) => familyExposure(snapshot, options, family));
  const ends = mergedEnds(parts);
  return {
    ends,
    connections: inOrderOf(
      ends,
      mergedRows(
        parts.flatMap(({ connections }) => connections),
        () => '',
      ),
    ),
  };
}

const kinds: readonly MatrixEnd['kind'][] = ['pods', 'nodes', 'outside'];

/** Rows in the order of their ends. */
function inOrderOf<T extends MatrixConnection>(ends: readonly MatrixEnd[], rows: readonly T[]): T[] {
  const order = new Map(ends.map(({ name }, at) => [name, at]));
  const place = (name: string): number => order.get(name) ?? 0;
  return [...rows].sort((a, b) => place(a.from) - place(b.from) || place(a.to) - place(b.to) || compareTexts(a.traffic, b.traffic));
}

/** The ends of all families, each once, in order. */
function mergedEnds(parts: readonly Pick<FamilyMatrix, 'ends'>[]): MatrixEnd[] {
  const merged = new Map<string, MatrixEnd>();
  for (const end of parts.flatMap(({ ends }) => ends)) {
    const same = merged.get(end.name);
    merged.set(end.name, same === undefined ? end : { ...same, families: [...same.families, ...end.families] });
  }
  return [...merged.values()].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind) || compareTexts(a.name, b.name));
}

/** Rows that say the same of both families become one; where all traffic is allowed that is ICMP of both. */
function mergedRows<T extends MatrixConnection>(rows: readonly T[], moreOf: (row: T) => string): T[] {
  const merged = new Map<string, T>();
  for (const row of rows) {
    const key = JSON.stringify([row.from, row.to, row.traffic, moreOf(row)]);
    const same = merged.get(key);
    if (same === undefined || row.families.every((family) => same.families.includes(family))) {
      merged.set(key, same ?? row);
      continue;
    }
    const added = row.protocols.filter(({ protocol }) => same.protocols.every((one) => one.protocol !== protocol));
    merged.set(key, { ...same, families: [...same.families, ...row.families], protocols: [...same.protocols, ...added] });
  }
  return [...merged.values()];
}

/** Services of which both families say the same become one entry. */
function mergedServices(services: readonly ServiceReach[]): ServiceReach[] {
  const merged = new Map<string, ServiceReach>();
  for (const reach of services) {
    const key = JSON.stringify({ ...reach, families: [] });
    const same = merged.get(key);
    merged.set(key, same === undefined ? reach : { ...same, families: [...same.families, ...reach.families] });
  }
  const told = [...merged.values()];
  // A family that a service has no pods of says nothing.
  const answered = new Set(
    told.filter(({ backends }) => backends.length > 0).map(({ service, port, protocol }) => `${service} ${port} ${protocol}`),
  );
  return told
    .filter(({ backends, service, port, protocol }) => backends.length > 0 || !answered.has(`${service} ${port} ${protocol}`))
    .sort((a, b) => compareTexts(a.service, b.service) || a.port - b.port);
}

/** Pods on the host's network, by name. */
function hostPodsOf({ pods }: Snapshot): HostPod[] {
  return [...pods].flatMap(([pod, { spec, status }]): HostPod[] => {
    if (spec?.hostNetwork !== true || status?.phase === 'Succeeded' || status?.phase === 'Failed') return [];
    return [{ pod, ...(spec.nodeName === undefined ? {} : { node: spec.nodeName }) }];
  });
}
