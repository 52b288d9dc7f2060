/** Policies of the model as those of Calico: the way back from `compile-calico-policy.ts`, rule by rule. */

import type { Action, Direction, IcmpMessages, Match, Policy, Rule, Side } from '@weir/model';
import { cidrsOfRange, formatCidr, type PortRange, type ProtocolNumber, protocolNumber } from '@weir/net';
import type { PlacedPolicy } from '../../policy-api.ts';
import { blocksOfRanges } from '../../writing/address-blocks.ts';
import { namesOf, onlyNamespace, type SelectorParts, selectorParts } from '../../writing/selector-parts.ts';
import { writeRules } from '../../writing/write-rules.ts';
import { NoWords, ReasonList, type WrittenPolicy } from '../../writing/written-policy.ts';
import type { CalicoAction, CalicoEntity, CalicoIcmp, CalicoPort, CalicoProtocol, CalicoRule } from '../objects/calico-policy.ts';
import { calicoGroup } from '../objects/stored-form.ts';
import { writeCalicoSelector } from './write-calico-selector.ts';

const actions: Readonly<Record<Action, CalicoAction>> = { allow: 'Allow', deny: 'Deny', pass: 'Pass', log: 'Log' };

/** A policy of a namespace where all that it selects is in one, else one of the cluster. */
export function writeCalicoPolicy({ tier, policy }: PlacedPolicy): WrittenPolicy {
  const reasons = new ReasonList();
  const subject = reasons.try('subject', () => selectorParts(policy.subject));
  const namespace = subject === undefined ? undefined : onlyNamespace(subject);
  const selectors = subject === undefined ? undefined : reasons.try('subject', () => subjectFields(subject, namespace));
  const rulesOf = (direction: Direction): readonly (CalicoRule | undefined)[] | undefined =>
    writeRules(reasons, policy, direction, (rule) => writeRule(rule, namespace));
  const [ingress, egress] = [rulesOf('ingress'), rulesOf('egress')];
  for (const direction of ['ingress', 'egress'] as const) {
    if (policy[direction]?.isolates === false) reasons.add(direction, 'a policy of Calico always isolates what it selects');
  }
  return reasons.finish(() => [
    {
      apiVersion: calicoGroup,
      kind: `${policy.staged ? 'Staged' : ''}${namespace === undefined ? 'Global' : ''}NetworkPolicy`,
      metadata: { name: nameOf(policy, namespace), ...(namespace === undefined ? {} : { namespace }) },
      spec: {
        tier: tier.name,
        ...(Number.isFinite(policy.order) ? { order: policy.order } : {}),
        ...selectors,
        types: [...(ingress === undefined ? [] : ['Ingress']), ...(egress === undefined ? [] : ['Egress'])],
        ...(ingress === undefined || ingress.length === 0 ? {} : { ingress }),
        ...(egress === undefined || egress.length === 0 ? {} : { egress }),
      },
    },
  ]);
}

/** Policies of the cluster take the name of their namespace along, so that two of them do not meet. */
function nameOf({ ref }: Policy, namespace: string | undefined): string {
  return namespace === undefined && ref.namespace !== undefined ? `${ref.namespace}-${ref.name}` : ref.name;
}

function subjectFields(parts: SelectorParts, namespace: string | undefined): Record<string, string> {
  return {
    selector: writeCalicoSelector(parts.pod, 'endpoint') || 'all()',
    ...(namespace === undefined ? { namespaceSelector: namespaceSelector(parts) } : {}),
    ...(parts.serviceAccount.length === 0 ? {} : { serviceAccountSelector: writeCalicoSelector(parts.serviceAccount, 'serviceAccount') }),
  };
}

/** `all()` keeps host endpoints and sets of the cluster out. */
function namespaceSelector(parts: SelectorParts): string {
  return writeCalicoSelector([...namesOf(parts), ...parts.namespace], 'namespace') || 'all()';
}

function writeRule({ action, match }: Rule, namespace: string | undefined): CalicoRule {
  const { protocol, notProtocol, icmp, notIcmp, family } = match;
  const source = writeEntity(match.source, namespace);
  const destination = writeEntity(match.destination, namespace);
  return {
    action: actions[action],
    ...(family === undefined || impliesFamily(match) ? {} : { ipVersion: family }),
    ...(protocol === undefined ? {} : { protocol: writeProtocol(protocol) }),
    ...(notProtocol === undefined ? {} : { notProtocol: writeProtocol(notProtocol) }),
    ...(icmp === undefined ? {} : { icmp: writeMessages(icmp) }),
    ...(notIcmp === undefined ? {} : { notICMP: writeMessages(notIcmp) }),
    ...(Object.keys(source).length === 0 ? {} : { source }),
    ...(Object.keys(destination).length === 0 ? {} : { destination }),
  };
}

function impliesFamily({ protocol }: Match): boolean {
  return protocol === protocolNumber.ICMP || protocol === protocolNumber.ICMPv6;
}

function writeMessages({ type, code }: IcmpMessages): CalicoIcmp {
  return { type, ...(code === undefined ? {} : { code }) };
}

const protocolNames: ReadonlyMap<ProtocolNumber, string> = new Map(Object.entries(protocolNumber).map(([name, number]) => [number, name]));

function writeProtocol(protocol: ProtocolNumber): CalicoProtocol {
  return protocolNames.get(protocol) ?? protocol;
}

function writeEntity(side: Side, namespace: string | undefined): CalicoEntity {
  if (side.node !== undefined || side.nodes !== undefined) throw new NoWords('Calico cannot name nodes');
  return {
    ...writeSelectors(side, namespace),
    ...writeNets(side),
    ...writeGroups(side),
    ...ports('ports', side.ports, side.namedPorts),
    ...ports('notPorts', side.notPorts, side.notNamedPorts),
  };
}

function writeSelectors({ selector, notSelector }: Side, namespace: string | undefined): CalicoEntity {
  const parts = selector === undefined ? undefined : selectorParts(selector);
  const isOwn = parts !== undefined && onlyNamespace(parts) === namespace && namespace !== undefined;
  // Alone, it would be limited to the policy's namespace by Calico.
  if (notSelector !== undefined && namespace !== undefined && parts === undefined)
    throw new NoWords('a namespaced policy of Calico cannot exclude pods and mean everybody else');
  const own = parts === undefined ? '' : writeCalicoSelector([...parts.pod, ...parts.serviceAccount], 'endpoint');
  return {
    ...(parts === undefined || isOwn ? {} : { namespaceSelector: namespaceSelector(parts) }),
    ...(own !== '' ? { selector: own } : isOwn ? { selector: 'all()' } : {}),
    ...(notSelector === undefined ? {} : { notSelector: writeCalicoSelector([notSelector], 'endpoint') }),
  };
}

function writeNets({ nets, notNets }: Side): CalicoEntity {
  if (nets?.length === 0) throw new NoWords('it means no address at all');
  const blocks = blocksOfRanges(nets ?? []);
  const holes = (notNets ?? []).flatMap(cidrsOfRange).map(formatCidr);
  const isMixed = new Set([...(nets ?? []), ...(notNets ?? [])].map(({ first }) => first.family)).size > 1;
  if (isMixed) throw new NoWords('one rule of Calico cannot have blocks of IPv4 and of IPv6');
  // An exception holds for all blocks of a rule, which are disjoint.
  const except = [...holes, ...blocks.flatMap((block) => block.except)];
  return {
    ...(nets === undefined ? {} : { nets: blocks.map(({ cidr }) => cidr) }),
    ...(except.length === 0 ? {} : { notNets: except }),
  };
}

function writeGroups({ groups }: Side): CalicoEntity {
  const [only] = groups ?? [];
  if (only === undefined) return {};
  const [kind, namespace, name] = only.split('/');
  if (kind !== 'service' || groups?.length !== 1 || name === undefined)
    throw new NoWords('Calico cannot name domain names, nor several services in one rule');
  return { services: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

function ports(field: 'ports' | 'notPorts', numbers: readonly PortRange[] = [], names: readonly string[] = []): CalicoEntity {
  const written: CalicoPort[] = [...numbers.map(({ first, last }) => (first === last ? first : `${first}:${last}`)), ...names];
  return written.length === 0 ? {} : { [field]: written };
}
