/**
 * Validation of every kind of Calico's that is a policy or that policies refer to: shape first, then what the kind's own
 * rules ask (`libcalico-go/lib/validator/v3`). Metadata beyond names is validated as for every Kubernetes object.
 */
import { checkShape, defaultNetworkPolicy, type FieldError, type KubeObject, validateNetworkPolicy } from '@weir/kube';
import { parseAddress, parseCidr, unreachable } from '@weir/net';
import { forbidden, invalid, notSupported, required } from '../../field-problems.ts';
import {
  type CalicoHostEndpoint,
  type CalicoNetworkSet,
  type CalicoPolicy,
  type CalicoTier,
  calicoStagedActions,
  type StagedKubernetesNetworkPolicy,
} from '../objects/calico-policy.ts';
import { type CalicoKind, calicoSpecShapes } from '../objects/calico-shapes.ts';
import { calicoProtocolNumber } from './calico-protocol.ts';
import { validateCalicoPolicy, validateCalicoTier } from './validate-calico-policy.ts';

/** An object of a kind that is known here, in its v3 form. */
export type CalicoObject = CalicoPolicy | CalicoTier | CalicoNetworkSet | CalicoHostEndpoint | StagedKubernetesNetworkPolicy;

/** Whether objects of a kind can be validated here. */
export function isCalicoKind(kind: string): kind is CalicoKind {
  return Object.hasOwn(calicoSpecShapes, kind);
}

/** Everything that is wrong with an object of one of these kinds; nothing is known of its shape yet. */
export function validateCalicoObject(object: KubeObject & { readonly spec?: unknown }): FieldError[] {
  const { kind = '' } = object;
  if (!isCalicoKind(kind)) return [notSupported('kind', kind, Object.keys(calicoSpecShapes))];
  const shapeErrors = checkShape(object.spec ?? {}, calicoSpecShapes[kind], 'spec');
  if (shapeErrors.length > 0) return shapeErrors;
  return validateShaped({ ...object, spec: object.spec ?? {} } as CalicoObject);
}

function validateShaped(object: CalicoObject): FieldError[] {
  switch (object.kind) {
    case 'Tier':
      return validateCalicoTier(object);
    case 'NetworkSet':
    case 'GlobalNetworkSet':
      return networkSetErrors(object);
    case 'HostEndpoint':
      return hostEndpointErrors(object);
    case 'StagedKubernetesNetworkPolicy':
      return stagedKubernetesErrors(object);
    case 'NetworkPolicy':
    case 'StagedNetworkPolicy':
    case 'GlobalNetworkPolicy':
    case 'StagedGlobalNetworkPolicy':
      return validateCalicoPolicy(object);
    default:
      return unreachable(object);
  }
}

/** The label that says where an endpoint is; a set that had it would be in that namespace for selectors. */
const namespaceLabel = 'projectcalico.org/namespace';

function networkSetErrors({ metadata, spec: { nets = [] } }: CalicoNetworkSet): FieldError[] {
  const claimed = metadata.labels?.[namespaceLabel] !== undefined;
  return [
    ...(claimed ? [forbidden(`metadata.labels[${namespaceLabel}]`, 'only Calico itself sets this label')] : []),
    ...nets.flatMap((net, i) =>
      parseAddress(net) === undefined && parseCidr(net) === undefined
        ? [invalid(`spec.nets[${i}]`, net, 'must be an address or a CIDR, for example 10.0.0.0/8')]
        : [],
    ),
  ];
}

function hostEndpointErrors({ spec }: CalicoHostEndpoint): FieldError[] {
  const { node = '', interfaceName = '', expectedIPs = [], ports = [] } = spec;
  const errors: FieldError[] = [];
  if (node === '') errors.push(required('spec.node', 'must name the node whose interfaces these are'));
  if (interfaceName === '' && expectedIPs.length === 0) {
    errors.push(required('spec.interfaceName', 'no interfaceName or expectedIPs have been specified'));
  }
  if (interfaceName !== '' && !/^(\*|[a-zA-Z0-9_.-]{1,15})$/.test(interfaceName)) {
    errors.push(invalid('spec.interfaceName', interfaceName, 'must be "*" or the name of an interface, at most 15 characters'));
  }
  for (const [i, address] of expectedIPs.entries()) {
    if (parseAddress(address) === undefined) errors.push(invalid(`spec.expectedIPs[${i}]`, address, 'must be an address'));
  }
  for (const [i, { name, protocol, port }] of ports.entries()) {
    const field = `spec.ports[${i}]`;
    if (!/^(?=.*[a-z])[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name ?? '')) {
      errors.push(invalid(`${field}.name`, name, 'must be the name of a port: letters, digits and dashes, at most 15'));
    }
    if (protocol === undefined || calicoProtocolNumber(protocol) === undefined) {
      errors.push(invalid(`${field}.protocol`, protocol, 'must be a protocol, for example TCP'));
    }
    if (!(port >= 1 && port <= 65_535)) errors.push(invalid(`${field}.port`, port, 'must be a number from 1 to 65535'));
  }
  return errors;
}

function stagedKubernetesErrors({ spec: { stagedAction = 'Set', ...policy }, metadata }: StagedKubernetesNetworkPolicy): FieldError[] {
  if (!calicoStagedActions.includes(stagedAction)) return [notSupported('spec.stagedAction', stagedAction, calicoStagedActions)];
  if (stagedAction !== 'Delete') return validateNetworkPolicy(defaultNetworkPolicy({ metadata, spec: policy }));
  const others = Object.keys(policy);
  return others.length === 0
    ? []
    : [forbidden('spec', `a policy that is staged for deletion has no other fields, and this one has ${others.join(', ')}`)];
}
