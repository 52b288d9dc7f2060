/** Programs that iptables cannot enforce as a whole. */
import type { ContentKey, PeerSet, Program } from '@weir/calc';
import { refusalOfRule } from '../programs/rule-refusal.ts';
import { refusalOfMessages } from './icmp-matches.ts';

/** Why, or undefined when it can be enforced. */
export function refusalOf(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): string | undefined {
  for (const rule of program.tiers.flatMap(({ rules }) => rules)) {
    const reason = refusalOfRule(rule, peerSets, 'iptables') ?? refusalOfMessages(rule);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
