/**
 * Which parts of a valid NetworkPolicy an engine does not support on an operating system.
 *
 * Asked before anything is compiled, so that a policy which cannot be expressed fully is refused as a
 * whole, with the field that stands in the way.
 */
import type { DefaultedNetworkPolicy, IPBlock, LabelSelector, NetworkPolicyPeer, NetworkPolicyPort } from '@weir/kube';
import { addedBlocksMax, type EnforcementTarget, type PolicyFeature, unsupportedOn } from '@weir/model';
import { cidrsOfRange } from '@weir/net';
import { rangesOfIpBlock } from './ip-block-ranges.ts';

/** A field that uses something unsupported, the sentence that says so, and what to write instead. */
export interface UnsupportedField {
  readonly field: string;
  readonly feature: PolicyFeature;
  readonly message: string;
  readonly action: string;
}

const actions: Readonly<Record<PolicyFeature, string>> = {
  'named-port': 'write the number of the port',
  sctp: 'leave SCTP out of the policy, and have the pods that speak it on Linux nodes',
  'negative-selector': 'say with In or Exists which labels are meant, or have it expressed so by --windows-expand-unsupported',
  'ip-block-except': 'write the blocks that are left without the exceptions, or have it done by --windows-expand-unsupported',
  ipv6: 'leave the block out, or use an engine that supports IPv6',
};

interface UsedFeature {
  readonly field: string;
  readonly feature: PolicyFeature;
  /** The block with exceptions. */
  readonly ipBlock?: IPBlock;
}

/** Every field of the policy that the target does not support; empty when it supports all of it. */
export function unsupportedFields(policy: DefaultedNetworkPolicy, target: EnforcementTarget): UnsupportedField[] {
  const gaps = new Map(unsupportedOn(target).map(({ feature, message }) => [feature, message]));
  const isSplit = target.expandsUnsupported && unsupportedOn({ ...target, expandsUnsupported: false }).some(isException);
  if (gaps.size === 0 && !isSplit) return [];
  return usedFeatures(policy).flatMap(({ field, feature, ipBlock }) => {
    const message = gaps.get(feature) ?? (isSplit && ipBlock !== undefined ? splittingProblem(ipBlock) : undefined);
    if (message === undefined) return [];
    return [{ field, feature, message, action: gaps.has(feature) ? actions[feature] : 'write fewer exceptions' }];
  });
}

function isException({ feature }: { readonly feature: PolicyFeature }): boolean {
  return feature === 'ip-block-except';
}

/** Why a block cannot be split around its exceptions. */
function splittingProblem(ipBlock: IPBlock): string | undefined {
  const ranges = rangesOfIpBlock(ipBlock);
  const blocks = ranges.reduce((sum, range) => sum + cidrsOfRange(range).length, 0);
  const most = ranges.length + addedBlocksMax;
  return blocks <= most
    ? undefined
    : `exceptions of an ipBlock that split it into ${blocks} blocks, where Weir takes ${most} at most on Windows`;
}

function usedFeatures({ spec }: DefaultedNetworkPolicy): UsedFeature[] {
  const { podSelector, policyTypes, ingress = [], egress = [] } = spec;
  // Rules of a direction that is not listed do nothing (NP5), so nothing in them stands in the way.
  return [
    ...inSelector(podSelector, 'spec.podSelector'),
    ...(policyTypes.includes('Ingress')
      ? ingress.flatMap(({ from, ports }, i) => inRule({ peers: from, ports }, `spec.ingress[${i}]`, 'from'))
      : []),
    ...(policyTypes.includes('Egress')
      ? egress.flatMap(({ to, ports }, i) => inRule({ peers: to, ports }, `spec.egress[${i}]`, 'to'))
      : []),
  ];
}

interface PeersAndPorts {
  readonly peers: readonly NetworkPolicyPeer[] | undefined;
  readonly ports: readonly NetworkPolicyPort[] | undefined;
}

function inRule({ peers = [], ports = [] }: PeersAndPorts, path: string, list: 'from' | 'to'): UsedFeature[] {
  return [
    ...peers.flatMap((peer, i) => inPeer(peer, `${path}.${list}[${i}]`)),
    ...ports.flatMap((port, i) => inPort(port, `${path}.ports[${i}]`)),
  ];
}

function inPeer({ podSelector, namespaceSelector, ipBlock }: NetworkPolicyPeer, path: string): UsedFeature[] {
  const used = [...inSelector(podSelector, `${path}.podSelector`), ...inSelector(namespaceSelector, `${path}.namespaceSelector`)];
  if (ipBlock?.cidr.includes(':') === true) used.push({ field: `${path}.ipBlock.cidr`, feature: 'ipv6' });
  if (ipBlock !== undefined && (ipBlock.except ?? []).length > 0)
    used.push({ field: `${path}.ipBlock.except`, feature: 'ip-block-except', ipBlock });
  return used;
}

function inPort({ protocol, port }: NetworkPolicyPort, path: string): UsedFeature[] {
  return [
    ...(protocol === 'SCTP' ? [{ field: `${path}.protocol`, feature: 'sctp' } as const] : []),
    ...(typeof port === 'string' ? [{ field: `${path}.port`, feature: 'named-port' } as const] : []),
  ];
}

function inSelector(selector: LabelSelector | undefined, path: string): UsedFeature[] {
  return (selector?.matchExpressions ?? []).flatMap(({ operator }, i) =>
    operator === 'NotIn' || operator === 'DoesNotExist'
      ? [{ field: `${path}.matchExpressions[${i}]`, feature: 'negative-selector' } as const]
      : [],
  );
}
