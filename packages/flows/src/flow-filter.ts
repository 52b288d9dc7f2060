/** Which observed flows somebody wants to see: ends by name or address, ports, verdicts, times. */
import { cidrContains, formatAddress, type ProtocolNumber, parseAddress, parseCidr } from '@weir/net';
import type { ObservedEnd, ObservedFlow, ObservedService } from './observed-flow.ts';

/** What is asked for; absent members ask nothing. */
export interface FlowFilter {
  /** One of the ends is in this namespace. */
  readonly namespace?: string;
  /** One of the ends, as {@link endMatches} has it. */
  readonly pod?: string;
  readonly from?: string;
  readonly to?: string;
  /** The destination's port, or that of the service that was spoken to. */
  readonly port?: number;
  readonly protocol?: ProtocolNumber;
  readonly verdict?: 'allow' | 'deny';
  /** Not before this moment, in milliseconds since 1970; a flow without a time is kept. */
  readonly sinceMs?: number;
  /** Not after this moment. */
  readonly untilMs?: number;
}

/** Whether the flow is asked for. */
export function flowMatches(flow: ObservedFlow, filter: FlowFilter): boolean {
  const { source, destination } = flow;
  const ends = [source, destination];
  const { namespace, pod, from, to, sinceMs, untilMs } = filter;
  return (
    (namespace === undefined || ends.some((end) => end.namespace === namespace)) &&
    (pod === undefined || ends.some((end) => endMatches(end, pod))) &&
    (from === undefined || endMatches(source, from)) &&
    (to === undefined || endMatches(destination, to) || (flow.service !== undefined && serviceMatches(flow.service, to))) &&
    (filter.port === undefined || destination.port === filter.port || flow.service?.port === filter.port) &&
    (filter.protocol === undefined || flow.protocol === filter.protocol) &&
    (filter.verdict === undefined || flow.verdict === filter.verdict) &&
    (sinceMs === undefined || flow.time === undefined || Date.parse(flow.time) >= sinceMs) &&
    (untilMs === undefined || flow.time === undefined || Date.parse(flow.time) <= untilMs)
  );
}

/** Whether an end is meant by `namespace/pod`, `pod`, `namespace/`, an address, a block, a node, a name that it was asked for by, or a beginning with `*` of such names. */
export function endMatches(end: ObservedEnd, text: string): boolean {
  const { address } = end;
  const [wantedAddress, block] = [parseAddress(text), text.includes('/') ? parseCidr(text) : undefined];
  if (wantedAddress !== undefined) return address !== undefined && formatAddress(address) === formatAddress(wantedAddress);
  if (block !== undefined) return address !== undefined && cidrContains(block, address);
  const slash = text.indexOf('/');
  const [namespace, name] = slash < 0 ? [undefined, text] : [text.slice(0, slash), text.slice(slash + 1)];
  if (namespace !== undefined && !nameMatches(end.namespace, namespace)) return false;
  if (namespace !== undefined && name === '') return true;
  const names = [end.pod, end.workload?.name, end.name, ...(end.domains ?? [])];
  return names.some((one) => nameMatches(one, name)) || (end.podPrefix?.startsWith(name.replace(/\*$/, '')) ?? false);
}

/** A service is meant by its address, or by its name with its namespace. */
function serviceMatches({ ip, namespace, name }: ObservedService, text: string): boolean {
  const address = parseAddress(text);
  if (address !== undefined) return ip === formatAddress(address);
  const slash = text.indexOf('/');
  if (slash < 0) return nameMatches(name, text);
  return name !== undefined && nameMatches(namespace, text.slice(0, slash)) && nameMatches(name, text.slice(slash + 1));
}

function nameMatches(name: string | undefined, wanted: string): boolean {
  if (name === undefined) return false;
  return wanted.endsWith('*') ? name.startsWith(wanted.slice(0, -1)) : name === wanted;
}
