/**
 * Flows of long logs, counted together where suggestions make no difference between them: everything but the moment and the
 * port that the opener was given.
 *
 * Bounded: so many different flows are kept, and of the connections that Hubble tells several times so many are known by
 * their source ports that one is counted twice at most when it comes again much later.
 */
import { formatAddress } from '@weir/net';
import type { ObservedEnd, ObservedFlow } from '../observed-flow.ts';
import { isAnswer } from './answers.ts';

/** So many different flows are kept. */
const differentMax = 200_000;
/** So many connections are known in one generation; two are kept. */
const generationMax = 100_000;

interface Sum {
  readonly flow: ObservedFlow;
  count: number;
  first: string | undefined;
  last: string | undefined;
}

/** Takes the flows of a log one by one. */
export class FlowDigest {
  readonly #sums = new Map<string, Sum>();
  readonly #differentMax: number;
  #recent = new Set<string>();
  #before = new Set<string>();
  #omitted = 0;

  constructor(options: { readonly differentMax?: number } = {}) {
    this.#differentMax = options.differentMax ?? differentMax;
  }

  /** Connections that were not kept, because there were too many different ones. */
  get omitted(): number {
    return this.#omitted;
  }

  /** One flow for all that were alike. */
  get flows(): readonly ObservedFlow[] {
    return [...this.#sums.values()].map(({ flow, count, first, last }) => ({
      ...flow,
      count,
      ...(first === undefined || first === last ? {} : { firstTime: first }),
      ...(last === undefined ? {} : { time: last }),
    }));
  }

  add(flow: ObservedFlow): void {
    if (flow.logged === true) return;
    const answer = isAnswer(flow);
    const key = keyOf(flow, answer);
    const count = this.#isToldAgain(flow, key) ? 0 : flow.count;
    const sum = this.#sums.get(key);
    if (sum === undefined) {
      if (this.#sums.size >= this.#differentMax) this.#omitted += count;
      else this.#sums.set(key, { flow: alike(flow, answer), count: flow.count, first: flow.firstTime ?? flow.time, last: flow.time });
      return;
    }
    sum.count += count;
    const [first, last] = [flow.firstTime ?? flow.time, flow.time];
    if (first !== undefined && (sum.first === undefined || first < sum.first)) sum.first = first;
    if (last !== undefined && (sum.last === undefined || last > sum.last)) sum.last = last;
  }

  /** Of one connection Hubble tells several times. */
  #isToldAgain({ format, source }: ObservedFlow, key: string): boolean {
    if (format !== 'hubble' || source.port === undefined) return false;
    const connection = `${key} ${source.port}`;
    const isKnown = this.#recent.has(connection) || this.#before.has(connection);
    this.#recent.add(connection);
    if (this.#recent.size >= generationMax) [this.#before, this.#recent] = [this.#recent, new Set()];
    return isKnown;
  }
}

function keyOf({ source, destination, protocol, icmp, verdict, egress, ingress, format }: ObservedFlow, answer: boolean): string {
  const message = icmp === undefined ? '' : `${icmp.type}/${icmp.code}`;
  const port = answer ? '' : (destination.port ?? '');
  const told = `${egress === undefined ? '' : 'egress'} ${ingress === undefined ? '' : 'ingress'}`;
  return `${format} ${verdict} ${answer} ${told} ${protocol} ${port} ${message}\n${endKey(source)}\n${endKey(destination)}`;
}

function endKey({ address, namespace, pod, podPrefix, is, name, domains = [] }: ObservedEnd): string {
  const where = address === undefined ? '' : formatAddress(address);
  return `${where} ${namespace ?? ''}/${pod ?? ''} ${podPrefix ?? ''} ${is ?? ''} ${name ?? ''} ${domains.join()}`;
}

function alike(flow: ObservedFlow, answer: boolean): ObservedFlow {
  const { port: _, ...source } = flow.source;
  return { ...flow, source, isReply: answer };
}
