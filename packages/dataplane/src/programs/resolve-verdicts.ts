/**
 * What rules that match one kind of peer come to, for every protocol and port: order, tiers, deny, pass and
 * log resolved. Of ICMP messages stand for ports.
 */
import type { ProgramRule } from '@weir/calc';
import type { PortRange, ProtocolNumber } from '@weir/net';

/**
 * What is said to packets of one protocol (undefined: where no other verdict says anything) on some ports
 * (undefined: all). One from some source ports comes with others for all the rest of them.
 */
export interface PortVerdict {
  readonly protocol?: ProtocolNumber;
  readonly ports?: PortRange;
  readonly sourcePorts?: PortRange;
  readonly verdict: Verdict;
}

/** The verdict of one rule, or of a tier's or the program's end when there is none. */
export interface Verdict {
  readonly action: 'allow' | 'deny';
  readonly rule?: string;
  /** Some rule on the way wants it logged. */
  readonly isLogged: boolean;
  /** The place of the rule in the program; a lower one decides. */
  readonly order: number;
}

/** A rule, or the end of a tier or of the program. */
export interface Step {
  /** Its place in the program. */
  readonly order: number;
  readonly tier: number;
  readonly action: ProgramRule['action'];
  readonly id?: string;
  readonly peer: ProgramRule['peer'];
  readonly protocol?: ProtocolNumber;
  readonly notProtocol?: ProtocolNumber;
  readonly ports?: readonly PortRange[];
  readonly sourcePorts?: readonly PortRange[];
}

/** A step that says something to the peer, and on which ports of its protocol. */
export interface Match {
  readonly step: Step;
  readonly ports: readonly PortRange[];
  readonly sourcePorts: readonly PortRange[];
}

/** Every port, and every message. */
export const everyPort: PortRange = { first: 0, last: 65_535 };

/** Says that nothing decides, where what is said to all other protocols would; whatever decides elsewhere goes first. */
const undecided: Verdict = { action: 'deny', isLogged: false, order: 0xffff_ffff };

/** Whether the verdict is none: what is said to any peer holds. */
export function isUndecided({ order }: Verdict): boolean {
  return order === undecided.order;
}

/** The verdict of every protocol that some match names, and of all others; what nothing decides is left out. */
export function resolveVerdicts(matches: readonly Match[]): PortVerdict[] {
  const protocols = new Set(matches.flatMap(({ step }) => step.protocol ?? step.notProtocol ?? []));
  const rest = decide(matches.filter(({ step }) => step.protocol === undefined));
  const verdicts: PortVerdict[] = rest === undefined ? [] : [{ verdict: rest }];
  for (const protocol of protocols) {
    for (const { ports, pieces } of slicesOf(matches.filter(({ step }) => isAbout(step, protocol)))) {
      for (const { ports: sourcePorts, verdict } of pieces) {
        const isWhole = isEveryPort(sourcePorts);
        if (rest === undefined ? isUndecided(verdict) : isWhole && isSame(rest, verdict)) continue;
        verdicts.push({ protocol, ...(isEveryPort(ports) ? {} : { ports }), ...(isWhole ? {} : { sourcePorts }), verdict });
      }
    }
  }
  return verdicts;
}

function isAbout(step: Step, protocol: ProtocolNumber): boolean {
  return step.protocol === undefined ? step.notProtocol !== protocol : step.protocol === protocol;
}

/** What is said on some ports. */
interface Piece {
  readonly ports: PortRange;
  readonly verdict: Verdict;
}

/** What is said on some ports, by source ports: all of them, in order. */
interface Slice {
  readonly ports: PortRange;
  readonly pieces: readonly Piece[];
}

/** All ports, in order, with what matches of one protocol say. */
function slicesOf(matches: readonly Match[]): Slice[] {
  const slices: Slice[] = [];
  for (const ports of elementaryRanges(matches.map((match) => match.ports))) {
    const pieces = piecesOf(matches.filter((match) => covers(match.ports, ports)));
    const before = slices.at(-1);
    if (before === undefined || !areSame(before.pieces, pieces)) slices.push({ ports, pieces });
    else slices[slices.length - 1] = { ports: { first: before.ports.first, last: ports.last }, pieces };
  }
  return slices;
}

/** All source ports, in order, with what matches on the same ports say. */
function piecesOf(matches: readonly Match[]): Piece[] {
  const pieces: Piece[] = [];
  for (const ports of elementaryRanges(matches.map(({ sourcePorts }) => sourcePorts))) {
    const verdict = decide(matches.filter(({ sourcePorts }) => covers(sourcePorts, ports))) ?? undecided;
    const before = pieces.at(-1);
    if (before === undefined || !isSame(before.verdict, verdict)) pieces.push({ ports, verdict });
    else pieces[pieces.length - 1] = { ports: { first: before.ports.first, last: ports.last }, verdict };
  }
  return pieces;
}

function areSame(a: readonly Piece[], b: readonly Piece[]): boolean {
  return (
    a.length === b.length &&
    a.every((piece, i) => {
      const other = b[i];
      return other !== undefined && piece.ports.last === other.ports.last && isSame(piece.verdict, other.verdict);
    })
  );
}

function covers(ranges: readonly PortRange[], { first, last }: PortRange): boolean {
  return ranges.some((range) => range.first <= first && last <= range.last);
}

function isEveryPort({ first, last }: PortRange): boolean {
  return first === everyPort.first && last === everyPort.last;
}

function isSame(a: Verdict, b: Verdict): boolean {
  return a.order === b.order && a.isLogged === b.isLogged;
}

/** All ports, cut wherever some range begins or ends. */
function elementaryRanges(lists: readonly (readonly PortRange[])[]): PortRange[] {
  const starts = new Set([0]);
  for (const ranges of lists) {
    for (const { first, last } of ranges) starts.add(first).add(last + 1);
  }
  const sorted = [...starts].filter((start) => start <= everyPort.last).sort((a, b) => a - b);
  return sorted.map((first, i) => ({ first, last: (sorted[i + 1] ?? everyPort.last + 1) - 1 }));
}

/** Walks steps that all match, in order; undefined when none of them decides. */
function decide(matches: readonly Match[]): Verdict | undefined {
  let isLogged = false;
  let passedTier = -1;
  for (const { step } of matches) {
    if (step.tier <= passedTier) continue;
    if (step.action === 'log') isLogged = true;
    else if (step.action === 'pass') passedTier = step.tier;
    else return { action: step.action, isLogged, order: step.order, ...(step.id === undefined ? {} : { rule: step.id }) };
  }
  return undefined;
}
