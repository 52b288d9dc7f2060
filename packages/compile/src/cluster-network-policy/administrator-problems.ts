/**
 * What is wrong with a policy that the schema of its kind let through: what no schema can say, and what the API says of a
 * field only in words.
 */
import { type FieldError, parseApiCidr, validateLabelSelector } from '@weir/kube';
import type { Direction } from '@weir/model';
import { isTransportName } from '@weir/net';
import { forbidden, invalid, notSupported, required } from '../field-problems.ts';
import {
  type AdministratorPolicy,
  type AdministratorPolicyKind,
  type AdministratorPorts,
  type AdministratorRule,
  peersPath,
} from './administrator-policy.ts';
import type { AdministratorPeer, PodSelection } from './cluster-network-policy.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];

/** Every error, in the order of the fields. */
export function administratorProblems(policy: AdministratorPolicy, kind: AdministratorPolicyKind): readonly FieldError[] {
  return [
    ...selectionProblems(policy.subject, 'spec.subject'),
    ...(['ingress', 'egress'] as const).flatMap((direction) =>
      policy[direction].flatMap((rule, index) => ruleProblems(rule, { direction, index, kind })),
    ),
  ];
}

interface RulePlace {
  readonly direction: Direction;
  readonly index: number;
  readonly kind: AdministratorPolicyKind;
}

function ruleProblems(rule: AdministratorRule, { direction, index, kind }: RulePlace): FieldError[] {
  const path = peersPath(direction, index);
  const portsPath = `spec.${direction}[${index}].${kind.portsField}`;
  return [
    ...rule.peers.flatMap((peer, i) => [
      ...peerProblems(peer, `${path}[${i}]`),
      ...(peer.domainNames !== undefined && rule.action !== 'allow'
        ? [forbidden(`${path}[${i}].domainNames`, `domain names are for rules with action ${kind.allowing} alone`)]
        : []),
    ]),
    ...(rule.ports ?? []).flatMap((ports, i) => portsProblems(ports, `${portsPath}[${i}]`)),
  ];
}

function peerProblems(peer: AdministratorPeer, path: string): FieldError[] {
  const { nodes, networks = [] } = peer;
  return [
    ...selectionProblems(peer, path),
    ...(nodes === undefined ? [] : validateLabelSelector(nodes, `${path}.nodes`)),
    ...networks.flatMap((text, i) =>
      parseApiCidr(text) === undefined ? [invalid(`${path}.networks[${i}]`, text, 'must be an address block such as 10.0.0.0/8')] : [],
    ),
  ];
}

function selectionProblems({ namespaces, pods }: PodSelection, path: string): FieldError[] {
  return [
    ...(namespaces === undefined ? [] : validateLabelSelector(namespaces, `${path}.namespaces`)),
    ...(pods === undefined
      ? []
      : [
          ...validateLabelSelector(pods.namespaceSelector ?? {}, `${path}.pods.namespaceSelector`),
          ...validateLabelSelector(pods.podSelector, `${path}.pods.podSelector`),
        ]),
  ];
}

function portsProblems({ protocol, name }: AdministratorPorts, path: string): FieldError[] {
  if (name === '') return [required(path, 'a port needs a name')];
  return protocol === undefined || isTransportName(protocol) ? [] : [notSupported(path, protocol, protocols)];
}
