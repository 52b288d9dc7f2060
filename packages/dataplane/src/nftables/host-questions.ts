/**
 * One family's question to a packet of an interface, as chains: failsafe ports, then the tuples of the interface's
 * program, as those of pods are asked (`program-rules.ts`).
 *
 *   main   all its headers there? ─▶ goto asked, else denied
 *   asked  failsafe? ─▶ back    any peer ─▶ peer a known pod? goto pod ─▶ rules for its block ─▶ denied
 *   pod    rules for its class ─▶ denied
 *
 * A program of a family behind which others come allows, denies, or says nothing: its end allows, as no rule does,
 * and so the number of the rule tells whether one decided. What a rule allows is looked for first, in every kind of
 * tuple; with what is left to the next family the chain returns.
 */
import { type Expression, hostU32Bytes, type RuleDefinition } from '@weir/kernel';
import type { Family } from '@weir/net';
import { type HeaderSource, hostReading, loadSentAddress } from './host-reading.ts';
import { failsafeSet, type HostMap, hostMaps, isIn } from './host-sets.ts';
import { accept, drop, isFamily, loadAddress, readablePackets } from './packet-steps.ts';
import { reportDenied } from './reports.ts';
import { familySets, sharedSets } from './sets.ts';
import { allowRules, anyPeer, foundRule, type PacketReading, programNumber } from './tuple-rules.ts';

/** What is asked, and where its answers lead. */
export interface HostQuestion {
  /** The chain to jump to; the others have something behind its name. */
  readonly chain: string;
  readonly map: HostMap;
  readonly headers: HeaderSource;
  readonly family: Family;
  /** The map by which the packet's own end has its class, where programs ask about that. */
  readonly ownClasses: string | undefined;
  /** The end of rules for what a rule of the program allows. */
  readonly allowed: readonly Expression[];
  /** Whether the chain returns with packets about which no rule says anything; else the program's end decides that too. */
  readonly goesOn: boolean;
  /** Whether failsafe ports are open; `both ways`: for answers too, where no connection tells them. */
  readonly failsafes: 'closed' | 'open' | 'both ways';
  /** Where packets go that it denies; undefined: they are counted and dropped. */
  readonly denied: string | undefined;
  readonly reports: boolean;
}

/** Its chains, jump targets first. */
export function questionChains(question: HostQuestion): string[] {
  const { main, asked, pod, denied } = namesOf(question);
  return [...(question.denied === undefined ? [denied] : []), pod, asked, main];
}

/** Their rules. */
export function questionRules(question: HostQuestion): RuleDefinition[] {
  const { family, allowed, goesOn } = question;
  const { main, asked, pod, denied } = namesOf(question);
  const reading = hostReading(question);
  const { class: classes, block } = familySets(family);
  const byRule: Expression[] = goesOn ? [{ kind: 'compare', register: foundRule, operator: 'neq', value: hostU32Bytes(0) }] : [];
  const ask = (chain: string, loadClass: readonly Expression[], found: readonly Expression[]): RuleDefinition[] =>
    allowRules(chain, reading, { loadClass, looks: 1, found });
  const decided = [...byRule, ...allowed];
  const half = (chain: string, loadClass: readonly Expression[]): RuleDefinition[] => [
    ...ask(chain, loadClass, decided),
    ...(goesOn ? [...ask(chain, anyPeer, [goBack]), ...ask(chain, loadClass, [goBack])] : []),
    { chain, expressions: [{ kind: 'goto', chain: denied }] },
  ];
  return [
    ...(question.denied === undefined ? denialRules(question, reading) : []),
    ...half(pod, reading.loadPeer(classes)),
    ...failsafeRules(question, reading),
    ...ask(asked, anyPeer, decided),
    {
      chain: asked,
      expressions: [...isFamily(family), ...reading.loadPeer(classes), { kind: 'goto', chain: pod }],
      comment: `peers in ${classes}`,
    },
    ...half(asked, reading.loadPeer(block)),
    ...readablePackets.map((readable) => ({ chain: main, expressions: [...readable, { kind: 'goto', chain: asked } as const] })),
    { chain: main, expressions: [{ kind: 'goto', chain: denied }], comment: 'cut off before its ports' },
  ];
}

const goBack: Expression = { kind: 'verdict', verdict: 'return' };

function namesOf({ chain, denied }: HostQuestion): { main: string; asked: string; pod: string; denied: string } {
  return { main: chain, asked: `${chain}_asked`, pod: `${chain}_pod`, denied: denied ?? `${chain}_denied` };
}

function failsafeRules(question: HostQuestion, reading: PacketReading): RuleDefinition[] {
  const { map, headers, family, goesOn, failsafes } = question;
  if (failsafes === 'closed') return [];
  const { asked: chain } = namesOf(question);
  const direction = hostMaps.get(map)?.direction ?? 'ingress';
  const peer = direction === 'ingress' ? 'source' : 'destination';
  const rule = (of: typeof direction, end: 'source' | 'destination', comment: string): RuleDefinition => ({
    chain,
    expressions: [
      ...isFamily(family),
      { kind: 'meta', key: 'l4proto', into: 4 },
      reading.loadPort(end, 5),
      headers === 'packet' ? loadAddress(family, peer, 6) : loadSentAddress(family, peer, 6),
      { kind: 'lookup', set: failsafeSet(of, family), key: 4 },
      goesOn ? goBack : accept,
    ],
    comment,
  });
  const opposite = direction === 'ingress' ? 'egress' : 'ingress';
  return [
    rule(direction, 'destination', 'a port that stays open'),
    ...(failsafes === 'both ways' ? [rule(opposite, 'source', 'an answer from a port that stays open')] : []),
  ];
}

function denialRules(question: HostQuestion, { loadProgram }: PacketReading): RuleDefinition[] {
  const { denied: chain } = namesOf(question);
  const { map, family, reports } = question;
  return [
    ...(reports ? [reportDenied(chain, isIn(map) ? 'host ingress' : 'host egress')] : []),
    { chain, expressions: [...isFamily(family), ...loadProgram, { kind: 'lookup', set: sharedSets.denied, key: programNumber }, drop] },
    { chain, expressions: [{ kind: 'counter' }, drop] },
  ];
}
