/**
 * A policy's rules in the shape of programs, before what depends on the endpoint is filled in.
 *
 * A planned rule knows its sets and its ports; its id and the numbers behind port names of the local endpoint
 * come later: the id from the table of all rules in use, the numbers from the endpoint.
 */
import type { AddressRange, PortRange, ProtocolNumber } from '@weir/net';
import type { Action, Direction, Origin, Policy, PolicyRef, Rule } from '@weir/policy';
import { addressSet, rangeSet, readingFor, type SetSpec } from '../delta/set-spec.ts';
import { mergeBlocks } from './merge-blocks.ts';
import { planRule } from './plan-rule.ts';

/** One rule of a program, but for its id and its local port names. */
export interface PlannedRule {
  /** What the id stands for: unlike that of any other rule of any policy. */
  readonly identity: string;
  readonly action: Action;
  readonly peer: readonly { readonly spec: SetSpec; readonly negated: boolean }[];
  readonly protocol?: ProtocolNumber;
  readonly notProtocol?: ProtocolNumber;
  /** As in `ProgramRule`. */
  readonly ports?: readonly PortRange[];
  readonly sourcePorts?: readonly PortRange[];
  /** What it asks of the ports of the local endpoint (destination ports of ingress, source ports of egress) by name. */
  readonly localNames?: LocalNames;
  readonly origin: Origin;
}

/** Port numbers that depend on the names that an endpoint gives to ports: what is wanted, but for what is excluded. */
export interface LocalNames {
  readonly ports: readonly PortRange[];
  readonly names: readonly string[];
  readonly notPorts: readonly PortRange[];
  readonly notNames: readonly string[];
}

/** A policy's rules by direction; a direction that it says nothing about is absent. */
export interface PlannedPolicy {
  /** Whether a rule names a port of the local endpoint. */
  readonly usesLocalNames: boolean;
  readonly ingress?: readonly PlannedRule[];
  readonly egress?: readonly PlannedRule[];
}

/** Whom the addresses of blocks do not mean, although they have such addresses, and who the nodes are. */
export interface BlockLimits {
  readonly withoutPods: boolean;
  /** Normalised. */
  readonly without: readonly AddressRange[];
  /** The addresses of the engine's own node and of all others, normalised; absent: not known. */
  readonly ownNode?: readonly AddressRange[];
  readonly otherNodes?: readonly AddressRange[];
}

/** Plans both directions of a policy; `name` tells it from all others. */
export function planPolicy(
  policy: Policy,
  limits: BlockLimits = { withoutPods: false, without: [] },
  name: string = policyIdentity(policy.ref),
): PlannedPolicy {
  const plan = (direction: Direction, rules: readonly Rule[]): PlannedRule[] => {
    const taken = new Map<string, number>();
    return mergeBlocks(rules)
      .flatMap((rule) => {
        const planned = planRule(rule, direction, limits);
        const remote = direction === 'ingress' ? rule.match.source : rule.match.destination;
        return remote.nets === undefined ? planned : planned.map((one) => limitBlocks(one, limits));
      })
      .map((planned) => ({ ...planned, identity: unique(`${name} ${planned.identity}`, taken) }));
  };
  const ingress = policy.ingress === undefined ? undefined : plan('ingress', policy.ingress.rules);
  const egress = policy.egress === undefined ? undefined : plan('egress', policy.egress.rules);
  return {
    usesLocalNames: [ingress, egress].some((rules) => rules?.some(({ localNames }) => localNames !== undefined) === true),
    ...(ingress === undefined ? {} : { ingress }),
    ...(egress === undefined ? {} : { egress }),
  };
}

/** The kind, namespace and name of a policy as one text, with its place among the policies of its object. */
export function policyIdentity({ apiVersion, kind, namespace, name }: PolicyRef, place = 0): string {
  const identity = `${apiVersion}/${kind}/${namespace ?? ''}/${name}`;
  return place === 0 ? identity : `${identity} ${place}`;
}

/** A rule about blocks, but not about those whom blocks do not mean; what is uncertain is read as in an exclusion of the rule. */
function limitBlocks(planned: PlannedRule, { withoutPods, without }: BlockLimits): PlannedRule {
  const limits: PlannedRule['peer'][number][] = [];
  if (withoutPods) limits.push({ spec: addressSet({ kind: 'all' }, readingFor(planned.action, true)), negated: true });
  if (without.length > 0) limits.push({ spec: rangeSet(without), negated: true });
  return limits.length === 0 ? planned : { ...planned, peer: [...planned.peer, ...limits] };
}

/** Tells apart rules of one policy that the origin alone does not. */
function unique(identity: string, taken: Map<string, number>): string {
  const earlier = taken.get(identity) ?? 0;
  taken.set(identity, earlier + 1);
  return earlier === 0 ? identity : `${identity} #${earlier + 1}`;
}
