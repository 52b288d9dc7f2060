/**
 * What pods that are not among the objects could reach, and be reached by: the matrix once more, with pods
 * that stand for them.
 */
import { type Endpoint, podName, selectorMatchesLabels } from '@weir/model';
import type { Family } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { absentPods, unansweredSubjects } from './absent-pods.ts';
import { EndNames } from './end-names.ts';
import type { FamilyInput } from './family-ends.ts';
import { type FamilyMatrix, familyMatrix } from './family-matrix.ts';
import type { MatrixReportOptions } from './matrix-filter.ts';
import type { MatrixConnection, MatrixEnd } from './matrix-report.ts';

/** Connections of one family with pods that are not there. */
export interface FamilyExposure {
  readonly ends: readonly MatrixEnd[];
  readonly connections: readonly MatrixConnection[];
}

/** Computes it; what is not known of pods that are not there is left out. */
export function familyExposure(snapshot: Snapshot, options: MatrixReportOptions, family: Family): FamilyExposure {
  const absent = absentPods(snapshot);
  const absentNames = new Set(absent.map(podName));
  const extended = withPods(snapshot, absent);
  const include = (endpoint: Endpoint): boolean => absentNames.has(podName(endpoint)) || (options.include?.(endpoint) ?? true);
  const filter = { ...options.filter, focus: [...absentNames] };
  const input = { snapshot: extended, options: { ...options, include, filter }, family, names: new EndNames(extended) };
  const matrix = familyMatrix(input);
  const subjects = unansweredSubjects(snapshot);
  const isSubject = (endpoint: Endpoint): boolean => subjects.some((subject) => selectorMatchesLabels(subject, endpoint.labels));
  return new ExposureRows({ absent, isSubject }, matrix, { names: new EndNames(extended), family }).told(matrix.connections);
}

/** The pods beside those of the snapshot. */
export function withPods(snapshot: Snapshot, pods: readonly Endpoint[]): Snapshot {
  const endpoints = [...snapshot.endpoints.values(), ...pods];
  const workload = ({
    namespace,
    name,
  }: Endpoint): [string, { kind: string; apiVersion: string; namespace: string; name: string; planned: true }] => [
    `${namespace}/${name}`,
    { kind: 'not among the objects', apiVersion: '', namespace, name, planned: true },
  ];
  return {
    ...snapshot,
    world: snapshot.world.withEndpoints(endpoints),
    endpoints: new Map(endpoints.map((endpoint) => [podName(endpoint), endpoint])),
    workloads: new Map([...snapshot.workloads, ...pods.map(workload)]),
    services: [],
  };
}

/** Pods that are not there, and which of them some policy is about that is about nobody who is there. */
interface AbsentEnds {
  readonly absent: readonly Endpoint[];
  readonly isSubject: (endpoint: Endpoint) => boolean;
}

/**
 * Rows between an absent pod and somebody who is there, and between absent pods where a policy is about one of them alone;
 * absent pods that have the same row are one end.
 */
class ExposureRows {
  readonly #names: EndNames;
  readonly #family: Family;
  readonly #isSubject: (endpoint: Endpoint) => boolean;
  /** The absent pods of the ends that are of such pods alone. */
  readonly #absentOf: ReadonlyMap<string, readonly Endpoint[]>;
  readonly #ends: Map<string, MatrixEnd> = new Map();

  constructor(
    { absent, isSubject }: AbsentEnds,
    { ends }: Pick<FamilyMatrix, 'ends'>,
    { names, family }: Pick<FamilyInput, 'names' | 'family'>,
  ) {
    this.#names = names;
    this.#family = family;
    this.#isSubject = isSubject;
    const byName = new Map(absent.map((endpoint) => [podName(endpoint), endpoint]));
    this.#absentOf = new Map(
      ends.flatMap((end) => {
        const own = end.workloads.flatMap(({ namespace, pods }) => pods.flatMap((pod) => byName.get(`${namespace}/${pod}`) ?? []));
        return own.length === 0 ? [] : [[end.name, own] as const];
      }),
    );
    for (const end of ends) if (!this.#absentOf.has(end.name)) this.#ends.set(end.name, end);
  }

  told(rows: readonly MatrixConnection[]): FamilyExposure {
    const groups = new Map<string, { readonly row: MatrixConnection; readonly isSource: boolean; readonly pods: Endpoint[] }>();
    const connections: MatrixConnection[] = [];
    for (const row of rows) {
      const [sources, destinations] = [this.#absentOf.get(row.from), this.#absentOf.get(row.to)];
      if (sources !== undefined && destinations !== undefined) {
        const isTold = [sources, destinations].some((pods) => pods.some(this.#isSubject));
        if (isTold) connections.push({ ...row, from: this.#nameOf(sources), to: this.#nameOf(destinations) });
        continue;
      }
      if (sources === undefined && destinations === undefined) continue;
      const key = JSON.stringify([sources === undefined ? row.from : '', destinations === undefined ? row.to : '', row.traffic]);
      const group = groups.get(key) ?? { row, isSource: sources !== undefined, pods: [] };
      groups.set(key, group);
      group.pods.push(...(sources ?? destinations ?? []));
    }
    for (const { row, isSource, pods } of groups.values()) connections.push({ ...row, [isSource ? 'from' : 'to']: this.#nameOf(pods) });
    const used = new Set(connections.flatMap(({ from, to }) => [from, to]));
    return { connections, ends: [...this.#ends.values()].filter(({ name }) => used.has(name)) };
  }

  /** The name of an end of absent pods. */
  #nameOf(pods: readonly Endpoint[]): string {
    const end = this.#names.absentPods(pods, this.#family);
    this.#ends.set(end.name, end);
    return end.name;
  }
}
