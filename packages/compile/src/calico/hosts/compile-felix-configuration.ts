/**
 * The part of Calico's FelixConfiguration that host endpoints depend on: failsafe ports, and what becomes of packets from
 * pods to their own node. `default` is for all nodes, `node.<name>` comes before it on that node, others mean nothing; the
 * fields that are about something else are not looked at.
 */
import { checkShape, closedShape, type FieldError, type KubeObject, listShape, stringShape } from '@weir/kube';
import type { Direction, Failsafe, PodToHost } from '@weir/model';
import { cidrRange, defined, hasPorts, parseCidr } from '@weir/net';
import { invalid, notSupported, required } from '../../field-problems.ts';
import type { PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import type { CompiledObject, HostSettingsLayer } from '../../policy-api.ts';
import type { CalicoProtocol } from '../objects/calico-policy.ts';
import { calicoProtocolNumber } from '../validation/calico-protocol.ts';
import { refusalsOf } from './refused-object.ts';

interface ProtoPort {
  readonly protocol?: CalicoProtocol;
  readonly port?: number;
  readonly net?: string;
}

interface FelixSpec {
  readonly failsafeInboundHostPorts?: readonly ProtoPort[];
  readonly failsafeOutboundHostPorts?: readonly ProtoPort[];
  readonly defaultEndpointToHostAction?: string;
}

const failsafeFields = { ingress: 'failsafeInboundHostPorts', egress: 'failsafeOutboundHostPorts' } as const;
const directions: readonly Direction[] = ['ingress', 'egress'];
const actions: readonly PodToHost[] = ['drop', 'return', 'accept'];

const ports = listShape(closedShape({ protocol: { kind: 'integerOrString' }, port: { kind: 'integer' }, net: stringShape }));
const shape = closedShape({
  failsafeInboundHostPorts: ports,
  failsafeOutboundHostPorts: ports,
  defaultEndpointToHostAction: stringShape,
});

const nowhere: PositionLookup = () => undefined;

/** Compiles one in its v3 form. */
export function compileFelixConfiguration(
  object: KubeObject & { readonly spec?: unknown },
  positionOf: PositionLookup = nowhere,
): CompiledObject {
  const node = nodeOf(object.metadata.name ?? '');
  if (node === undefined) return { policies: [], diagnostics: [] };
  const spec = readFields(object.spec);
  const shapeErrors = checkShape(spec, shape, 'spec');
  const errors = shapeErrors.length > 0 ? shapeErrors : errorsIn(spec as FelixSpec);
  if (errors.length > 0) {
    const meanwhile = 'the last version that could be read holds, and without one what holds where nothing is set';
    return { policies: [], diagnostics: refusalsOf(object, errors, { positionOf, meanwhile }) };
  }
  return { policies: [], hostSettings: { ...node, ...settingsOf(spec as FelixSpec) }, diagnostics: [] };
}

/** Whose settings these are; undefined: nobody's. */
function nodeOf(name: string): Pick<HostSettingsLayer, 'node'> | undefined {
  if (name === 'default') return {};
  return name.startsWith('node.') ? { node: name.slice('node.'.length) } : undefined;
}

function readFields(spec: unknown): unknown {
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return spec ?? {};
  return Object.fromEntries(Object.entries(spec).filter(([field]) => shape.names.includes(field)));
}

function errorsIn(spec: FelixSpec): FieldError[] {
  const action = spec.defaultEndpointToHostAction?.toLowerCase();
  const isAction = action === undefined || action === '' || (actions as readonly string[]).includes(action);
  return [
    ...(isAction ? [] : [notSupported('spec.defaultEndpointToHostAction', spec.defaultEndpointToHostAction, ['Drop', 'Return', 'Accept'])]),
    ...directions.flatMap((direction) =>
      (spec[failsafeFields[direction]] ?? []).flatMap((entry, i) => portErrors(entry, `spec.${failsafeFields[direction]}[${i}]`)),
    ),
  ];
}

function portErrors({ protocol, port, net }: ProtoPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const number = protocol === undefined ? undefined : calicoProtocolNumber(protocol);
  if (protocol === undefined) errors.push(required(`${path}.protocol`, 'must be TCP, UDP or SCTP'));
  else if (number === undefined || !hasPorts(number)) errors.push(invalid(`${path}.protocol`, protocol, 'must be TCP, UDP or SCTP'));
  if (port === undefined) errors.push(required(`${path}.port`, 'must be a number from 1 to 65535'));
  else if (port < 1 || port > 65_535) errors.push(invalid(`${path}.port`, port, 'must be a number from 1 to 65535'));
  if (net !== undefined && net !== '' && parseCidr(net) === undefined)
    errors.push(invalid(`${path}.net`, net, 'must be a CIDR, for example 10.0.0.0/8'));
  return errors;
}

/** An empty list is one without ports: nothing is failsafe in that direction. */
function settingsOf(spec: FelixSpec): Omit<HostSettingsLayer, 'node'> {
  const failsafes: Partial<Record<Direction, readonly Failsafe[]>> = {};
  for (const direction of directions) {
    const entries = spec[failsafeFields[direction]];
    // An absent list, which null stands for, leaves what holds without it.
    if (Array.isArray(entries)) failsafes[direction] = entries.map((entry: ProtoPort) => failsafeOf(entry, direction));
  }
  const action = spec.defaultEndpointToHostAction?.toLowerCase() as PodToHost | '' | undefined;
  return {
    ...(Object.keys(failsafes).length === 0 ? {} : { failsafes }),
    ...(action === undefined || action === '' ? {} : { podToHost: action }),
  };
}

function failsafeOf({ protocol, port, net = '' }: ProtoPort, direction: Direction): Failsafe {
  return {
    direction,
    protocol: defined(calicoProtocolNumber(protocol ?? ''), 'validation let a protocol through'),
    port: defined(port, 'validation let a port through'),
    ...(net === '' ? {} : { block: cidrRange(defined(parseCidr(net), 'validation let a block through')) }),
  };
}
