/**
 * A program as chains, one for each tier:
 *
 *   allow ─▶ RETURN      to whoever asked: the other direction, then the caller's chain
 *   deny  ─▶ DROP
 *   pass  ─▶ the next tier (goto, so that its RETURN comes back to whoever asked)
 *   log   ─▶ NFLOG, and on
 *
 * Nothing is marked and nothing is accepted for good.
 */
import type { PeerTest, Program, ProgramRule, ProgramTier } from '@weir/calc';
import { type Family, formatPortRange, type PortRange, shortHash } from '@weir/net';
import type { Direction } from '@weir/policy';
import { isPortSet } from './names.ts';
import type { ChainText } from './rule-script.ts';

/** Packets that rules with the action `log` match go to this log group. */
const logGroup = 5748;

/** The comment of the rules that drop what no rule allowed. */
export const deniedComment = 'denied';

/** What the chains of a program are made with. */
export interface ProgramContext {
  readonly family: Family;
  readonly chain: string;
  /** The set that answers the tests, in this family. */
  readonly setFor: (tests: readonly PeerTest[]) => string;
  /** Where packets go that are denied: the end of a rule. */
  readonly drop: string;
}

/** The program's chains, those that others go to first. */
export function programChains(program: Program, context: ProgramContext): ChainText[] {
  return program.tiers.length === 0
    ? [{ name: context.chain, rules: [endOf(program.otherwise, context)] }]
    : program.tiers.map((tier, index) => tierChain({ program, tier, index }, context)).reverse();
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

function tierChain({ program, tier, index }: TierAt, context: ProgramContext): ChainText {
  const name = chainOfTier(context.chain, index);
  const isLast = index === program.tiers.length - 1;
  const next = isLast ? undefined : chainOfTier(context.chain, index + 1);
  const passed = next === undefined ? endOf(program.otherwise, context) : `-g ${next}`;
  const rules = tier.rules.flatMap((rule) => {
    const target = targetOf(rule, { passed, drop: context.drop });
    return matchesOf(rule, program.direction, context).map((match) => `${match}-m comment --comment ${commentOfRule(rule.id)} ${target}`);
  });
  return { name, rules: [...rules, tier.end === 'deny' ? endOf('deny', context) : passed] };
}

function chainOfTier(chain: string, index: number): string {
  return index === 0 ? chain : `${chain}-${index}`;
}

function targetOf({ action, id }: ProgramRule, { passed, drop }: { readonly passed: string; readonly drop: string }): string {
  switch (action) {
    case 'allow':
      return '-j RETURN';
    case 'deny':
      return drop;
    case 'pass':
      // What stands behind the last tier brings a comment of its own.
      return passed.replace(/^-m comment --comment \S+ /, '');
    case 'log':
      return `-j NFLOG --nflog-prefix "weir rule ${commentOfRule(id).slice(0, 50)}" --nflog-group ${logGroup} --nflog-size 128`;
    default:
      return drop;
  }
}

function endOf(verdict: 'allow' | 'deny', { drop }: ProgramContext): string {
  return verdict === 'allow' ? '-j RETURN' : `-m comment --comment ${deniedComment} ${drop}`;
}

/** One text for each rule of the kernel that the rule needs, ending in a space unless empty. */
function matchesOf(rule: ProgramRule, direction: Direction, { setFor }: ProgramContext): string[] {
  const protocol = rule.protocol === undefined ? '' : `-p ${rule.protocol} `;
  const peerEnd = direction === 'ingress' ? 'src' : 'dst';
  if (rule.peer.length === 0) return portMatches(rule.ports).map((ports) => `${protocol}${ports}`);
  const set = setFor(rule.peer);
  return portMatches(rule.ports).map((ports) => `${protocol}${ports}-m set --match-set ${set} ${peerEnd}${isPortSet(set) ? ',dst' : ''} `);
}

/** A rule of the kernel holds 15 ports, of which a range takes two. */
function portMatches(ports: readonly PortRange[] | undefined): string[] {
  if (ports === undefined || ports.some(({ first, last }) => first === 0 && last === 65_535)) return [''];
  const matches: string[] = [];
  let texts: string[] = [];
  let slots = 0;
  const flush = (): void => {
    if (texts.length > 0) matches.push(`-m multiport --dports ${texts.join(',')} `);
    texts = [];
    slots = 0;
  };
  for (const range of ports) {
    const needed = range.first === range.last ? 1 : 2;
    if (slots + needed > 15) flush();
    texts.push(formatPortRange(range).replace('-', ':'));
    slots += needed;
  }
  flush();
  return matches;
}
