/**
 * Calico's HostEndpoint into the model: interfaces of a node with labels, named ports, and what becomes of traffic that no
 * policy decides, which its profiles say.
 *
 * Profiles are asked one after the other as Calico does (felix `rules/endpoints.go`). One that is not there denies; those of
 * service accounts are not read and count as not there, so that nothing is let through for want of knowing them.
 */
import { type KubeObject } from '@weir/kube';
import type { HostEndpoint, LabelsBySpace, NamedPort } from '@weir/model';
import { defined, parseAddress } from '@weir/net';
import { namespaceKind } from '../../core-kinds.ts';
import type { PositionLookup } from '../../kubernetes/compile-network-policy.ts';
import type { CompiledObject, ReferredObjects } from '../../policy-api.ts';
import type { CalicoHostEndpoint } from '../objects/calico-policy.ts';
import { allowAllProfile } from '../objects/calico-profile.ts';
import { calicoProtocolNumber } from '../validation/calico-protocol.ts';
import { validateCalicoObject } from '../validation/validate-calico-object.ts';
import { refusalsOf } from './refused-object.ts';

const nowhere: PositionLookup = () => undefined;

/** Compiles one in its v3 form. */
export function compileHostEndpoint(object: KubeObject, referred: ReferredObjects, positionOf: PositionLookup = nowhere): CompiledObject {
  const errors = validateCalicoObject(object);
  if (errors.length > 0) {
    const meanwhile = 'no part of this version of the host endpoint is applied';
    return { policies: [], diagnostics: refusalsOf(object, errors, { positionOf, meanwhile }) };
  }
  return { policies: [], hosts: [hostOf(object as CalicoHostEndpoint, referred)], diagnostics: [] };
}

/**
 * What stands for a refused one: the same interface, with nothing that lets traffic through. None when it names no
 * node or no interface that could be one: there is nothing then that could be closed.
 */
export function closedHostEndpoint(object: KubeObject): readonly HostEndpoint[] {
  const { node, interfaceName, expectedIPs } = { ...(object as CalicoHostEndpoint).spec };
  const versions = [
    { node, interfaceName, expectedIPs },
    { node, interfaceName },
  ].map((spec) => ({ ...object, kind: 'HostEndpoint', spec }));
  const closed = versions.find((version) => validateCalicoObject(version).length === 0);
  return closed === undefined ? [] : [hostOf(closed as CalicoHostEndpoint, { get: () => undefined, list: () => [] })];
}

function hostOf({ metadata, spec }: CalicoHostEndpoint, referred: ReferredObjects): HostEndpoint {
  const { node = '', interfaceName = '', profiles = [] } = spec;
  const { name = '', uid = name } = metadata;
  return {
    uid,
    name,
    node,
    interfaces: interfaceName === '*' ? 'all' : interfaceName === '' ? 'by address' : { name: interfaceName },
    addresses: hostAddresses(spec),
    labels: hostLabels(metadata, inherited(profiles, referred)),
    namedPorts: hostPorts(spec),
    otherwise: decisionOf(profiles, referred),
  };
}

/** The addresses that a valid one expects. */
export function hostAddresses({ expectedIPs = [] }: CalicoHostEndpoint['spec']): HostEndpoint['addresses'] {
  return expectedIPs.map((text) => defined(parseAddress(text), 'validation let an address through'));
}

/** The named ports of a valid one. */
export function hostPorts({ ports = [] }: CalicoHostEndpoint['spec']): readonly NamedPort[] {
  return ports.map(({ name, protocol, port }) => ({
    name,
    protocol: defined(calicoProtocolNumber(protocol), 'validation let a protocol through'),
    port,
  }));
}

/** A host endpoint is in no namespace, whatever its labels say. */
function hostLabels({ labels = {} }: KubeObject['metadata'], namespace: LabelsBySpace['namespace']): LabelsBySpace {
  const texts = Object.entries(labels).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return { pod: Object.fromEntries(texts), namespace, serviceAccount: {}, reserved: {} };
}

const ofNamespace = 'kns.';

/** The labels that profiles of namespaces lend; of two the first counts. */
function inherited(profiles: readonly string[], referred: ReferredObjects): LabelsBySpace['namespace'] {
  const lending = profiles.filter((profile) => profile.startsWith(ofNamespace)).toReversed();
  return Object.fromEntries(lending.flatMap((profile) => Object.entries(namespaceOf(profile, referred)?.metadata.labels ?? {})));
}

function namespaceOf(profile: string, referred: ReferredObjects): KubeObject | undefined {
  return referred.get(namespaceKind, profile.slice(ofNamespace.length));
}

/** The first profile decides: those that are there allow everything. */
function decisionOf([profile]: readonly string[], referred: ReferredObjects): HostEndpoint['otherwise'] {
  if (profile === undefined) return 'deny';
  if (profile === allowAllProfile.metadata.name) return 'allow';
  return profile.startsWith(ofNamespace) && namespaceOf(profile, referred) !== undefined ? 'allow' : 'deny';
}
