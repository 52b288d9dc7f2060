/**
 * The matrix of all pairs of pods, computed on classes instead of pairs.
 *
 * Pods that every selector and address block in use judges alike, and that have the same named
 * ports, are one class; each pair of classes is evaluated once per port, with two different pods
 * (a pod always reaches itself, which is no verdict about its class): for a class of one planned pod that
 * stands for several, with two of these.
 */

import { conditionsOf, groupBits } from '@weir/connectivity';
import {
  type Endpoint,
  type FlowEnd,
  judgeQuestion,
  type Outcome,
  type PolicyWorld,
  podName,
  selectorTruth,
  systemOfEndpoint,
} from '@weir/model';
import { addressRangesContain, addToGroup, type Family, type ProtocolNumber } from '@weir/net';
import { anotherCopy, copiesOf, type Snapshot } from '@weir/snapshot';

/** A port to ask about; `port` is absent for protocols without ports. */
export interface MatrixPort {
  readonly protocol: ProtocolNumber;
  readonly port?: number;
}

/** What to compute. */
export interface MatrixOptions {
  readonly ports: readonly MatrixPort[];
  /** Only pods that it accepts. Default: all. */
  readonly include?: (endpoint: Endpoint) => boolean;
  /** The family of the connections; pods with addresses of the other family only are left out. Default: 4. */
  readonly family?: Family;
}

/** Equal pods. */
export interface MatrixClass {
  readonly pods: readonly Endpoint[];
}

/** All pairs of pods at every port. */
export interface Matrix {
  readonly ports: readonly MatrixPort[];
  readonly classes: readonly MatrixClass[];
  /** `outcomes[source][destination][port]`, indexes into `classes` and `ports`. */
  readonly outcomes: readonly (readonly (readonly Outcome[])[])[];
  /** The class of each pod by `namespace/name`. */
  readonly classOf: ReadonlyMap<string, number>;
}

/** Computes the matrix; pods and classes keep the order of the snapshot. */
export function computeMatrix(snapshot: Snapshot, options: MatrixOptions): Matrix {
  const { world } = snapshot;
  const family = options.family ?? 4;
  const pods = world.endpoints.filter(
    (endpoint) => (options.include?.(endpoint) ?? true) && (endpoint.addresses.length === 0 || addressOf(endpoint, family) !== undefined),
  );
  const classes = classify(world, pods, family);
  const classOf = new Map(classes.flatMap((members, i) => members.map((pod) => [podName(pod), i] as const)));
  const outcomes = classes.map((sources) =>
    classes.map((destinations) => pairOutcomes(snapshot, sources, destinations, { ports: options.ports, family })),
  );
  return { ports: options.ports, classes: classes.map((members) => ({ pods: members })), outcomes, classOf };
}

/** The outcome for two pods of the matrix by `namespace/name` at a port by its index. */
export function matrixOutcome(matrix: Matrix, source: string, destination: string, port: number): Outcome | undefined {
  const from = matrix.classOf.get(source);
  const to = matrix.classOf.get(destination);
  if (from === undefined || to === undefined || matrix.ports[port] === undefined) return undefined;
  return source === destination ? 'allow' : matrix.outcomes[from]?.[to]?.[port];
}

function pairOutcomes(
  snapshot: Snapshot,
  sources: readonly Endpoint[],
  destinations: readonly Endpoint[],
  { ports, family }: { readonly ports: readonly MatrixPort[]; readonly family: Family },
): Outcome[] {
  const [source] = sources;
  if (source === undefined) return [];
  const copy = sources === destinations && copiesOf(snapshot, source) > 1 ? anotherCopy(source) : undefined;
  const destination = destinations.find((candidate) => candidate !== source) ?? copy;
  // A class of one pod with itself: the only pair is the pod and itself.
  if (destination === undefined) return ports.map(() => 'allow');
  return ports.map(({ protocol, port }) =>
    judgeQuestion(snapshot.world, {
      source: endOf(source, family),
      destination: endOf(destination, family),
      protocol,
      family,
      ...(port === undefined ? {} : { destinationPort: port }),
    }),
  );
}

function classify(world: PolicyWorld, pods: readonly Endpoint[], family: Family): Endpoint[][] {
  const { selectors, nets, members, asksForNodes } = conditionsOf([world]);
  const groupsOf = groupBits(members);
  const classes = new Map<string, Endpoint[]>();
  const bitsOfLabels = new Map<string, string>();
  for (const pod of pods) {
    const labels = JSON.stringify([pod.namespace, Object.values(pod.labels).map(sortedEntries)]);
    let bits = bitsOfLabels.get(labels);
    if (bits === undefined) {
      bits = selectors.map(({ selector }) => selectorTruth(world, selector, pod).charAt(0)).join('');
      bitsOfLabels.set(labels, bits);
    }
    const address = addressOf(pod, family);
    const inNets = nets.map(({ ranges }) => (address === undefined ? '?' : addressRangesContain(ranges, address) ? '1' : '0')).join('');
    // Host endpoints ask about what goes through their nodes.
    const node = asksForNodes || world.asksHosts ? (pod.node ?? '') : '';
    const groups = address === undefined ? '' : groupsOf(address);
    const key = JSON.stringify([bits, inNets, pod.namedPorts, node, groups, systemOfEndpoint(pod)]);
    addToGroup(classes, key, pod);
  }
  return [...classes.values()];
}

function sortedEntries(labels: Readonly<Record<string, string>>): (readonly [string, string])[] {
  return Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
}

function endOf(endpoint: Endpoint, family: Family): FlowEnd {
  const address = addressOf(endpoint, family);
  return { kind: 'endpoint', endpoint, ...(address === undefined ? {} : { address }) };
}

function addressOf(endpoint: Endpoint, family: Family): Endpoint['addresses'][number] | undefined {
  return endpoint.addresses.find((address) => address.family === family);
}
