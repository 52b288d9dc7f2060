/**
 * Rules that look up the tuple of a packet, one for each kind of tuple: its program, the class of its peer,
 * and what it says of itself.
 *
 * Each rule loads all of that anew: the kernel lets no rule read a register that another one wrote. Those for
 * what few programs ask, messages of ICMP and source ports, come last, behind tests that other packets fail.
 */
import { type Expression, hostU32Bytes, type Register, type RuleDefinition } from '@weir/kernel';
import { type Family, protocolNumber } from '@weir/net';
import { isFamily, isProtocol, loadAddress, loadLastWord, type PacketEnd } from './packet-steps.ts';
import { familySets, sharedSets } from './sets.ts';

/** Registers in a row, as the keys of tuples have them; the last one only where source ports are asked. */
const program: Register = 4;
const peerClass: Register = 5;
const protocol: Register = 6;
const port: Register = 7;
const sourcePort: Register = 8;
/** Taken while an address is looked up, before any port is loaded. */
const wideAddress: Register = 8;

/** The rule that allows, behind the zero of its map's value. */
const rule: Register = 13;

/** Where {@link lookupAddress} leaves the number of a program. */
export const programNumber: Register = program;

/** Which of the chains: egress asked first, ingress, or egress asked again behind ingress. */
export interface ProgramChain {
  readonly look: 'egress' | 'ingress' | 'egress_again';
  readonly family: Family;
}

/** The class of tuples for any peer. */
export const anyPeer: readonly Expression[] = [{ kind: 'immediate', into: peerClass, value: hostU32Bytes(0) }];

/** Counts for the rule that the last look found. */
export const countRule: Expression = { kind: 'lookup', set: sharedSets.rules, key: rule };

/** Rules that ask for tuples of one class. */
export interface TupleRules {
  /** Puts the class into its register. */
  readonly loadClass: readonly Expression[];
  readonly found: readonly Expression[];
}

export interface AllowRules extends TupleRules {
  /** How often class, program and tuple are looked up, one after the other. */
  readonly looks: 1 | 2;
}

/** One rule for each kind of tuple that can allow a packet. */
export function allowRules(chain: string, of: ProgramChain, { looks, loadClass, found }: AllowRules): RuleDefinition[] {
  const ask = (set: string, load: readonly Expression[]): Expression[] => {
    const look: Expression[] = [...load, { kind: 'meta', key: 'mark', into: rule }, { kind: 'lookup', set, key: program, into: rule - 1 }];
    return looks === 2 ? [...look, ...look] : look;
  };
  const { allow, allowRange, allowMessage, allowSource } = sharedSets;
  return tupleRules({ chain, of, loadClass, found, ask, exact: allow, range: allowRange, message: allowMessage, source: allowSource });
}

/** One rule for each kind of tuple by which a packet is reported. */
export function loggedRules(chain: string, of: ProgramChain, { loadClass, found }: TupleRules): RuleDefinition[] {
  const ask = (set: string, load: readonly Expression[]): Expression[] => [...load, { kind: 'lookup', set, key: program }];
  const { logged, loggedRange, loggedMessage, loggedSource } = sharedSets;
  return tupleRules({ chain, of, loadClass, found, ask, exact: logged, range: loggedRange, message: loggedMessage, source: loggedSource });
}

/** The sets of one meaning, and how one of them is asked. */
interface TupleLookups extends TupleRules {
  readonly chain: string;
  readonly of: ProgramChain;
  readonly exact: string;
  readonly range: string;
  readonly message: string;
  readonly source: string;
  /** Asks a set, given what it takes to load a tuple. */
  readonly ask: (set: string, load: readonly Expression[]) => readonly Expression[];
}

function tupleRules({ chain, of, loadClass, found, ask, exact, range, message, source }: TupleLookups): RuleDefinition[] {
  const { family } = of;
  const ownProgram = lookupAddress(of, 'own', familySets(family)[of.look === 'ingress' ? 'ingress' : 'egress']);
  const zero = (into: Register): Expression => ({ kind: 'immediate', into, value: hostU32Bytes(0) });
  const loadProtocol: Expression = { kind: 'meta', key: 'l4proto', into: protocol };
  const load = (offset: number, into: Register): Expression => ({ kind: 'payload', base: 'transport', offset, length: 2, into });
  const ruleFor = (comment: string, set: string, loads: readonly Expression[], guard: readonly Expression[] = []): RuleDefinition => {
    // The class first: its lookup writes into the program's register as well.
    const expressions = [...isFamily(family), ...guard, ...ask(set, [...loadClass, ...ownProgram, ...loads]), ...found];
    return { chain, expressions, comment };
  };
  const isIcmpOfFamily = isProtocol(family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6);
  const asksSource: Expression[] = [...ownProgram, { kind: 'lookup', set: sharedSets.askingSource, key: program }];
  const isAnyPeer = loadClass === anyPeer;
  return [
    ruleFor(`in ${exact}: this port`, exact, [loadProtocol, load(2, port)]),
    ruleFor(`in ${exact}: any port`, exact, [loadProtocol, zero(port)]),
    ruleFor(`in ${exact}: any protocol`, exact, [zero(protocol), zero(port)]),
    ruleFor(`in ${range}: a range of ports`, range, [loadProtocol, load(2, port)]),
    ruleFor(`in ${message}: this message`, message, [loadProtocol, load(0, port)], isIcmpOfFamily),
    // Programs that ask for source ports say all that they say class by class.
    ...(isAnyPeer ? [] : [ruleFor(`in ${source}: from this port`, source, [loadProtocol, load(2, port), load(0, sourcePort)], asksSource)]),
  ];
}

/**
 * Puts the number of an end of the packet into `into`: the isolated endpoint's program, or its
 * peer's class. Values of the maps are eight bytes, zero and number, and land in the register
 * before `into` and in `into`; the load of the address (IPv6: of its last word) into `into` itself
 * is what `nft list` shows for the register. See `sets.ts` for why.
 */
export function lookupAddress(of: ProgramChain, whose: 'own' | 'peer', map: string): Expression[] {
  const into = whose === 'own' ? program : peerClass;
  const ownEnd: PacketEnd = of.look === 'ingress' ? 'destination' : 'source';
  const peerEnd: PacketEnd = of.look === 'ingress' ? 'source' : 'destination';
  const end = whose === 'own' ? ownEnd : peerEnd;
  if (of.family === 4) return [loadAddress(4, end, into), { kind: 'lookup', set: map, key: into, into: into - 1 }];
  return [loadLastWord(end, into), loadAddress(6, end, wideAddress), { kind: 'lookup', set: map, key: wideAddress, into: into - 1 }];
}
