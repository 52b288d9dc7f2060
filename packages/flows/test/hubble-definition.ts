/**
 * The fields that we write of Hubble's messages, with their types in Cilium's `api/v1/flow/flow.proto` and
 * `api/v1/observer/observer.proto`, and a decoder as strict as protobuf's JSON: no unknown field, no other type, no enum
 * value that is not there.
 */

/** `[]` behind a type: repeated; another message by its name. */
type FieldType = string;

const messages: Readonly<Record<string, Readonly<Record<string, FieldType>>>> = {
  GetFlowsResponse: { flow: 'Flow', node_name: 'string', time: 'Timestamp' },
  Flow: {
    time: 'Timestamp',
    uuid: 'string',
    verdict: 'Verdict',
    drop_reason: 'uint32',
    IP: 'IP',
    l4: 'Layer4',
    source: 'Endpoint',
    destination: 'Endpoint',
    Type: 'FlowType',
    node_name: 'string',
    destination_names: 'string[]',
    event_type: 'CiliumEventType',
    traffic_direction: 'TrafficDirection',
    drop_reason_desc: 'DropReason',
    is_reply: 'BoolValue',
    Summary: 'string',
    egress_allowed_by: 'Policy[]',
    ingress_allowed_by: 'Policy[]',
    egress_denied_by: 'Policy[]',
    ingress_denied_by: 'Policy[]',
  },
  IP: { source: 'string', destination: 'string', ipVersion: 'IPVersion', encrypted: 'bool' },
  Layer4: { TCP: 'TCP', UDP: 'UDP', ICMPv4: 'ICMP', ICMPv6: 'ICMP', SCTP: 'UDP' },
  TCP: { source_port: 'uint32', destination_port: 'uint32', flags: 'TCPFlags' },
  TCPFlags: { SYN: 'bool', ACK: 'bool', FIN: 'bool', RST: 'bool' },
  UDP: { source_port: 'uint32', destination_port: 'uint32' },
  ICMP: { type: 'uint32', code: 'uint32' },
  Endpoint: {
    ID: 'uint32',
    identity: 'uint32',
    namespace: 'string',
    labels: 'string[]',
    pod_name: 'string',
    workloads: 'Workload[]',
  },
  Workload: { name: 'string', kind: 'string' },
  CiliumEventType: { type: 'int32', sub_type: 'int32' },
  Policy: { name: 'string', namespace: 'string', labels: 'string[]', revision: 'uint64', kind: 'string' },
};

const enums: Readonly<Record<string, readonly string[]>> = {
  Verdict: ['VERDICT_UNKNOWN', 'FORWARDED', 'DROPPED', 'ERROR', 'AUDIT', 'REDIRECTED', 'TRACED', 'TRANSLATED'],
  FlowType: ['UNKNOWN_TYPE', 'L3_L4', 'L7', 'SOCK'],
  IPVersion: ['IP_NOT_USED', 'IPv4', 'IPv6'],
  TrafficDirection: ['TRAFFIC_DIRECTION_UNKNOWN', 'INGRESS', 'EGRESS'],
  DropReason: ['DROP_REASON_UNKNOWN', 'POLICY_DENIED', 'POLICY_DENY'],
};

const scalars: Readonly<Record<string, (value: unknown) => boolean>> = {
  string: (value) => typeof value === 'string',
  bool: (value) => typeof value === 'boolean',
  BoolValue: (value) => typeof value === 'boolean' || value === null,
  uint32: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32,
  int32: (value) => Number.isInteger(value) && Math.abs(Number(value)) < 2 ** 31,
  Timestamp: (value) => typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/.test(value),
};

/** What a strict decoder of the message finds wrong; empty: nothing. */
export function problemsOf(value: unknown, type: string = 'GetFlowsResponse', path: string = ''): string[] {
  if (type.endsWith('[]'))
    return Array.isArray(value) ? value.flatMap((one, i) => problemsOf(one, type.slice(0, -2), `${path}[${i}]`)) : [`${path} is no list`];
  const values = enums[type];
  if (values !== undefined) return values.some((one) => one === value) ? [] : [`${path} is no ${type}: ${String(value)}`];
  const isScalar = scalars[type];
  if (isScalar !== undefined) return isScalar(value) ? [] : [`${path} is no ${type}: ${String(value)}`];
  const fields = messages[type] ?? {};
  if (typeof value !== 'object' || value === null) return [`${path} is no ${type}`];
  return Object.entries(value).flatMap(([name, member]) => {
    const of = fields[name];
    return of === undefined ? [`${type} has no field ${name}`] : problemsOf(member, of, `${path}.${name}`);
  });
}
