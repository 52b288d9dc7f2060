/**
 * Every connection between pods and nodes of a rehearsal, judged by the engine's profile and tried.
 *
 * Nothing has to listen: a refusal says that the packets went there and back.
 */
import type { Snapshot } from '@weir/analyze';
import type { Probe, ProbeSource } from '@weir/lab';
import { type Address, type Family, formatAddress, formatProtocol, protocolNumber, transportNumber } from '@weir/net';
import { type FlowEnd, judgeQuestion, podName } from '@weir/policy';
import type { Output } from '../output.ts';
import { isThrough, tryProbes } from './probe-trials.ts';

/** One connection and what came of it. */
export interface RehearsedFlow {
  readonly source: string;
  readonly destination: string;
  readonly family: Family;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  readonly computed: 'allow' | 'deny' | 'unknown';
  readonly measured: 'allow' | 'deny';
}

/** Where to try. */
export interface RehearsedCluster {
  readonly name: string;
  readonly snapshot: Snapshot;
  /** Pods as `namespace/name` and nodes by name that take part. */
  readonly ends: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly output: Output;
}

interface ProbedEnd {
  readonly name: string;
  readonly end: FlowEnd & { readonly address: Address };
  readonly source: ProbeSource;
}

/** So many ports are tried on each pair. */
const portsMax = 6;
/** A port that no rule names and nobody serves, besides those that are served. */
const otherPort = 9;

/** Tries all pairs on all ports. */
export async function rehearseFlows(cluster: RehearsedCluster): Promise<RehearsedFlow[]> {
  const { snapshot, timeoutMs, output, name } = cluster;
  const ports = portsOf(snapshot, cluster.ends);
  const trials = ([4, 6] as const).flatMap((family) => {
    const ends = endsOf(cluster, family);
    return ends.flatMap((source) =>
      ends
        .filter((destination) => destination.name !== source.name && !(source.end.kind === 'node' && destination.end.kind === 'node'))
        .flatMap((destination) => ports.map((port) => ({ source, destination, family, ...port }))),
    );
  });
  const judged = trials.map((trial) => ({ ...trial, computed: judge(snapshot, trial) }));
  const probes = judged.map(({ source, destination, port, protocol, computed }) => {
    const probe: Probe = { source: source.source, address: formatAddress(destination.end.address), port, protocol };
    return { probe, computed };
  });
  const answers = await tryProbes(probes, { cluster: name, timeoutMs, output });
  return judged.map(({ source, destination, family, port, protocol, computed }, i) => ({
    source: source.name,
    destination: destination.name,
    family,
    port,
    protocol,
    computed,
    measured: isThrough(answers[i] ?? 'error') ? 'allow' : 'deny',
  }));
}

function judge(
  { world }: Snapshot,
  { source, destination, port, protocol }: { source: ProbedEnd; destination: ProbedEnd; port: number; protocol: 'TCP' | 'UDP' },
): RehearsedFlow['computed'] {
  return judgeQuestion(world, {
    source: source.end,
    destination: destination.end,
    protocol: transportNumber(protocol),
    destinationPort: port,
  });
}

function endsOf({ snapshot, ends }: RehearsedCluster, family: Family): ProbedEnd[] {
  const ofFamily = (addresses: readonly Address[]): Address[] => addresses.filter((address) => address.family === family).slice(0, 1);
  const pods = [...snapshot.endpoints.values()].filter((endpoint) => ends.has(podName(endpoint)));
  const nodes = snapshot.nodes.filter((node) => ends.has(node.name));
  return [
    ...pods.flatMap((endpoint) =>
      ofFamily(endpoint.addresses).map(
        (address): ProbedEnd => ({
          name: podName(endpoint),
          end: { kind: 'endpoint', endpoint, address },
          source: { kind: 'pod', uid: endpoint.uid },
        }),
      ),
    ),
    ...nodes.flatMap((node) =>
      ofFamily(node.addresses).map(
        (address): ProbedEnd => ({
          name: `node ${node.name}`,
          end: { kind: 'node', node, address },
          source: { kind: 'node', name: node.name },
        }),
      ),
    ),
  ];
}

/** What containers serve over TCP and UDP, those that most serve first, and one that nobody does. */
function portsOf({ pods }: Snapshot, ends: ReadonlySet<string>): { readonly port: number; readonly protocol: 'TCP' | 'UDP' }[] {
  const counts = new Map<string, number>();
  for (const [name, pod] of pods) {
    if (!ends.has(name)) continue;
    for (const { containerPort, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)) {
      if (protocol !== formatProtocol(protocolNumber.TCP) && protocol !== formatProtocol(protocolNumber.UDP)) continue;
      const key = `${containerPort}/${protocol}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const served = [...counts].sort(([, a], [, b]) => b - a).slice(0, portsMax - 1);
  return [
    ...served.map(([key]) => ({ port: Number(key.split('/')[0]), protocol: key.endsWith('UDP') ? ('UDP' as const) : ('TCP' as const) })),
    { port: otherPort, protocol: 'TCP' as const },
  ];
}
