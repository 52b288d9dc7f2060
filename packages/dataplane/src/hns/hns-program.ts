/**
 * A program as HNS can have it, or the reason why it cannot.
 *
 * HNS has no named ports of peers, no SCTP, no negation, and no holes in blocks. The last two can be
 * said by other means, exactly: the classes that are left are listed, and blocks are split around their
 * holes. That is done when it is asked for, and within a bound.
 */
import type { ContentKey, PeerSet, Program, ProgramRule } from '@weir/calc';
import { addedBlocksMax, describePolicy } from '@weir/model';
import {
  type AddressRange,
  cidrRange,
  defined,
  formatProtocol,
  hasPorts,
  type PortRange,
  type ProtocolNumber,
  parseCidr,
  protocolNumber,
  subtractAddressRanges,
} from '@weir/net';
import { lackingFeature } from '../programs/rule-refusal.ts';
import { blocksOfRanges, isOneBlock } from './block-values.ts';

/** What is done about what HNS cannot say. */
export interface HnsLimits {
  /** List what a negation leaves and split blocks around holes, instead of refusing. */
  readonly expandUnsupported: boolean;
}

/** Peers whose class is in all of `inside` and in none of `outside`; at least one is inside. */
export interface GroupTests {
  readonly key: string;
  readonly inside: readonly ContentKey[];
  readonly outside: readonly ContentKey[];
}

/** One allow rule. Without group and blocks any peer; with both the peer is in both. */
export interface HnsRule {
  readonly id: string;
  readonly protocol?: ProtocolNumber;
  readonly ports?: readonly PortRange[];
  readonly group?: GroupTests;
  readonly blocks?: readonly string[];
}

/** A program that only allows. */
export interface HnsProgram {
  readonly key: ContentKey;
  readonly rules: readonly HnsRule[];
  /** What no rule allows is allowed all the same. */
  readonly allowsRest: boolean;
}

/** The program, or a reason that names the feature. */
export type CompiledHnsProgram =
  | { readonly kind: 'accepted'; readonly program: HnsProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** The protocols that an ACL can have. */
const knownProtocols: readonly ProtocolNumber[] = [protocolNumber.TCP, protocolNumber.UDP, protocolNumber.ICMP, protocolNumber.ICMPv6];

/**
 * Checks the program as a whole: one rule that cannot be said refuses all. A rule that denies everything is the end of the
 * program, which denies: so what stands in for a refused policy closes its pods here, too.
 */
export function compileHnsProgram(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>, limits: HnsLimits): CompiledHnsProgram {
  const closing = program.tiers.findIndex(({ end }) => end === 'deny');
  const tiers = closing < 0 ? program.tiers : program.tiers.slice(0, closing + 1);
  const rules: HnsRule[] = [];
  for (const rule of tiers.flatMap((tier) => tier.rules)) {
    if (deniesEverything(rule)) return { kind: 'accepted', program: { key: program.key, rules, allowsRest: false } };
    const compiled = compileRule(rule, peerSets, limits);
    if (typeof compiled === 'string') return { kind: 'refused', reason: `${placeOf(rule)}: ${compiled}` };
    rules.push(...compiled);
  }
  return { kind: 'accepted', program: { key: program.key, rules, allowsRest: closing < 0 && program.otherwise === 'allow' } };
}

function deniesEverything({ action, peer, protocol, notProtocol, ports, sourcePorts }: ProgramRule): boolean {
  return action === 'deny' && peer.length === 0 && [protocol, notProtocol, ports, sourcePorts].every((part) => part === undefined);
}

/** The rule as people find it: `NetworkPolicy demo/web ingress[0]`. */
function placeOf({ origin: { policy, direction, ruleIndex, section = direction } }: ProgramRule): string {
  return `${describePolicy(policy)} ${section}[${ruleIndex}]`;
}

/** The rule, no rule when it matches nobody, or why it cannot be said. */
function compileRule(rule: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>, limits: HnsLimits): HnsRule[] | string {
  const { id, action, protocol, ports } = rule;
  if (action !== 'allow') return `the action "${action}"; this data plane only enforces rules that allow`;
  const lacking = lackingFeature(rule, peerSets, 'hns');
  if (lacking !== undefined) return lacking;
  if (protocol === protocolNumber.SCTP) return 'SCTP, which HNS does not filter';
  if (protocol !== undefined && !knownProtocols.includes(protocol))
    return `protocol ${formatProtocol(protocol)}, which HNS does not filter`;
  if (ports !== undefined && (protocol === undefined || !hasPorts(protocol))) return 'ports without a protocol that has ports';
  const peer = compilePeer(rule, peerSets, limits);
  if (typeof peer === 'string') return peer;
  if (peer.blocks?.length === 0 || ports?.length === 0) return [];
  return [{ id, ...(protocol === undefined ? {} : { protocol }), ...(ports === undefined ? {} : { ports }), ...peer }];
}

type Peer = Pick<HnsRule, 'group' | 'blocks'>;

function compilePeer(
  { peer: tests, origin }: Pick<ProgramRule, 'peer' | 'origin'>,
  peerSets: ReadonlyMap<ContentKey, PeerSet>,
  limits: HnsLimits,
): Peer | string {
  const inside: ContentKey[] = [];
  const outside: ContentKey[] = [];
  let ranges: readonly AddressRange[] | undefined;
  for (const { set: key, negated } of tests) {
    const set = peerSets.get(key);
    if (set === undefined) return `a peer set that is not there: ${key}`;
    if (set.kind === 'addressPort') return 'named ports, which HNS does not have';
    if (negated && !limits.expandUnsupported)
      return 'a negative selector, which HNS does not have (windows.expandUnsupported lists what it leaves)';
    if (set.kind === 'range') ranges = negated ? subtractAddressRanges(ranges ?? everything, set.ranges) : intersection(ranges, set.ranges);
    else (negated ? outside : inside).push(key);
  }
  if (outside.length > 0 && inside.length === 0) return 'a negative selector that also matches addresses of no pod, which cannot be listed';
  // A rule that names no peer is a list of blocks; neighbours have become one range there, which is no hole.
  const splits = limits.expandUnsupported || origin.peerIndex === undefined;
  const blocks = ranges === undefined ? undefined : blocksOf(ranges, splits);
  if (typeof blocks === 'string') return blocks;
  return {
    ...(inside.length === 0 ? {} : { group: groupTests(inside, outside) }),
    ...(blocks === undefined ? {} : { blocks }),
  };
}

const everything: readonly AddressRange[] = ['0.0.0.0/0', '::/0'].map((block) => cidrRange(defined(parseCidr(block), block)));

function intersection(a: readonly AddressRange[] | undefined, b: readonly AddressRange[]): readonly AddressRange[] {
  return a === undefined ? b : subtractAddressRanges(a, subtractAddressRanges(everything, b));
}

function blocksOf(ranges: readonly AddressRange[], splits: boolean): readonly string[] | string {
  if (!splits && !ranges.every(isOneBlock)) return 'a block with except, which HNS does not have (windows.expandUnsupported splits it)';
  const most = ranges.length + addedBlocksMax;
  return blocksOfRanges(ranges, most) ?? `addresses that take more than ${most} blocks`;
}

function groupTests(inside: readonly ContentKey[], outside: readonly ContentKey[]): GroupTests {
  const sorted = { inside: [...new Set(inside)].sort(), outside: [...new Set(outside)].sort() };
  return { key: JSON.stringify([sorted.inside, sorted.outside]), ...sorted };
}
