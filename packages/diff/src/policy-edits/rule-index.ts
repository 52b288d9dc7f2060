/** The rules of a world by whom they are about, so that of thirty thousand those few are asked which may match an end. */
import { type Direction, type FlowEnd, isGroupOfPorts, type Policy, type PolicyWorld, type Rule } from '@weir/model';
import { defined } from '@weir/net';
import { BlockIndex } from '../block-index.ts';
import { SelectorIndex } from './selector-index.ts';

/** A rule, and whose it is. */
export interface IndexedRule {
  readonly policy: Policy;
  readonly rule: Rule;
}

/** The rules of one direction that do not only log. */
export class RuleIndex {
  readonly #rules: IndexedRule[] = [];
  /** Rules for addresses of certain blocks, and those that are for others too. */
  readonly #blocks: BlockIndex = new BlockIndex();
  readonly #ofBlocks: number[] = [];
  readonly #everywhere: number[] = [];
  readonly #selectors: SelectorIndex;

  constructor(world: PolicyWorld, direction: Direction) {
    this.#selectors = new SelectorIndex(world);
    for (const { policies } of world.tiers)
      for (const policy of policies)
        for (const rule of policy[direction]?.rules ?? []) if (rule.action !== 'log') this.#add({ policy, rule }, direction);
  }

  /** Calls back with every rule that may match the end as its peer, each once, in no order. */
  eachAbout(end: FlowEnd, then: (one: IndexedRule) => void): void {
    const tell = (place: number): void => then(defined(this.#rules[place], 'a rule is known by its place'));
    for (const place of this.#everywhere) tell(place);
    if (end.address !== undefined) this.#blocks.eachHolding(end.address, tell);
    else for (const place of this.#ofBlocks) tell(place);
    if (end.kind === 'endpoint') this.#selectors.eachOf(end.endpoint, tell);
  }

  #add(one: IndexedRule, direction: Direction): void {
    const { selector, nets, groups } = direction === 'ingress' ? one.rule.match.source : one.rule.match.destination;
    const place = this.#rules.push(one) - 1;
    if (selector !== undefined) this.#selectors.add(selector, place);
    else if (nets === undefined || groups?.some(isGroupOfPorts) === true) this.#everywhere.push(place);
    else {
      this.#blocks.add(nets, place);
      this.#ofBlocks.push(place);
    }
  }
}

/** The indexes of worlds of which many edits are compared. */
const known: Readonly<Record<Direction, WeakMap<PolicyWorld, RuleIndex>>> = { ingress: new WeakMap(), egress: new WeakMap() };

/** The index of all rules of a world, which is kept with it. */
export function ruleIndexOf(world: PolicyWorld, direction: Direction): RuleIndex {
  let index = known[direction].get(world);
  if (index === undefined) known[direction].set(world, (index = new RuleIndex(world, direction)));
  return index;
}
