/**
 * What is valid in Cilium and not enforced here, each with its reason.
 *
 * A policy that has any of it is refused as a whole: a rule without the part that narrows it would let more through than
 * it says, and a rule left out of a policy that denies would too.
 */
import type { LabelSelector } from '@weir/kube';
import type { EngineProfile } from '@weir/model';
import { apiServerLabel } from '../objects/cilium-entity.ts';
import { readCiliumLabelKey } from '../objects/cilium-label.ts';
import { type CiliumPolicy, type CiliumPortRule, specsOf } from '../objects/cilium-policy.ts';
import { readCiliumProtocol } from '../objects/cilium-port.ts';
import { type CiliumRule, rulesOf } from '../objects/cilium-rule.ts';

/** A field, why it is not enforced, and what to do. */
export interface UnsupportedCiliumField {
  readonly field: string;
  readonly message: string;
  readonly action: string;
}

const writeCidrs = 'write the addresses with CIDRs';

/** Everything in a valid policy that an engine does not enforce; empty when all of it is enforced. */
export function unsupportedInCilium(policy: CiliumPolicy, { name, nodesAreHosts }: EngineProfile): UnsupportedCiliumField[] {
  return specsOf(policy).flatMap(({ spec, path }) => [
    ...(spec.nodeSelector === undefined || nodesAreHosts
      ? []
      : [
          {
            field: `${path}.nodeSelector`,
            message: `with the engine ${name} interfaces of nodes have no policies of Cilium, so the nodes would be left open`,
            action: 'select pods with endpointSelector, protect the nodes by HostEndpoints of Calico, or use the engine cilium',
          },
        ]),
    ...rulesOf(spec, path).flatMap((rule) => [...unsupportedInRule(rule), ...(spec.nodeSelector === undefined ? denialOfHost(rule) : [])]),
  ]);
}

function unsupportedInRule(rule: CiliumRule): UnsupportedCiliumField[] {
  const { path, prefix, peers, requires, authentication, toPorts = [] } = rule;
  const found: UnsupportedCiliumField[] = [];
  if ((peers.Groups ?? []).length > 0) {
    const message = 'groups of a cloud (security groups of AWS) are not read, so nobody knows whom they mean';
    found.push({ field: `${path}.${prefix}Groups`, message, action: writeCidrs });
  }
  if ((requires ?? []).length > 0) {
    found.push({
      field: `${path}.${prefix}Requires`,
      message: 'requirements that narrow the rules of other policies are not enforced (Cilium 1.19 has removed them)',
      action: `write what is required into ${prefix}Endpoints of the rules`,
    });
  }
  if (authentication !== undefined && authentication.mode !== 'disabled') {
    found.push({
      field: `${path}.authentication`,
      message: 'authentication of the two ends is not enforced; without it the rule would let anybody through who has the address',
      action: 'write the rule without authentication, or leave it to a service mesh',
    });
  }
  found.push(...unsupportedSelectors(rule), ...toPorts.flatMap((ports, i) => unsupportedInPorts(ports, `${path}.toPorts[${i}]`)));
  return found;
}

/** Of pods: what a node sends to itself is nobody's, so of nodes it says nothing. */
function denialOfHost({ isDeny, direction, peers: { Entities = [] }, path }: CiliumRule): UnsupportedCiliumField[] {
  if (!isDeny || direction !== 'ingress' || !Entities.includes('host')) return [];
  return [
    {
      field: `${path}.fromEntities[${Entities.indexOf('host')}]`,
      message: 'a node always reaches its own pods, as the kubelet must (Kubernetes NetworkPolicy says so)',
      action: 'leave host out',
    },
  ];
}

/** Everything but the API server: its addresses belong to nodes or to the world too, which have other labels. */
function unsupportedSelectors({ peers: { Endpoints = [] }, path, prefix }: CiliumRule): UnsupportedCiliumField[] {
  return Endpoints.flatMap((selector, i) =>
    excludesApiServer(selector)
      ? [
          {
            field: `${path}.${prefix}Endpoints[${i}]`,
            message: 'the API server cannot be left out by its label, since what is left cannot be told by addresses',
            action: `name the entities that are meant in ${prefix}Entities`,
          },
        ]
      : [],
  );
}

function excludesApiServer({ matchExpressions = [] }: LabelSelector): boolean {
  return matchExpressions.some(({ key, operator }) => {
    const label = readCiliumLabelKey(key);
    return label.source === 'reserved' && label.key === apiServerLabel && (operator === 'NotIn' || operator === 'DoesNotExist');
  });
}

function unsupportedInPorts(rule: CiliumPortRule, path: string): UnsupportedCiliumField[] {
  const { ports = [], rules, serverNames = [] } = rule;
  const found = ports.flatMap(({ protocol }, i) =>
    readCiliumProtocol(protocol) === undefined
      ? [
          {
            field: `${path}.ports[${i}].protocol`,
            message: `${protocol} has no ports`,
            action: 'write messages of ICMP into icmps, and leave other protocols to rules without ports',
          },
        ]
      : [],
  );
  const needsProxy = (field: string, what: string): UnsupportedCiliumField => ({
    field: `${path}.${field}`,
    message: `${what} need a proxy between the two ends; enforced by the kernel alone, the rule would let every request through`,
    action: 'write the rule without them, or leave them to a service mesh',
  });
  if (rules?.http !== undefined) found.push(needsProxy('rules.http', 'rules for HTTP'));
  if (rules?.kafka !== undefined) found.push(needsProxy('rules.kafka', 'rules for Kafka'));
  if (rules?.l7proto !== undefined) found.push(needsProxy('rules.l7proto', `rules for ${rules.l7proto}`));
  if (rules?.dns !== undefined && !rules.dns.some(({ matchPattern }) => matchPattern === '*')) {
    found.push({
      field: `${path}.rules.dns`,
      message: 'queries for some names only are not told apart; the rule would let every query through',
      action: 'allow every name (matchPattern: "*") and say with toFQDNs where connections may go',
    });
  }
  if (serverNames.length > 0) found.push(needsProxy('serverNames', 'names of servers in TLS'));
  if (rule.terminatingTLS !== undefined) found.push(needsProxy('terminatingTLS', 'certificates of TLS'));
  if (rule.originatingTLS !== undefined) found.push(needsProxy('originatingTLS', 'certificates of TLS'));
  if (rule.listener !== undefined) found.push(needsProxy('listener', 'listeners of Envoy'));
  return found;
}
