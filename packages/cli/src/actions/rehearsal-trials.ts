/**
 * The connections of a rehearsal: between pods, nodes and hosts outside, and into services. What is expected of each is
 * computed from the manifests, and beside it what the lab's own objects would give: where the two differ, the lab does not
 * stand for the manifests.
 */
import { rehearsalPort } from '@weir/analyze';
import { type FlowQuestion, judgeQuestion, type Outcome } from '@weir/model';
import { type Address, type Family, protocolNumber, transportNumber } from '@weir/net';
import type { Snapshot } from '@weir/snapshot';
import { endsOf, type RehearsedEnd, type RehearsedEnds } from './rehearsal-ends.ts';
import { serviceTrials } from './rehearsal-services.ts';

/** One connection to try. */
export interface RehearsalTrial {
  readonly source: RehearsedEnd;
  readonly destination: string;
  /** In the lab. */
  readonly address: Address;
  readonly family: Family;
  /** 0 for ICMP. */
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP' | 'ICMP';
  /** By the manifests; `unknown` where chance decides, as with pods of a service that are judged differently. */
  readonly computed: Outcome;
  /** By what is in the lab. */
  readonly inLab: Outcome;
  /** Whether somebody answers at the end: then a refusal comes from elsewhere. */
  readonly isServed: boolean;
}

/** What is tried. */
export interface RehearsedTraffic extends RehearsedEnds {
  /** Services as `namespace/name`. */
  readonly services: ReadonlySet<string>;
}

/** So many ports that are served are tried on each pair. */
export const servedPortsMax = 5;

/** A port that containers serve. */
export interface ServedPort {
  readonly port: number;
  readonly protocol: 'TCP' | 'UDP';
}

/** All pairs on all ports, and all ways into services. */
export function rehearsalTrials(traffic: RehearsedTraffic): RehearsalTrial[] {
  const { meant, lab, services } = traffic;
  const served = servedPorts(meant, traffic.ends).slice(0, servedPortsMax);
  return ([4, 6] as const).flatMap((family) => {
    const ends = endsOf(traffic, family);
    return [...directTrials(traffic, ends, { family, served }), ...serviceTrials({ meant, lab, services, ends, family })];
  });
}

function directTrials(
  { meant, lab }: RehearsedTraffic,
  ends: readonly RehearsedEnd[],
  { family, served }: { readonly family: Family; readonly served: readonly ServedPort[] },
): RehearsalTrial[] {
  return ends.flatMap((source) =>
    ends
      .filter((destination) => destination.name !== source.name && isJudged(source, destination))
      .flatMap((destination) =>
        portsFor(destination, served).map((tried): RehearsalTrial => {
          const question = questionOf(tried, family);
          return {
            source,
            destination: destination.name,
            address: destination.inLab.address,
            family,
            ...tried,
            computed: judgeQuestion(meant.world, { source: source.end, destination: destination.end, ...question }),
            inLab: judgeQuestion(lab.world, { source: source.inLab, destination: destination.inLab, ...question }),
            // Over TCP nothing has to listen: a refusal says that packets went there and back.
            isServed: false,
          };
        }),
      ),
  );
}

/** Policies judge what a pod sends or gets. */
function isJudged(source: RehearsedEnd, destination: RehearsedEnd): boolean {
  return source.end.kind === 'endpoint' || destination.end.kind === 'endpoint';
}

type TriedTraffic = Pick<RehearsalTrial, 'port' | 'protocol'>;

function portsFor({ end }: RehearsedEnd, served: readonly ServedPort[]): readonly TriedTraffic[] {
  // Nobody answers on nodes over UDP.
  const onEnd = end.kind === 'node' ? served.filter(({ protocol }) => protocol === 'TCP') : served;
  return [
    ...onEnd,
    { port: rehearsalPort, protocol: 'TCP' },
    ...(end.kind === 'node' ? [] : [{ port: rehearsalPort, protocol: 'UDP' } as const]),
    { port: 0, protocol: 'ICMP' },
  ];
}

/** Of ICMP, what kernels answer: a request for an echo. */
function questionOf({ port, protocol }: TriedTraffic, family: Family): Omit<FlowQuestion, 'source' | 'destination'> {
  if (protocol !== 'ICMP') return { protocol: transportNumber(protocol), destinationPort: port };
  return family === 4
    ? { protocol: protocolNumber.ICMP, icmp: { type: 8, code: 0 } }
    : { protocol: protocolNumber.ICMPv6, icmp: { type: 128, code: 0 } };
}

/** What containers of the pods serve over TCP and UDP, those that most serve first. */
export function servedPorts({ pods }: Snapshot, ends: ReadonlySet<string>): ServedPort[] {
  const counts = new Map<string, { readonly served: ServedPort; count: number }>();
  for (const [name, pod] of pods) {
    if (!ends.has(name)) continue;
    for (const { containerPort: port, protocol = 'TCP' } of (pod.spec?.containers ?? []).flatMap(({ ports = [] }) => ports)) {
      if (port === rehearsalPort || (protocol !== 'TCP' && protocol !== 'UDP')) continue;
      const key = `${port}/${protocol}`;
      const found = counts.get(key) ?? { served: { port, protocol }, count: 0 };
      counts.set(key, { ...found, count: found.count + 1 });
    }
  }
  return [...counts.values()].sort((a, b) => b.count - a.count).map(({ served }) => served);
}
