/** What connections did on one engine that they did not on another. */
import type { RehearsedFlow } from './rehearsal-probes.ts';

/** A connection into a service that pods answer which are judged differently: the pod that is drawn decides. */
export interface ChanceFlow extends Pick<RehearsedFlow, 'source' | 'destination' | 'family' | 'port' | 'protocol'> {
  readonly before: 'allow' | 'deny' | 'by chance';
  readonly after: 'allow' | 'deny' | 'by chance';
}

/** Flows that did on one engine what they did not on the other. */
export interface MeasuredChange {
  readonly lost: readonly RehearsedFlow[];
  readonly gained: readonly RehearsedFlow[];
  /** Those that chance decides on one of the engines, and not on the other. */
  readonly byChance: readonly ChanceFlow[];
}

/** Of the connections that were tried on both. */
export function changeBetween(was: readonly RehearsedFlow[], becomes: readonly RehearsedFlow[]): MeasuredChange {
  const keyOf = ({ source, destination, family, port, protocol }: RehearsedFlow): string =>
    `${source} ${destination} ${family} ${port} ${protocol}`;
  const after = new Map(becomes.map((flow) => [keyOf(flow), flow]));
  const pairs = was.flatMap((flow) => {
    const then = after.get(keyOf(flow));
    return then === undefined ? [] : [{ flow, before: outcomeOf(flow), after: outcomeOf(then) }];
  });
  const changed = pairs.filter((pair) => pair.before !== pair.after);
  const isChance = (pair: (typeof pairs)[number]): boolean => pair.before === 'by chance' || pair.after === 'by chance';
  const certain = changed.filter((pair) => !isChance(pair));
  return {
    lost: certain.filter(({ before }) => before === 'allow').map(({ flow }) => flow),
    gained: certain.filter(({ before }) => before === 'deny').map(({ flow }) => flow),
    byChance: changed.filter(isChance).map(({ flow: { source, destination, family, port, protocol }, before, after: then }) => ({
      source,
      destination,
      family,
      port,
      protocol,
      before,
      after: then,
    })),
  };
}

/** What was measured; what chance decides says nothing the next time. */
function outcomeOf({ computed, measured }: RehearsedFlow): ChanceFlow['before'] {
  return computed === 'unknown' ? 'by chance' : measured;
}
