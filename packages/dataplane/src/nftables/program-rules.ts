/**
 * Rules of the chains that ask policies: `egress4`, `ingress6`, `egress4_again`, …, their `_pod` and
 * `_block` halves, and the `_deny` ones. All but the last let through what is allowed and return with
 * the rest.
 *
 * What a tuple says never changes while its numbers live, so a packet can only be judged wrongly by
 * numbers of which one is older than the other. Ingress therefore looks twice before it lets through:
 * one change leaves one of the looks whole. Egress looks once, but again behind ingress
 * (design/nftables.md).
 *
 * Each rule loads program, class, protocol and port anew (the kernel lets no rule read a register
 * that another one wrote) and looks the tuple up in `allow` or `allow_range`. Pods go to the half
 * that knows their class: it already holds the ranges that contain the pod, and the class of the
 * range alone could say less (a rule "in this range, but not this pod").
 */
import { type Expression, hostU32Bytes, type Register, type RuleDefinition } from '@weir/kernel';
import type { Family } from '@weir/net';
import { accept, drop, isFamily, loadAddress, loadLastWord, type PacketEnd, readablePackets, selfRule } from './packet-steps.ts';
import { reportDenied, reportLogged } from './reports.ts';
import { familySets, sharedSets } from './sets.ts';

/** Four registers in a row, as the key of `allow` has them. */
const program: Register = 4;
const peerClass: Register = 5;
const protocol: Register = 6;
const port: Register = 7;
const wideAddress: Register = 8;

/** The rule that allows, behind the zero of its map's value. */
const rule: Register = 13;

/** Which of the chains: egress asked first, ingress, or egress asked again behind ingress. */
export interface ProgramChain {
  readonly look: 'egress' | 'ingress' | 'egress_again';
  readonly family: Family;
}

/** Every look at every family. */
export const programChains: readonly ProgramChain[] = (['egress', 'ingress', 'egress_again'] as const).flatMap((look) =>
  ([4, 6] as const).map((family) => ({ look, family })),
);

/** All rules of the chains; with `reports` denied packets are reported. */
export function programRules({ reports }: { readonly reports: boolean }): RuleDefinition[] {
  return programChains.flatMap((of) => [
    ...podHalf(of),
    ...blockHalf(of),
    ...mainChain(of),
    ...(reports ? logChains(of) : []),
    ...denyChain(of, reports),
  ]);
}

/** The names of the chains, jump targets first. */
export function programChainNames(of: ProgramChain): string[] {
  const { main, pod, block, deny, log, logPod } = namesOf(of);
  return [pod, ...(of.look === 'ingress' ? [block] : []), main, ...(of.look === 'egress_again' ? [] : [logPod, log]), deny];
}

/** Where to send packets of isolated endpoints: to be let through or to return, to be let through or dropped, and to be reported where a rule logs them. */
export function programChainTargets(of: ProgramChain): { readonly main: string; readonly deny: string; readonly log: string } {
  return namesOf(of);
}

function namesOf({ look, family }: ProgramChain): { main: string; pod: string; block: string; deny: string; log: string; logPod: string } {
  const main = look === 'egress_again' ? `egress${family}_again` : `${look}${family}`;
  return { main, pod: `${main}_pod`, block: `${main}_block`, deny: `${main}_deny`, log: `${main}_log`, logPod: `${main}_log_pod` };
}

/** Any peer, whom the program alone decides on; then known pods; then the rest of the address space. */
function mainChain(of: ProgramChain): RuleDefinition[] {
  const { main: chain, block } = namesOf(of);
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).block);
  const anyPeer: Expression = { kind: 'immediate', into: peerClass, value: hostU32Bytes(0) };
  const blocks =
    of.look === 'ingress'
      ? allowRules(chain, of, { loadClass, looks: 1, found: [{ kind: 'goto', chain: block }] })
      : allowRules(chain, of, { loadClass, looks: 1, found: letThrough(of) });
  return [...allowRules(chain, of, { loadClass: [anyPeer], looks: 1, found: letThrough(of) }), toPodHalf(chain, of), ...blocks];
}

function podHalf(of: ProgramChain): RuleDefinition[] {
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).class);
  return allowRules(namesOf(of).pod, of, { loadClass, looks: of.look === 'ingress' ? 2 : 1, found: letThrough(of) });
}

/** Ingress only: the second look at a peer that is no known pod, and at whether it is none. */
function blockHalf(of: ProgramChain): RuleDefinition[] {
  if (of.look !== 'ingress') return [];
  const { block: chain } = namesOf(of);
  const loadClass = lookupAddress(of, 'peer', familySets(of.family).block);
  return [toPodHalf(chain, of), ...allowRules(chain, of, { loadClass, looks: 1, found: letThrough(of) })];
}

function toPodHalf(chain: string, of: ProgramChain, pod: string = namesOf(of).pod): RuleDefinition {
  const set = familySets(of.family).class;
  return {
    chain,
    expressions: [...isFamily(of.family), ...lookupAddress(of, 'peer', set), { kind: 'goto', chain: pod }],
    comment: `peers in ${set}`,
  };
}

/** Reports what a rule of the program logs, once, and decides nothing: known pods by their class, the rest by that of its block. */
function logChains(of: ProgramChain): RuleDefinition[] {
  // Where egress is asked again everything was reported.
  if (of.look === 'egress_again') return [];
  const { log, logPod } = namesOf(of);
  const sets = familySets(of.family);
  const found = [reportLogged(of.look)];
  const rulesIn = (chain: string, set: string): RuleDefinition[] =>
    tupleRules(chain, of, { loadClass: lookupAddress(of, 'peer', set), lookups: loggedLookups, found });
  return [
    {
      chain: log,
      expressions: [
        ...isFamily(of.family),
        ...lookupAddress(of, 'own', sets[of.look]),
        { kind: 'lookup', set: sharedSets.logging, key: program, inverted: true },
        { kind: 'verdict', verdict: 'return' },
      ],
      comment: 'a program that logs nothing',
    },
    toPodHalf(log, of, logPod),
    ...rulesIn(log, sets.block),
    ...rulesIn(logPod, sets.class),
  ];
}

/** Accepts, and counts for the rule that the last look found; asking egress again counts nothing twice. */
function letThrough({ look }: ProgramChain): Expression[] {
  return look === 'egress_again' ? [accept] : [{ kind: 'lookup', set: sharedSets.rules, key: rule }, accept];
}

interface AllowRules {
  /** Puts the class into its register. */
  readonly loadClass: readonly Expression[];
  /** How often class, program and tuple are looked up, one after the other. */
  readonly looks: 1 | 2;
  readonly found: readonly Expression[];
}

/** One rule for each kind of tuple that can allow a packet. */
function allowRules(chain: string, of: ProgramChain, { looks, ...rest }: AllowRules): RuleDefinition[] {
  return tupleRules(chain, of, { ...rest, lookups: allowLookups(looks) });
}

interface TupleRules extends Omit<AllowRules, 'looks'> {
  readonly lookups: TupleLookups;
}

/** How a set of tuples is asked. */
interface TupleLookups {
  readonly exact: string;
  readonly range: string;
  /** Asks one of them, given what it takes to load a tuple. */
  readonly ask: (set: string, load: readonly Expression[]) => readonly Expression[];
}

function allowLookups(looks: 1 | 2): TupleLookups {
  const ask = (set: string, load: readonly Expression[]): Expression[] => {
    const look: Expression[] = [...load, { kind: 'meta', key: 'mark', into: rule }, { kind: 'lookup', set, key: program, into: rule - 1 }];
    return looks === 2 ? [...look, ...look] : look;
  };
  return { exact: sharedSets.allow, range: sharedSets.allowRange, ask };
}

const loggedLookups: TupleLookups = {
  exact: sharedSets.logged,
  range: sharedSets.loggedRange,
  ask: (set, load) => [...load, { kind: 'lookup', set, key: program }],
};

/** One rule for each kind of tuple. */
function tupleRules(chain: string, of: ProgramChain, { loadClass, lookups, found }: TupleRules): RuleDefinition[] {
  const { exact, range, ask } = lookups;
  const zero = (into: Register): Expression => ({ kind: 'immediate', into, value: hostU32Bytes(0) });
  const loadProtocol: Expression = { kind: 'meta', key: 'l4proto', into: protocol };
  const loadPort: Expression = { kind: 'payload', base: 'transport', offset: 2, length: 2, into: port };
  const ruleFor = (comment: string, set: string, loads: readonly Expression[]): RuleDefinition => {
    // The class first: its lookup writes into the program's register as well.
    const own = lookupAddress(of, 'own', familySets(of.family)[of.look === 'ingress' ? 'ingress' : 'egress']);
    return { chain, expressions: [...isFamily(of.family), ...ask(set, [...loadClass, ...own, ...loads]), ...found], comment };
  };
  return [
    ruleFor(`in ${exact}: this port`, exact, [loadProtocol, loadPort]),
    ruleFor(`in ${exact}: any port`, exact, [loadProtocol, zero(port)]),
    ruleFor(`in ${exact}: any protocol`, exact, [zero(protocol), zero(port)]),
    ruleFor(`in ${range}: a range of ports`, range, [loadProtocol, loadPort]),
  ];
}

/** Asks once more, by numbers that can only be new if a change came in between, then counts and drops. */
function denyChain(of: ProgramChain, reports: boolean): RuleDefinition[] {
  const { deny: chain, main } = namesOf(of);
  return [
    selfRule(chain, of.family),
    ...readablePackets.map((readable) => ({
      chain,
      expressions: [...readable, { kind: 'jump', chain: main } as const],
      comment: 'once more, if a change came in between',
    })),
    ...(reports ? [reportDenied(chain, of.look === 'ingress' ? 'ingress' : 'egress')] : []),
    {
      chain,
      expressions: [
        ...isFamily(of.family),
        ...lookupAddress(of, 'own', familySets(of.family)[of.look === 'ingress' ? 'ingress' : 'egress']),
        { kind: 'lookup', set: sharedSets.denied, key: program },
        drop,
      ],
    },
    { chain, expressions: [{ kind: 'counter' }, drop] },
  ];
}

/**
 * Puts the number of an end of the packet into `into`: the isolated endpoint's program, or its
 * peer's class. Values of the maps are eight bytes, zero and number, and land in the register
 * before `into` and in `into`; the load of the address (IPv6: of its last word) into `into` itself
 * is what `nft list` shows for the register. See `sets.ts` for why.
 */
function lookupAddress(of: ProgramChain, whose: 'own' | 'peer', map: string): Expression[] {
  const into = whose === 'own' ? program : peerClass;
  const ownEnd: PacketEnd = of.look === 'ingress' ? 'destination' : 'source';
  const peerEnd: PacketEnd = of.look === 'ingress' ? 'source' : 'destination';
  const end = whose === 'own' ? ownEnd : peerEnd;
  if (of.family === 4) return [loadAddress(4, end, into), { kind: 'lookup', set: map, key: into, into: into - 1 }];
  return [loadLastWord(end, into), loadAddress(6, end, wideAddress), { kind: 'lookup', set: map, key: wideAddress, into: into - 1 }];
}
