/**
 * Validation of networking.k8s.io/v1 NetworkPolicy: what the API server answers, all errors at once
 * and in its order (`pkg/apis/networking/validation`, Kubernetes 1.35 with its default feature gates).
 *
 * Takes a defaulted policy, as the API server does. `metadata` is validated elsewhere, for every kind
 * alike; types of fields are the schema's business (see `network-policy-shape.ts` for manifests).
 */
import { type Cidr, cidrContains } from '@weir/net';
import type { FieldError } from '../field-error.ts';
import type { IPBlock, NetworkPolicy, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec } from '../objects/network-policy.ts';
import { portNameProblems, portNumberProblems } from '../selectors/name-formats.ts';
import { type LabelSelectorValidationOptions, validateLabelSelector } from '../selectors/validate-label-selector.ts';
import { parseApiCidr } from './api-cidr.ts';

const protocols: readonly string[] = ['TCP', 'UDP', 'SCTP'];
const policyTypeNames: readonly string[] = ['Ingress', 'Egress'];

/** What an old version of the object excuses in a new one. */
interface Excuses extends LabelSelectorValidationOptions {
  readonly existingCidrs: ReadonlySet<string>;
}

/** Every error in the spec of a new policy. */
export function validateNetworkPolicy(policy: NetworkPolicy): FieldError[] {
  return validateSpec(policy.spec ?? {}, { existingCidrs: new Set() });
}

/**
 * Every error in the spec of a policy that replaces `old`: label values are not checked when the old
 * pod selector already had a bad one, and CIDR texts that the old version had stay accepted.
 */
export function validateNetworkPolicyUpdate(policy: NetworkPolicy, old: NetworkPolicy): FieldError[] {
  const allowInvalidValues = validateLabelSelector(old.spec?.podSelector ?? {}, '').length > 0;
  return validateSpec(policy.spec ?? {}, { allowInvalidValues, existingCidrs: new Set(cidrTexts(old.spec ?? {})) });
}

function validateSpec(spec: NetworkPolicySpec, excuses: Excuses): FieldError[] {
  const errors = validateLabelSelector(spec.podSelector ?? {}, 'spec.podSelector', excuses);
  for (const [i, rule] of (spec.ingress ?? []).entries()) {
    errors.push(...validatePorts(rule.ports ?? [], `spec.ingress[${i}].ports`));
    errors.push(...validatePeers(rule.from ?? [], `spec.ingress[${i}].from`, excuses));
  }
  for (const [i, rule] of (spec.egress ?? []).entries()) {
    errors.push(...validatePorts(rule.ports ?? [], `spec.egress[${i}].ports`));
    errors.push(...validatePeers(rule.to ?? [], `spec.egress[${i}].to`, excuses));
  }
  return [...errors, ...validatePolicyTypes(spec.policyTypes ?? [])];
}

function validatePolicyTypes(types: readonly string[]): FieldError[] {
  if (types.length > policyTypeNames.length) {
    return [{ reason: 'FieldValueInvalid', field: 'spec.policyTypes', value: types, message: 'may not specify more than two policyTypes' }];
  }
  return types.flatMap((type, i) => (policyTypeNames.includes(type) ? [] : [unsupported(`spec.policyTypes[${i}]`, type, policyTypeNames)]));
}

function validatePorts(ports: readonly NetworkPolicyPort[], path: string): FieldError[] {
  return ports.flatMap((port, i) => validatePort(port, `${path}[${i}]`));
}

function validatePort({ protocol, port, endPort }: NetworkPolicyPort, path: string): FieldError[] {
  const errors: FieldError[] = [];
  const invalid = (field: string, value: unknown, message: string): void => {
    errors.push({ reason: 'FieldValueInvalid', field: `${path}.${field}`, value, message });
  };
  if (protocol !== undefined && !protocols.includes(protocol)) errors.push(unsupported(`${path}.protocol`, protocol, protocols));
  if (port === undefined) {
    if (endPort !== undefined) invalid('endPort', endPort, 'may not be specified when `port` is not specified');
  } else if (typeof port === 'number') {
    for (const message of portNumberProblems(port)) invalid('port', port, message);
    if (endPort !== undefined) {
      if (endPort < port) invalid('endPort', endPort, 'must be greater than or equal to `port`');
      for (const message of portNumberProblems(endPort)) invalid('endPort', endPort, message);
    }
  } else {
    if (endPort !== undefined) invalid('endPort', endPort, 'may not be specified when `port` is non-numeric');
    for (const message of portNameProblems(port)) invalid('port', port, message);
  }
  return errors;
}

function validatePeers(peers: readonly NetworkPolicyPeer[], path: string, excuses: Excuses): FieldError[] {
  return peers.flatMap((peer, i) => validatePeer(peer, `${path}[${i}]`, excuses));
}

function validatePeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string, excuses: Excuses): FieldError[] {
  const errors: FieldError[] = [];
  if (podSelector !== undefined) errors.push(...validateLabelSelector(podSelector, `${path}.podSelector`, excuses));
  if (namespaceSelector !== undefined) errors.push(...validateLabelSelector(namespaceSelector, `${path}.namespaceSelector`, excuses));
  if (ipBlock !== undefined) errors.push(...validateIpBlock(ipBlock, `${path}.ipBlock`, excuses));
  if (podSelector === undefined && namespaceSelector === undefined) {
    if (ipBlock === undefined) errors.push({ reason: 'FieldValueRequired', field: path, message: 'must specify a peer' });
  } else if (ipBlock !== undefined) {
    errors.push({ reason: 'FieldValueForbidden', field: path, message: 'may not specify both ipBlock and another peer' });
  }
  return errors;
}

function validateIpBlock({ cidr = '', except = [] }: Partial<IPBlock>, path: string, excuses: Excuses): FieldError[] {
  if (cidr === '') return [{ reason: 'FieldValueRequired', field: `${path}.cidr`, message: '' }];
  const block = parseApiCidr(cidr);
  if (block === undefined) return excuses.existingCidrs.has(cidr) ? [] : [notACidr(`${path}.cidr`, cidr)];
  return except.flatMap((text, i) => {
    const field = `${path}.except[${i}]`;
    const hole = parseApiCidr(text);
    if (hole === undefined) return excuses.existingCidrs.has(text) ? [] : [notACidr(field, text)];
    if (isStrictSubset(hole, block)) return [];
    return [{ reason: 'FieldValueInvalid', field, value: text, message: 'must be a strict subset of `cidr`' }];
  });
}

function isStrictSubset(inner: Cidr, outer: Cidr): boolean {
  return cidrContains(outer, inner.network) && inner.prefixLength > outer.prefixLength;
}

function notACidr(field: string, value: string): FieldError {
  return { reason: 'FieldValueInvalid', field, value, message: 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)' };
}

function unsupported(field: string, value: string, supported: readonly string[]): FieldError {
  const list = supported.map((text) => JSON.stringify(text)).join(', ');
  return { reason: 'FieldValueNotSupported', field, value, message: `supported values: ${list}` };
}

/** Every CIDR text of a spec, exceptions included. */
function cidrTexts(spec: NetworkPolicySpec): string[] {
  const peers = [...(spec.ingress ?? []).flatMap((rule) => rule.from ?? []), ...(spec.egress ?? []).flatMap((rule) => rule.to ?? [])];
  return peers.flatMap(({ ipBlock }) => (ipBlock === undefined ? [] : [ipBlock.cidr, ...(ipBlock.except ?? [])]));
}
