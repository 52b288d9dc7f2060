/** Words for the parts of a verdict: ends, selectors, conditions that fail, and changes that help. */
import { formatAddress, formatPortRange, formatProtocol, hasPorts, type PortRange, unreachable } from '@weir/net';
import { podName } from './endpoint.ts';
import type { LabelKey, Origin, PolicyRef, Selector, SourcePosition } from './model.ts';
import { labelOf } from './selector.ts';
import type { Change, FlowEnd, FlowQuestion, Mismatch, SideName } from './verdict.ts';

/** `demo/client (10.224.0.73)`, `node n1 (10.224.0.4)`, or the address alone. */
export function describeEnd(end: FlowEnd): string {
  const address = end.address === undefined ? '' : formatAddress(end.address);
  if (end.kind === 'address') return address;
  const name = end.kind === 'endpoint' ? podName(end.endpoint) : `node ${end.node.name}`;
  return address === '' ? name : `${name} (${address})`;
}

/** `TCP/80`, or `ICMP` for a protocol without ports. */
export function describeService({ protocol, destinationPort, icmp }: FlowQuestion): string {
  const name = formatProtocol(protocol);
  if (icmp !== undefined) return `${name} type ${icmp.type} code ${icmp.code}`;
  return hasPorts(protocol) && destinationPort !== undefined ? `${name}/${destinationPort}` : name;
}

/** `NetworkPolicy demo/demo-policy`. */
export function describePolicy({ kind, namespace, name }: PolicyRef): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`;
}

/** ` of tier security`; nothing for the tier of NetworkPolicies, which most policies are in. */
export function describeTier(tier: string): string {
  return tier === 'default' ? '' : ` of tier ${tier}`;
}

/** So many policies are named where they have no order among each other. */
const unorderedShown = 4;

/** That policies of several APIs select one pod, by their names, the first of each API among them. */
export function describeUnordered(policies: readonly { readonly policy: PolicyRef; readonly source?: SourcePosition }[]): string {
  // A policy of Cilium is one in each of its tiers.
  const each = [...new Map(policies.toReversed().map((one) => [`${groupOf(one.policy)} ${describePolicy(one.policy)}`, one])).values()];
  const byGroup = new Map(each.map((one) => [groupOf(one.policy), one]));
  const shown = [...new Set([...byGroup.values(), ...each.toReversed()])].slice(0, unorderedShown);
  const names = shown.map(({ policy, source }) => `${describePolicy(policy)} (${groupOf(policy)})${describePlace(source)}`);
  const more = each.length - shown.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''} select it together, and the policies of these APIs have no order among each other`;
}

function groupOf({ apiVersion }: PolicyRef): string {
  return apiVersion.split('/')[0] ?? apiVersion;
}

/** ` (file:12)`, or nothing when the place is not known. */
export function describePlace(source: SourcePosition | undefined): string {
  return source === undefined ? '' : ` (${source.file}:${source.line})`;
}

/** `ingress[0].from[1]`, the place of a rule in its policy's spec. */
export function describeOrigin({ direction, ruleIndex, peerIndex, section, peers }: Origin): string {
  const rule = `${section ?? direction}[${ruleIndex}]`;
  return peerIndex === undefined ? rule : `${rule}.${peers ?? (direction === 'ingress' ? 'from' : 'to')}[${peerIndex}]`;
}

const textTestWords = { contains: 'contains', startsWith: 'starts with', endsWith: 'ends with' } as const;

/** A selector in the notation of kubectl, for people. */
export function describeSelector(selector: Selector): string {
  switch (selector.kind) {
    case 'all':
      return 'every pod';
    case 'none':
      return 'no pod';
    case 'in':
    case 'notIn': {
      const [only] = selector.values;
      const key = describeKey(selector.label);
      const negated = selector.kind === 'notIn';
      if (selector.values.length === 1) return `${key}${negated ? '!=' : '='}${only}`;
      return `${key} ${negated ? 'notin' : 'in'} (${selector.values.join(', ')})`;
    }
    case 'text':
      return `${describeKey(selector.label)} ${textTestWords[selector.test]} ${selector.value}`;
    case 'exists':
      return describeKey(selector.label);
    case 'absent':
      return `!${describeKey(selector.label)}`;
    case 'and':
      return selector.of.map(describeSelector).join(', ');
    case 'or':
      return selector.of.map((part) => `(${describeSelector(part)})`).join(' or ');
    case 'not':
      return `not (${describeSelector(selector.of)})`;
    default:
      return unreachable(selector);
  }
}

/** One failing condition, for example `the source's label app is absent, wanted app=client`. */
export function describeMismatch(mismatch: Mismatch, question: FlowQuestion): string {
  switch (mismatch.kind) {
    case 'protocol':
      return `the protocol is ${formatProtocol(mismatch.actual)}, wanted ${formatProtocol(mismatch.wanted)}`;
    case 'notProtocol':
      return `the protocol is the excluded ${formatProtocol(mismatch.unwanted)}`;
    case 'icmp':
      return describeIcmpMismatch(mismatch, question);
    case 'notPort':
      return `the ${mismatch.side} port ${mismatch.actual} is one that is left out`;
    case 'family':
      return `the flow is not IPv${mismatch.wanted}`;
    case 'label':
      return describeLabelMismatch(mismatch, question);
    case 'notAnEndpoint':
      return `the ${mismatch.side} ${describeEnd(question[mismatch.side])} is no pod, and selectors match only pods`;
    case 'notSelector':
      return `the ${mismatch.side} matches the excluded ${describeSelector(mismatch.unwanted)}`;
    case 'net':
      return `the ${mismatch.side}'s address is ${mismatch.negated ? '' : 'not '}in the address block${mismatch.negated ? ' that is left out' : ''}`;
    case 'group':
      return `the ${mismatch.side} ${describeEnd(question[mismatch.side])} is not among those of ${mismatch.wanted.join(' or ')}`;
    case 'node':
      return `the ${mismatch.side} ${describeEnd(question[mismatch.side])} is not ${nodeWords[mismatch.wanted]}`;
    case 'outside':
      return `the ${mismatch.side} ${describeEnd(question[mismatch.side])} is one of the cluster, and what is outside of it is meant`;
    case 'port':
      return describePortMismatch(mismatch);
    case 'missingFact':
      return `not known: ${mismatch.fact}`;
    default:
      return unreachable(mismatch);
  }
}

const nodeWords = { own: "the pod's own node", other: 'another node', some: 'one of the nodes that are meant' } as const;

function describeIcmpMismatch({ wanted, negated }: Mismatch & { kind: 'icmp' }, { icmp }: FlowQuestion): string {
  const messages = `type ${wanted.type}${wanted.code === undefined ? '' : ` code ${wanted.code}`}`;
  return `the ICMP message is type ${icmp?.type ?? '?'} code ${icmp?.code ?? '?'}, ${negated ? 'and left out is' : 'wanted'} ${messages}`;
}

/** What to do, with the command where there is one. */
export function describeChange(change: Change, question: FlowQuestion): string {
  switch (change.kind) {
    case 'set label':
    case 'remove label':
    case 'avoid label':
      return describeLabelChange(change, question);
    case 'move to namespace':
      return `run the ${change.side} in namespace ${change.namespaces.join(' or ')}`;
    case 'use port':
      return `use ${change.side} port ${change.ports.map(formatPortRange).join(' or ')}`;
    case 'name port':
      return `give a port of the ${change.side} the name ${change.names.join(' or ')}`;
    case 'use protocol':
      return `use ${formatProtocol(change.protocol)}`;
    default:
      return unreachable(change);
  }
}

/** What Weir itself knows of a pod (`namespace=shop`) looks like a label of it; other spaces are named (`namespace:team=shop`). */
function describeKey({ space, key }: LabelKey): string {
  return space === 'pod' || space === 'reserved' ? key : `${space}:${key}`;
}

function describeLabelMismatch({ side, wanted, actual }: Mismatch & { kind: 'label' }, question: FlowQuestion): string {
  if (!('label' in wanted)) return `the ${side} does not match ${describeSelector(wanted)}`;
  const { space, key } = wanted.label;
  if (space === 'reserved' && key === 'namespace' && wanted.kind === 'in') {
    return `the ${side} is in namespace ${actual ?? ''}, wanted ${wanted.values.join(' or ')}`;
  }
  const owner = space === 'namespace' ? `${namespaceOf(question, side)}'s` : `${side}'s`;
  const state = actual === undefined ? 'is absent' : `is ${JSON.stringify(actual)}`;
  // Whose label it is has been said.
  return `the ${owner} label ${key} ${state}, wanted ${describeSelector({ ...wanted, label: { space: 'pod', key } })}`;
}

function namespaceOf(question: FlowQuestion, side: SideName): string {
  const end = question[side];
  return end.kind === 'endpoint' ? `namespace ${end.endpoint.namespace}` : `${side} namespace`;
}

function describePortMismatch({ side, wanted, wantedNames, namesWithoutNumber, named, actual }: Mismatch & { kind: 'port' }): string {
  const alternatives = [
    ...wanted.map(formatPortRange),
    ...wantedNames.map((name) => describeNamedPort(name, named)),
    ...namesWithoutNumber.map((name) => `${name} (which has no number, or several, in this cluster, and is no port then)`),
  ];
  return `the ${side} port is ${actual ?? 'absent'}, wanted ${alternatives.join(' or ')}`;
}

function describeNamedPort(name: string, named: readonly { readonly name: string; readonly port: number }[]): string {
  const ports = named.filter((port) => port.name === name).map(({ port }): PortRange => ({ first: port, last: port }));
  return ports.length === 0 ? `${name} (no port of that name and protocol there)` : `${name} (${ports.map(formatPortRange).join(', ')})`;
}

function describeLabelChange(change: Change & { kind: 'set label' | 'remove label' | 'avoid label' }, question: FlowQuestion): string {
  const { side, space, key } = change;
  const end = question[side];
  const pod = end.kind === 'endpoint' ? end.endpoint : { namespace: '', name: '' };
  const target = space === 'pod' ? `pod ${podName(pod)}` : `namespace ${pod.namespace}`;
  const command = space === 'pod' ? `kubectl label pod ${pod.name} -n ${pod.namespace}` : `kubectl label namespace ${pod.namespace}`;
  if (change.kind === 'set label') {
    const [first = 'VALUE', ...others] = change.values ?? [];
    const present = end.kind === 'endpoint' && labelOf(end.endpoint.labels, { space, key }) !== undefined;
    const either = others.length === 0 ? '' : ` (or ${others.join(', ')})`;
    return `set the label ${key}=${first}${either} on ${target}: ${command} ${key}=${first}${present ? ' --overwrite' : ''}`;
  }
  const avoid = change.kind === 'avoid label' ? `, or give it another value than ${change.values.join(', ')}` : '';
  return `remove the label ${key} from ${target}${avoid}: ${command} ${key}-`;
}
