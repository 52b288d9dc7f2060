/**
 * Hubble's messages in Cilium's `api/v1/flow/flow.proto` and `api/v1/observer/observer.proto`: every field of those that a
 * flow is made of (Cilium 1.18, which has all of the earlier ones), as names and types, and a decoder as strict as
 * protobuf's JSON: no unknown field, no other type, no enum value that is not there, one of a `oneof`.
 */

/** `[]` behind a type: repeated; another message by its name. */
type FieldType = string;

const messages: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  GetFlowsResponse: { flow: 'Flow', node_status: 'NodeStatusEvent', lost_events: 'LostEvent', node_name: 'string', time: 'Timestamp' },
  NodeStatusEvent: { state_change: 'NodeState', node_names: 'string[]', message: 'string' },
  LostEvent: { source: 'LostEventSource', num_events_lost: 'uint64', cpu: 'Int32Value' },
  Flow: {
    time: 'Timestamp',
    uuid: 'string',
    verdict: 'Verdict',
    drop_reason: 'uint32',
    auth_type: 'AuthType',
    ethernet: 'Ethernet',
    IP: 'IP',
    l4: 'Layer4',
    source: 'Endpoint',
    destination: 'Endpoint',
    Type: 'FlowType',
    node_name: 'string',
    node_labels: 'string[]',
    source_names: 'string[]',
    destination_names: 'string[]',
    reply: 'bool',
    event_type: 'CiliumEventType',
    source_service: 'Service',
    destination_service: 'Service',
    traffic_direction: 'TrafficDirection',
    policy_match_type: 'uint32',
    trace_observation_point: 'TraceObservationPoint',
    drop_reason_desc: 'DropReason',
    is_reply: 'BoolValue',
    interface: 'NetworkInterface',
    proxy_port: 'uint32',
    sock_xlate_point: 'SocketTranslationPoint',
    socket_cookie: 'uint64',
    cgroup_id: 'uint64',
    Summary: 'string',
    egress_allowed_by: 'Policy[]',
    ingress_allowed_by: 'Policy[]',
    egress_denied_by: 'Policy[]',
    ingress_denied_by: 'Policy[]',
  },
  Ethernet: { source: 'string', destination: 'string' },
  IP: { source: 'string', source_xlated: 'string', destination: 'string', ipVersion: 'IPVersion', encrypted: 'bool' },
  Layer4: { TCP: 'TCP', UDP: 'UDP', ICMPv4: 'ICMPv4', ICMPv6: 'ICMPv6', SCTP: 'SCTP' },
  TCP: { source_port: 'uint32', destination_port: 'uint32', flags: 'TCPFlags' },
  TCPFlags: { FIN: 'bool', SYN: 'bool', RST: 'bool', PSH: 'bool', ACK: 'bool', URG: 'bool', ECE: 'bool', CWR: 'bool', NS: 'bool' },
  UDP: { source_port: 'uint32', destination_port: 'uint32' },
  SCTP: { source_port: 'uint32', destination_port: 'uint32' },
  ICMPv4: { type: 'uint32', code: 'uint32' },
  ICMPv6: { type: 'uint32', code: 'uint32' },
  Endpoint: {
    ID: 'uint32',
    identity: 'uint32',
    cluster_name: 'string',
    namespace: 'string',
    labels: 'string[]',
    pod_name: 'string',
    workloads: 'Workload[]',
  },
  Workload: { name: 'string', kind: 'string' },
  Service: { name: 'string', namespace: 'string' },
  NetworkInterface: { index: 'uint32', name: 'string' },
  CiliumEventType: { type: 'int32', sub_type: 'int32' },
  Policy: { name: 'string', namespace: 'string', labels: 'string[]', revision: 'uint64', kind: 'string' },
};

/** Fields of which a message has one at most. */
const oneOfs: Readonly<Record<string, readonly string[]>> = {
  GetFlowsResponse: ['flow', 'node_status', 'lost_events'],
  Layer4: ['TCP', 'UDP', 'ICMPv4', 'ICMPv6', 'SCTP'],
};

const inOrder = (...names: readonly string[]): Readonly<Record<string, number>> =>
  Object.fromEntries(names.map((name, number) => [name, number]));

/** Values with their numbers; of long ones those that we write or read. */
const enums: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  Verdict: inOrder('VERDICT_UNKNOWN', 'FORWARDED', 'DROPPED', 'ERROR', 'AUDIT', 'REDIRECTED', 'TRACED', 'TRANSLATED'),
  FlowType: inOrder('UNKNOWN_TYPE', 'L3_L4', 'L7', 'SOCK'),
  AuthType: inOrder('DISABLED', 'SPIRE', 'TEST_ALWAYS_FAIL'),
  IPVersion: inOrder('IP_NOT_USED', 'IPv4', 'IPv6'),
  TrafficDirection: inOrder('TRAFFIC_DIRECTION_UNKNOWN', 'INGRESS', 'EGRESS'),
  DropReason: { DROP_REASON_UNKNOWN: 0, POLICY_DENIED: 133, POLICY_DENY: 181 },
  TraceObservationPoint: { UNKNOWN_POINT: 0, TO_STACK: 3, FROM_ENDPOINT: 5, TO_ENDPOINT: 101 },
  SocketTranslationPoint: { SOCK_XLATE_POINT_UNKNOWN: 0 },
  LostEventSource: inOrder('UNKNOWN_LOST_EVENT_SOURCE', 'PERF_EVENT_RING_BUFFER', 'OBSERVER_EVENTS_QUEUE', 'HUBBLE_RING_BUFFER'),
  NodeState: inOrder('UNKNOWN_NODE_STATE', 'NODE_CONNECTED', 'NODE_UNAVAILABLE', 'NODE_GONE', 'NODE_ERROR'),
};

const isInteger = (value: unknown, from: number, below: number): boolean =>
  Number.isInteger(value) && Number(value) >= from && Number(value) < below;

const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  BoolValue: (value) => typeof value === 'boolean' || value === null,
  Int32Value: (value) => value === null || isInteger(value, -(2 ** 31), 2 ** 31),
  uint32: (value) => isInteger(value, 0, 2 ** 32),
  int32: (value) => isInteger(value, -(2 ** 31), 2 ** 31),
  // Numbers of 64 bits are texts in protobuf's JSON.
  uint64: (value) => typeof value === 'string' && /^\d{1,20}$/.test(value),
  Timestamp: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(value),
};

/** What a strict decoder of the message finds wrong; empty: nothing. */
export function problemsOf(value: unknown, type: string = 'GetFlowsResponse', path: string = ''): string[] {
  if (type.endsWith('[]'))
    return Array.isArray(value) ? value.flatMap((one, i) => problemsOf(one, type.slice(0, -2), `${path}[${i}]`)) : [`${path} is no list`];
  const values = enums[type];
  if (values !== undefined)
    return typeof value === 'string' && Object.hasOwn(values, value) ? [] : [`${path} is no ${type}: ${String(value)}`];
  const isScalar = scalars[type];
  if (isScalar !== undefined) return isScalar(value) ? [] : [`${path} is no ${type}: ${String(value)}`];
  const fields = messages[type];
  if (fields === undefined) return [`there is no message ${type}`];
  if (typeof value !== 'object' || value === null) return [`${path} is no ${type}`];
  const chosen = Object.keys(value).filter((name) => oneOfs[type]?.includes(name));
  const problems = Object.entries(value).flatMap(([name, member]) => {
    const of = fields[name];
    return of === undefined ? [`${type} has no field ${name}`] : problemsOf(member, of, `${path}.${name}`);
  });
  return chosen.length > 1 ? [...problems, `${path} has several of a oneof: ${chosen.join(', ')}`] : problems;
}

/** How protobuf's JSON may be written: field names as in the file or as JavaScript has them, enums by name or number, fields with their default value or without. */
export interface Spelling {
  readonly names: 'file' | 'script';
  readonly enums: 'names' | 'numbers';
  readonly defaults: 'written' | 'left out';
}

/** The same message in another spelling. */
export function spelt(value: unknown, spelling: Spelling, type: string = 'GetFlowsResponse'): unknown {
  if (type.endsWith('[]')) return Array.isArray(value) ? value.map((one) => spelt(one, spelling, type.slice(0, -2))) : value;
  const values = enums[type];
  if (values !== undefined) return spelling.enums === 'numbers' ? (values[String(value)] ?? value) : value;
  const fields = messages[type];
  if (fields === undefined || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]) => {
      const of = fields[name] ?? '';
      const isDefault = member === 0 || member === '' || member === false || enums[of]?.[String(member)] === 0;
      // Wrappers (BoolValue) tell a default value from none.
      if (spelling.defaults === 'left out' && isDefault && !of.endsWith('Value')) return [];
      const written = spelling.names === 'file' ? name : name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
      return [[written, spelt(member, spelling, of)]];
    }),
  );
}
