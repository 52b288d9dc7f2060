/**
 * Rules that look up the tuple of a packet, one for each kind of tuple: its program, the class of its peer,
 * and what it says of itself.
 *
 * Each rule loads all of that anew: the kernel lets no rule read a register that another one wrote. Those for
 * what few programs ask, messages of ICMP and source ports, come last, behind tests that other packets fail.
 */
import { type Expression, hostU32Bytes, type Register, type RuleDefinition } from '@weir/kernel';
import { type Family, protocolNumber } from '@weir/net';
import { isFamily, isProtocol, type PacketEnd } from './packet-steps.ts';
import { sharedSets } from './sets.ts';

/** Registers in a row, as the keys of tuples have them; the last one only where source ports are asked. */
const program: Register = 4;
const peerClass: Register = 5;
const protocol: Register = 6;
const port: Register = 7;
const sourcePort: Register = 8;

/** The rule that allows, behind the zero of its map's value. */
const rule: Register = 13;

/** Where a reading leaves the number of a program, and the class of a peer; the register before is written as well. */
export const programNumber: Register = program;
export const classNumber: Register = peerClass;
/** Four registers that are free while these two are looked up, before anything else of a tuple is loaded. */
export const wideKey: Register = 8;
/** Where a look leaves the number of the rule that allows: 0, where no rule but the program's end does. */
export const foundRule: Register = rule;

/** How a chain finds out about a packet what tuples are made of. */
export interface PacketReading {
  readonly family: Family;
  /** Puts the number of the program into its register. */
  readonly loadProgram: readonly Expression[];
  /** Puts what a map has for the peer's address into the register of classes. */
  readonly loadPeer: (map: string) => readonly Expression[];
  readonly loadPort: (end: PacketEnd, into: Register) => Expression;
  /** Type × 256 + code of ICMP. */
  readonly loadMessage: (into: Register) => Expression;
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
export function allowRules(chain: string, of: PacketReading, { looks, loadClass, found }: AllowRules): RuleDefinition[] {
  const ask = (set: string, load: readonly Expression[]): Expression[] => {
    const look: Expression[] = [...load, { kind: 'meta', key: 'mark', into: rule }, { kind: 'lookup', set, key: program, into: rule - 1 }];
    return looks === 2 ? [...look, ...look] : look;
  };
  const { allow, allowRange, allowMessage, allowSource } = sharedSets;
  return tupleRules({ chain, of, loadClass, found, ask, exact: allow, range: allowRange, message: allowMessage, source: allowSource });
}

/** One rule for each kind of tuple by which a packet is reported. */
export function loggedRules(chain: string, of: PacketReading, { loadClass, found }: TupleRules): RuleDefinition[] {
  const ask = (set: string, load: readonly Expression[]): Expression[] => [...load, { kind: 'lookup', set, key: program }];
  const { logged, loggedRange, loggedMessage, loggedSource } = sharedSets;
  return tupleRules({ chain, of, loadClass, found, ask, exact: logged, range: loggedRange, message: loggedMessage, source: loggedSource });
}

/** The sets of one meaning, and how one of them is asked. */
interface TupleLookups extends TupleRules {
  readonly chain: string;
  readonly of: PacketReading;
  readonly exact: string;
  readonly range: string;
  readonly message: string;
  readonly source: string;
  /** Asks a set, given what it takes to load a tuple. */
  readonly ask: (set: string, load: readonly Expression[]) => readonly Expression[];
}

function tupleRules({ chain, of, loadClass, found, ask, exact, range, message, source }: TupleLookups): RuleDefinition[] {
  const { family, loadProgram, loadPort, loadMessage } = of;
  const zero = (into: Register): Expression => ({ kind: 'immediate', into, value: hostU32Bytes(0) });
  const loadProtocol: Expression = { kind: 'meta', key: 'l4proto', into: protocol };
  const loadTarget = loadPort('destination', port);
  const ruleFor = (comment: string, set: string, loads: readonly Expression[], guard: readonly Expression[] = []): RuleDefinition => {
    // The class first: its lookup writes into the program's register as well.
    const expressions = [...isFamily(family), ...guard, ...ask(set, [...loadClass, ...loadProgram, ...loads]), ...found];
    return { chain, expressions, comment };
  };
  const isIcmpOfFamily = isProtocol(family === 4 ? protocolNumber.ICMP : protocolNumber.ICMPv6);
  const asksSource: Expression[] = [...loadProgram, { kind: 'lookup', set: sharedSets.askingSource, key: program }];
  const isAnyPeer = loadClass === anyPeer;
  return [
    ruleFor(`in ${exact}: this port`, exact, [loadProtocol, loadTarget]),
    ruleFor(`in ${exact}: any port`, exact, [loadProtocol, zero(port)]),
    ruleFor(`in ${exact}: any protocol`, exact, [zero(protocol), zero(port)]),
    ruleFor(`in ${range}: a range of ports`, range, [loadProtocol, loadTarget]),
    ruleFor(`in ${message}: this message`, message, [loadProtocol, loadMessage(port)], isIcmpOfFamily),
    // Programs that ask for source ports say all that they say class by class.
    ...(isAnyPeer
      ? []
      : [ruleFor(`in ${source}: from this port`, source, [loadProtocol, loadTarget, loadPort('source', sourcePort)], asksSource)]),
  ];
}
