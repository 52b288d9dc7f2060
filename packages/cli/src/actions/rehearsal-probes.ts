/**
 * Every connection of a rehearsal between pods, nodes and hosts outside, and into services, judged by the
 * engine's profile and tried.
 *
 * Over TCP nothing has to listen: a refusal says that the packets went there and back. Kernels limit how many
 * refusals of UDP they send, so that pods and hosts answer on the port that is tried besides those that are served.
 */
import { rehearsalPort } from '@weir/analyze';
import { judgeQuestion, type Outcome } from '@weir/model';
import { type Family, formatAddress, transportNumber } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import type { Output } from '../output.ts';
import { isThrough, tryProbes } from './probe-trials.ts';
import { endsOf, type RehearsedEnd, type RehearsedEnds } from './rehearsal-ends.ts';
import { type ServiceTrial, serviceTrials } from './rehearsal-services.ts';

/** One connection and what came of it. */
export interface RehearsedFlow {
  readonly source: string;
  readonly destination: string;
  readonly family: Family;
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
  /** `unknown` where chance decides, as with pods of a service that are judged differently. */
  readonly computed: Outcome;
  readonly measured: 'allow' | 'deny';
}

/** Where to try. */
export interface RehearsedCluster extends RehearsedEnds {
  readonly name: string;
  /** Services as `namespace/name`. */
  readonly services: ReadonlySet<string>;
  readonly timeoutMs: number;
  readonly output: Output;
}

/** So many ports that are served are tried on each pair. */
const servedMax = 5;

interface TriedPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** Tries all pairs on all ports, and all ways into services. */
export async function rehearseFlows(cluster: RehearsedCluster): Promise<RehearsedFlow[]> {
  const { snapshot, services, timeoutMs, output, name } = cluster;
  const served = servedPorts(snapshot, cluster.ends);
  const trials = ([4, 6] as const).flatMap((family) => {
    const ends = endsOf(cluster, family);
    return [...directTrials(snapshot, ends, { family, served }), ...serviceTrials({ snapshot, services, ends, family })];
  });
  const probes = trials.map(({ source, address, port, protocol, computed }) => ({
    probe: { source: source.source, address: formatAddress(address), port, protocol },
    computed,
  }));
  const answers = await tryProbes(probes, { cluster: name, timeoutMs, output });
  return trials.map(({ source, destination, family, port, protocol, computed }, i) => ({
    source: source.name,
    destination,
    family,
    port,
    protocol,
    computed,
    measured: isThrough(answers[i] ?? 'error') ? 'allow' : 'deny',
  }));
}

function directTrials(
  snapshot: Snapshot,
  ends: readonly RehearsedEnd[],
  { family, served }: { readonly family: Family; readonly served: readonly TriedPort[] },
): ServiceTrial[] {
  return ends.flatMap((source) =>
    ends
      .filter((destination) => destination.name !== source.name && isJudged(source, destination))
      .flatMap((destination) =>
        portsFor(destination, served).map((port) => ({
          source,
          destination: destination.name,
          address: destination.end.address,
          family,
          ...port,
          computed: judgeQuestion(snapshot.world, {
            source: source.end,
            destination: destination.end,
            protocol: transportNumber(port.protocol),
            destinationPort: port.port,
          }),
        })),
      ),
  );
}

/** Policies judge what a pod sends or gets. */
function isJudged(source: RehearsedEnd, destination: RehearsedEnd): boolean {
  return source.end.kind === 'endpoint' || destination.end.kind === 'endpoint';
}

function portsFor({ end }: RehearsedEnd, served: readonly TriedPort[]): readonly TriedPort[] {
  const others: readonly TriedPort[] = [
    { port: rehearsalPort, protocol: 'TCP' },
    // Nobody answers on nodes.
    ...(end.kind === 'node' ? [] : [{ port: rehearsalPort, protocol: 'UDP' } as const]),
  ];
  return [...served, ...others];
}

/** What containers serve over TCP and UDP, those that most serve first. */
function servedPorts({ pods }: Snapshot, ends: ReadonlySet<string>): TriedPort[] {
  const counts = new Map<string, { readonly served: TriedPort; count: number }>();
  for (const [name, pod] of pods) {
    if (!ends.has(name)) continue;
    for (const { containerPort: port, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)) {
      if (port === rehearsalPort || (protocol !== 'TCP' && protocol !== 'UDP')) continue;
      const key = `${port}/${protocol}`;
      const found = counts.get(key) ?? { served: { port, protocol }, count: 0 };
      counts.set(key, { ...found, count: found.count + 1 });
    }
  }
  return [...counts.values()]
    .sort((a, b) => b.count - a.count)
    .slice(0, servedMax)
    .map(({ served }) => served);
}
