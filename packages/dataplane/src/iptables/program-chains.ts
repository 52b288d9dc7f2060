/**
 * A program as chains, one for each tier:
 *
 *   allow ─▶ RETURN      to whoever asked: the other direction, then the caller's chain
 *   deny  ─▶ DROP
 *   pass  ─▶ the next tier (goto, so that its RETURN comes back to whoever asked)
 *   log   ─▶ a report, and on
 *
 * Nothing is marked and nothing is accepted for good. Many rules of which the order does not matter are
 * found by their ports (`port-tree.ts`).
 */
import type { PeerTest, Program, ProgramRule, ProgramTier } from '@weir/calc';
import type { Direction } from '@weir/model';
import { defined, type Family, shortHash } from '@weir/net';
import { asksMessages, icmpOf, matchesOfMessages } from './icmp-matches.ts';
import { isPortSet } from './names.ts';
import { matchesOfPorts, portTreeChains, type RangeOfRule } from './port-tree.ts';
import type { ChainText } from './rule-script.ts';

/** The comment of the rules that drop what no rule allowed. */
export const deniedComment = 'denied';

/** Ends of rules: where packets go that are denied, and where those are reported that a rule logs (empty: nowhere). */
export interface ProgramTargets {
  readonly drop: string;
  readonly log: string;
}

/** What the chains of a program are made with. */
export interface ProgramContext extends ProgramTargets {
  readonly family: Family;
  readonly chain: string;
  /** The set that answers the tests, in this family. */
  readonly setFor: (tests: readonly PeerTest[]) => string;
}

/** Tiers with more rules than this are searched by port where their order does not matter. */
const rulesInRow = 32;

/** The program's chains: the first one first, named as the context says, the others with numbers behind that. */
export function programChains(program: Program, context: ProgramContext): ChainText[] {
  if (program.tiers.length === 0) return [{ name: context.chain, rules: [endOf(program.otherwise, context)] }];
  let chains = program.tiers.length;
  const newName = (): string => `${context.chain}-${chains++}`;
  return program.tiers.flatMap((tier, index) => tierChains({ program, tier, index }, { ...context, newName }));
}

/** The comment that stands for a rule: comments are short and printable, ids need not be. */
export function commentOfRule(id: string): string {
  return /^[\w.:-]{1,100}$/.test(id) && id !== deniedComment ? id : `id-${shortHash(id)}`;
}

interface TierAt {
  readonly program: Program;
  readonly tier: ProgramTier;
  readonly index: number;
}

interface TierContext extends ProgramContext {
  /** A further chain of the program. */
  readonly newName: () => string;
}

function tierChains({ program, tier, index }: TierAt, context: TierContext): ChainText[] {
  const name = chainOfTier(context.chain, index);
  const isLast = index === program.tiers.length - 1;
  const passed = isLast ? endOf(program.otherwise, context) : `-g ${chainOfTier(context.chain, index + 1)}`;
  const end = tier.end === 'deny' ? endOf('deny', context) : passed;
  const textOf = (rule: ProgramRule, match: string): string =>
    `${match}${matchOfPeer(rule, program.direction, context)}-m comment --comment ${commentOfRule(rule.id)} ${targetOf(rule, passed, context)}`.trimEnd();
  const textsOf = (rule: ProgramRule): string[] => {
    if (asksMessages(rule) && rule.protocol !== icmpOf(context.family)) return foreignMessageTexts(rule, textOf);
    return matchesOf(rule, context.family).map((match) => textOf(rule, match));
  };
  const isAdditive = tier.rules.every(({ action }) => action === 'allow');
  if (!isAdditive || tier.rules.length <= rulesInRow) return [{ name, rules: [...tier.rules.flatMap(textsOf), end] }];
  const rules = tier.rules.filter((rule) => !isFoundByPort(rule)).flatMap(textsOf);
  const below: ChainText[] = [];
  for (const [protocol, ranges] of rangesByProtocol(tier.rules.filter(isFoundByPort))) {
    const chains = portTreeChains({ protocol, ranges, textOf, end, newName: context.newName });
    rules.push(`-p ${protocol} -g ${defined(chains[0], 'a tree has a first chain').name}`);
    below.push(...chains);
  }
  return [{ name, rules: [...rules, end] }, ...below];
}

function chainOfTier(chain: string, index: number): string {
  return index === 0 ? chain : `${chain}-${index}`;
}

function targetOf({ action }: ProgramRule, passed: string, { drop, log }: ProgramTargets): string {
  switch (action) {
    case 'allow':
      return '-j RETURN';
    case 'deny':
      return drop;
    case 'pass':
      // What stands behind the last tier brings a comment of its own.
      return passed.replace(/^-m comment --comment \S+ /, '');
    case 'log':
      return log;
    default:
      return drop;
  }
}

function endOf(verdict: 'allow' | 'deny', { drop }: ProgramContext): string {
  return verdict === 'allow' ? '-j RETURN' : `-m comment --comment ${deniedComment} ${drop}`;
}

/** What the rule asks of the packet's peer; empty or ending in a space. */
function matchOfPeer({ peer }: ProgramRule, direction: Direction, { setFor }: ProgramContext): string {
  if (peer.length === 0) return '';
  const set = setFor(peer);
  const port = peer.some(({ port: asked }) => asked === 'source') ? ',src' : ',dst';
  return `-m set --match-set ${set} ${direction === 'ingress' ? 'src' : 'dst'}${isPortSet(set) ? port : ''} `;
}

/**
 * What the rule asks of protocol, ports and message: one text for each rule of the kernel that it needs, empty or
 * ending in a space.
 */
function matchesOf(rule: ProgramRule, family: Family): string[] {
  const { protocol, notProtocol, ports = [], sourcePorts } = rule;
  const ofProtocol = notProtocol !== undefined ? `! -p ${notProtocol} ` : protocol === undefined ? '' : `-p ${protocol} `;
  if (asksMessages(rule)) return matchesOfMessages(ports, family).map((message) => `${ofProtocol}${message}`);
  const targets = asksPorts(rule) ? matchesOfPorts(ports) : [''];
  const sources = sourcePorts === undefined ? [''] : matchesOfPorts(sourcePorts, 'sports');
  return targets.flatMap((target) => sources.map((source) => `${ofProtocol}${target}${source}`));
}

/** Packets of the other family's ICMP have no messages here: nothing allows them by one, and what tells them apart drops them all. */
function foreignMessageTexts(rule: ProgramRule, textOf: (rule: ProgramRule, match: string) => string): string[] {
  if (rule.action === 'allow' || rule.action === 'log') return [];
  return [textOf({ ...rule, action: 'deny' }, `-p ${rule.protocol} `)];
}

function asksPorts({ ports }: ProgramRule): boolean {
  return ports !== undefined && !ports.some(({ first, last }) => first === 0 && last === 65_535);
}

function isFoundByPort(rule: ProgramRule): boolean {
  return asksPorts(rule) && rule.sourcePorts === undefined && !asksMessages(rule);
}

function rangesByProtocol(rules: readonly ProgramRule[]): Map<number, RangeOfRule<ProgramRule>[]> {
  const byProtocol = new Map<number, RangeOfRule<ProgramRule>[]>();
  for (const rule of rules) {
    const protocol = defined(rule.protocol, 'a rule with ports has a protocol');
    const ranges = byProtocol.get(protocol) ?? [];
    for (const range of rule.ports ?? []) ranges.push({ rule, range });
    byProtocol.set(protocol, ranges);
  }
  return byProtocol;
}
