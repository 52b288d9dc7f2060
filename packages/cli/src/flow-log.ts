/** The agent's flow log read back: each line a connection that was seen, or something else that is passed over. */
import { type Flow, hasPorts, type ProtocolNumber, parseAddress, protocolNumber } from '@weir/net';

/** The flows of a log, and how many lines were none. */
export interface FlowLog {
  readonly flows: readonly Flow[];
  readonly unread: number;
}

/** Reads lines of JSON; notices of what was dropped are no flows and are not counted either. */
export function readFlowLog(text: string): FlowLog {
  const flows: Flow[] = [];
  let unread = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const record = recordOf(line);
    if (record !== undefined && 'dropped' in record) continue;
    const flow = record === undefined ? undefined : flowOf(record);
    if (flow === undefined) unread++;
    else flows.push(flow);
  }
  return { flows, unread };
}

interface LoggedEnd {
  readonly ip?: unknown;
  readonly port?: unknown;
}

interface LoggedFlow {
  readonly source?: LoggedEnd;
  readonly destination?: LoggedEnd;
  readonly protocol?: unknown;
}

function recordOf(line: string): LoggedFlow | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

function flowOf({ source, destination, protocol: name }: LoggedFlow): Flow | undefined {
  const [from, to] = [source?.ip, destination?.ip].map((ip) => (typeof ip === 'string' ? parseAddress(ip) : undefined));
  const protocol = protocolOf(name);
  if (from === undefined || to === undefined || protocol === undefined) return undefined;
  const ports = hasPorts(protocol);
  return {
    source: from,
    destination: to,
    protocol,
    ...(ports && typeof source?.port === 'number' ? { sourcePort: source.port } : {}),
    ...(ports && typeof destination?.port === 'number' ? { destinationPort: destination.port } : {}),
  };
}

/** A name, or a number as `formatProtocol` writes those without one. */
function protocolOf(name: unknown): ProtocolNumber | undefined {
  if (typeof name !== 'string') return undefined;
  const known = Object.entries(protocolNumber).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
  return known ?? (/^\d{1,3}$/.test(name) && Number(name) < 256 ? Number(name) : undefined);
}
