/**
 * The connections of a rehearsal: between pods, nodes and hosts outside, and into services. What is expected of each is
 * computed from the manifests, and beside it what the lab's own objects would give: where the two differ, the lab does not
 * stand for the manifests.
 */
import { rehearsalPort } from '@weir/analyze';
import { type FlowQuestion, judgeQuestion } from '@weir/model';
import { type Family, protocolNumber, transportNumber } from '@weir/net';
import { endsOf, type RehearsedEnd, type RehearsedEnds } from './rehearsal-ends.ts';
import { serviceTrials } from './rehearsal-services.ts';
import type { RehearsalTrial } from './rehearsal-trial.ts';
import { type ServedPort, servedPorts, servedPortsMax } from './served-ports.ts';

/** What is tried. */
export interface RehearsedTraffic extends RehearsedEnds {
  /** Services as `namespace/name`. */
  readonly services: ReadonlySet<string>;
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
  const onEnd = served.filter(({ protocol }) => protocol === 'TCP' || end.kind !== 'node');
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
