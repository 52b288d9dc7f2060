/** Which part of a matrix is asked for: ends by the names that people give them, directions, ports. */
import type { TrafficClass } from '@weir/connectivity';
import { type Endpoint, type FlowEnd, podName } from '@weir/model';
import { type Address, nearestOf, type PortRange, portRangesContain } from '@weir/net';
import type { PodWorkload, Snapshot } from '@weir/snapshot';
import type { MatrixPort } from './matrix.ts';

/** What is asked for. Ends are named as a namespace, `namespace/workload`, `namespace/pod`, a node, `nodes` or `outside`. */
export interface MatrixFilter {
  /** Connections from or to these ends. Default: all. */
  readonly focus?: readonly string[];
  /** With `focus`: only what comes in to these ends, or only what goes out of them. */
  readonly direction?: 'ingress' | 'egress';
  readonly from?: readonly string[];
  readonly to?: readonly string[];
  /** Only connections on these ports. */
  readonly ports?: readonly MatrixPort[];
}

/** What to report. */
export interface MatrixReportOptions {
  /** Only pods that it accepts, at both ends. Default: all. */
  readonly include?: (endpoint: Endpoint) => boolean;
  readonly filter?: MatrixFilter;
  /** Whether to tell what pods that are not among the objects could reach and be reached by. Default: no. */
  readonly exposure?: boolean;
  /** How many rows there may be of single classes; above that classes with the same connections are put together. Default: 2 000. */
  readonly rowsMax?: number;
  /** The pods of the ingress controller, named as ends are. Default: nobody knows which they are. */
  readonly controllers?: readonly string[];
  /** Known hosts outside, by name. */
  readonly hosts?: ReadonlyMap<string, readonly Address[]>;
}

/** The words for all nodes, and for all addresses that are nobody's in the cluster. */
const nodesWord = 'nodes';
const outsideWord = 'outside';

/** What one end is to a filter. */
export interface EndRole {
  readonly inFocus: boolean;
  readonly isSource: boolean;
  readonly isDestination: boolean;
}

/** Says what each end is to the filter. */
export function roleReader(snapshot: Snapshot, { focus, from, to }: MatrixFilter): (end: FlowEnd) => EndRole {
  const [inFocus, isSource, isDestination] = [focus, from, to].map((words) => endTest(snapshot, words));
  return (end) => ({
    inFocus: inFocus?.(end) ?? true,
    isSource: isSource?.(end) ?? true,
    isDestination: isDestination?.(end) ?? true,
  });
}

/** A word that names nothing, with the name that may have been meant. */
export interface UnknownName {
  readonly name: string;
  readonly nearest?: string;
}

/** Those of the words that name nothing in the snapshot. */
export function unknownNames(snapshot: Snapshot, words: readonly string[]): UnknownName[] {
  const known = new Set([nodesWord, outsideWord, ...snapshot.nodes.map(({ name }) => name)]);
  for (const endpoint of snapshot.endpoints.values()) for (const name of namesOf(snapshot, { kind: 'endpoint', endpoint })) known.add(name);
  return words.flatMap((name): UnknownName[] => {
    if (known.has(name)) return [];
    const nearest = [...known].find((one) => one.endsWith(`/${name}`)) ?? nearestOf(name, known);
    return [nearest === undefined ? { name } : { name, nearest }];
  });
}

function endTest(snapshot: Snapshot, words: readonly string[] | undefined): ((end: FlowEnd) => boolean) | undefined {
  if (words === undefined || words.length === 0) return undefined;
  const wanted = new Set(words);
  return (end) => namesOf(snapshot, end).some((name) => wanted.has(name));
}

/** All names that an end can be asked for by. */
function namesOf({ workloads }: Snapshot, end: FlowEnd): readonly string[] {
  if (end.kind === 'address') return [outsideWord];
  if (end.kind === 'node') return [nodesWord, end.node.name];
  const pod = podName(end.endpoint);
  const workload = workloads.get(pod);
  return [end.endpoint.namespace, pod, ...(workload === undefined ? [] : workloadNames(workload))];
}

/** `shop/web`, and with its kind as kubectl prints it: `deployment/web`, `shop/deployment/web`. */
function workloadNames({ kind, namespace, name }: PodWorkload): string[] {
  const kinded = `${kind.toLowerCase()}/${name}`;
  return [`${namespace}/${name}`, kinded, `${namespace}/${kinded}`];
}

/** Traffic as it was divided, and what of it is asked for. */
export interface AskedTraffic {
  readonly whole: TrafficClass;
  readonly asked: TrafficClass;
}

/** The traffic that is on one of the ports; all of it where none is given. */
export function askedTraffic(traffic: readonly TrafficClass[], ports: readonly MatrixPort[] = []): AskedTraffic[] {
  if (ports.length === 0) return traffic.map((whole) => ({ whole, asked: whole }));
  return traffic.flatMap((whole): AskedTraffic[] => {
    const wanted = ports.filter(({ protocol, port }) => {
      if (protocol !== whole.protocol) return false;
      return port === undefined || whole.ports === undefined || portRangesContain(whole.ports, port);
    });
    if (wanted.length === 0) return [];
    if (wanted.some(({ port }) => port === undefined) || whole.ports === undefined) return [{ whole, asked: whole }];
    const ranges = wanted.map(({ port = 0 }): PortRange => ({ first: port, last: port }));
    const [first] = ranges;
    return [{ whole, asked: { ...whole, ports: ranges, ...(first === undefined ? {} : { port: first.first }) } }];
  });
}
