/**
 * The service of a connection that another node told of: the node that translates knows what was spoken to, the next one
 * sees the pod behind it alone. Both tell of the same addresses and ports within moments.
 */
import { formatAddress } from '@weir/net';
import { fiveTupleOf, type ObservedFlow, type ObservedService } from './observed-flow.ts';

/** So many connections are known at once, the latest. */
const knownMax = 50_000;
/** An opener may use a port again: what was told longer ago, in milliseconds, is of another connection. Clocks of nodes may differ. */
const sameMs = 30_000;

/** Takes flows as they come. */
export class ServicesByConnection {
  readonly #known = new Map<string, { readonly service: ObservedService; readonly atMs: number }>();

  /** The same flows, with the services that one of these or an earlier one told of. */
  completed(flows: readonly ObservedFlow[]): readonly ObservedFlow[] {
    for (const flow of flows) this.#learn(flow);
    return flows.map((flow) => {
      const service = flow.service === undefined ? this.#serviceOf(flow) : undefined;
      return service === undefined ? flow : { ...flow, service };
    });
  }

  /** Whether it may have been spoken to a service that another node tells of. */
  mayLack({ service, egress, ingress, source }: ObservedFlow): boolean {
    return service === undefined && egress === undefined && ingress !== undefined && source.pod !== undefined;
  }

  #learn(flow: ObservedFlow): void {
    const { service, time } = flow;
    const key = keyOf(flow);
    if (service === undefined || key === undefined || time === undefined) return;
    this.#known.delete(key);
    this.#known.set(key, { service, atMs: Date.parse(time) });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= knownMax) break;
      this.#known.delete(oldest);
    }
  }

  #serviceOf(flow: ObservedFlow): ObservedService | undefined {
    const known = this.#known.size === 0 || flow.time === undefined ? undefined : this.#known.get(keyOf(flow) ?? '');
    return known === undefined || Math.abs(Date.parse(flow.time ?? '') - known.atMs) > sameMs ? undefined : known.service;
  }
}

/** Undefined where the flow does not tell apart from others between the same ends. */
function keyOf(flow: ObservedFlow): string | undefined {
  const { source, sourcePort, destination, destinationPort, protocol } = fiveTupleOf(flow) ?? {};
  if (source === undefined || destination === undefined || sourcePort === undefined) return undefined;
  return `${protocol ?? 0} ${formatAddress(source)} ${sourcePort} ${formatAddress(destination)} ${destinationPort ?? 0}`;
}
