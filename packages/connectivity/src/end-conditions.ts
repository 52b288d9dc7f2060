/** What the rules of worlds ask of ends, each question once: what tells one end from another. */

import { type GroupMember, type PolicyWorld, type Selector, type Side, selectorText } from '@weir/model';
import { type Address, type AddressRange, addToGroup, formatAddress } from '@weir/net';
import { failsafesOf } from './failsafe-ports.ts';
import { rulesOf } from './traffic-classes.ts';

/** The questions. */
export interface EndConditions {
  readonly selectors: readonly { readonly key: string; readonly selector: Selector }[];
  readonly nets: readonly { readonly key: string; readonly ranges: readonly AddressRange[] }[];
  /** Of the groups that rules name. */
  readonly members: readonly (GroupMember & { readonly group: string })[];
  /** Names of ports that rules ask for. */
  readonly portNames: ReadonlySet<string>;
  /** Whether something tells the node that a pod runs on from others: a rule, or what nodes themselves have a say in. */
  readonly asksForNodes: boolean;
  /** Whether nodes have a say in what passes them, so that each of their addresses counts. */
  readonly asksHosts: boolean;
}

/** One text for equal ranges. */
export function rangesKey(ranges: readonly AddressRange[]): string {
  return ranges.map(({ first, last }) => `${formatAddress(first)}-${formatAddress(last)}`).join();
}

/** Every question of every rule and every policy of the worlds. */
export function conditionsOf(worlds: readonly PolicyWorld[]): EndConditions {
  const selectors = new Map<string, Selector>();
  const nets = new Map<string, readonly AddressRange[]>();
  const members = new Map<string, EndConditions['members']>();
  const portNames = new Set<string>();
  const seen = new Set<Selector>();
  const addSelector = (selector: Selector): void => {
    if (seen.has(selector)) return;
    seen.add(selector);
    selectors.set(selectorText(selector), selector);
  };
  let asksForNodes = false;
  const addSide = (world: PolicyWorld, side: Side): void => {
    asksForNodes ||= side.node !== undefined;
    for (const group of side.groups ?? [])
      members.set(
        group,
        world.membersOf(group).map((member) => ({ ...member, group })),
      );
    for (const selector of [side.selector, side.notSelector]) if (selector !== undefined) addSelector(selector);
    for (const ranges of [side.nets, side.notNets, side.nodes]) if (ranges !== undefined) nets.set(rangesKey(ranges), ranges);
    for (const names of [side.namedPorts, side.notNamedPorts]) for (const name of names ?? []) portNames.add(name);
  };
  for (const world of worlds) {
    for (const { match } of rulesOf(world)) {
      addSide(world, match.source);
      addSide(world, match.destination);
    }
    for (const { policies } of world.tiers) for (const { subject } of policies) addSelector(subject);
    for (const { block } of failsafesOf(world)) if (block !== undefined) nets.set(rangesKey([block]), [block]);
  }
  const asksHosts = worlds.some((world) => world.asksHosts);
  return {
    selectors: [...selectors].map(([key, selector]) => ({ key, selector })),
    nets: [...nets].map(([key, ranges]) => ({ key, ranges })),
    members: [...members.values()].flat(),
    portNames,
    asksForNodes: asksForNodes || asksHosts,
    asksHosts,
  };
}

/** The groups that an address is in, with the ports there; '' for none. */
export function groupBits(members: EndConditions['members']): (address: Address) => string {
  const texts = new Map<string, string[]>();
  for (const { group, address, protocol, port } of members) {
    const key = formatAddress(address);
    addToGroup(texts, key, `${group} ${protocol ?? ''} ${port ?? ''}`);
  }
  return (address) => texts.get(formatAddress(address))?.sort().join() ?? '';
}
