/**
 * Programs as verdicts on (protocol, port): tiers, deny, pass and log resolved for one class of peers.
 *
 * Rules for any peer need no class. While a program only allows and denies, they are resolved once, for
 * class "any", and each class gets what the rules about its peers say; of the two the earlier rule decides
 * (`order`). A program that passes or logs depends on all rules together, so every class gets the whole.
 */
import type { ContentKey, PeerSet, PeerTest, Program, ProgramRule, ProtocolPort } from '@weir/calc';
import { hasPorts, type PortRange, type ProtocolNumber } from '@weir/net';

/** What a program says to packets of one protocol (undefined: where no other verdict says anything) on some ports (undefined: all). */
export interface PortVerdict {
  readonly protocol?: ProtocolNumber;
  readonly ports?: PortRange;
  readonly verdict: Verdict;
}

/** The verdict of one rule, or of a tier's or the program's end when there is none. */
interface Verdict {
  readonly action: 'allow' | 'deny';
  readonly rule?: string;
  /** Some rule on the way wants it logged. */
  readonly isLogged: boolean;
  /** The place of the rule in the program; a lower one decides. */
  readonly order: number;
}

/** An accepted program. */
export interface VerdictProgram {
  readonly key: ContentKey;
  /** What it says to any peer, when that can be told apart. */
  readonly forAnyPeer: readonly Step[];
  /** What it may say to a class because that is in a set: by the first set that a step asks for… */
  readonly wanted: ReadonlyMap<ContentKey, readonly Step[]>;
  /** …and what it may say to every class. */
  readonly forEveryClass: readonly Step[];
  /** Whether there is such. */
  readonly asksEveryClass: boolean;
}

/** A rule, or the end of a tier or of the program. */
interface Step {
  /** Its place in the program. */
  readonly order: number;
  readonly tier: number;
  readonly action: ProgramRule['action'];
  readonly id?: string;
  readonly peer: readonly PeerTest[];
  readonly protocol?: ProtocolNumber;
  readonly ports?: readonly PortRange[];
}

/** What a class of peers is in; `ports` only for sets of addresses with ports. */
export type MembershipsOfPeer = ReadonlyMap<ContentKey, readonly ProtocolPort[] | undefined>;

/** The program, or the reason why it cannot be enforced as a whole. */
export type CompiledVerdicts =
  | { readonly kind: 'accepted'; readonly program: VerdictProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** Puts tiers and their ends in one row and checks that all it refers to is there. */
export function compileVerdictProgram(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>): CompiledVerdicts {
  const steps: Step[] = [];
  for (const [tier, { rules, end }] of program.tiers.entries()) {
    for (const rule of rules) {
      const reason = refusalOfRule(rule, peerSets);
      if (reason !== undefined) return { kind: 'refused', reason };
      steps.push({ ...rule, tier, order: steps.length });
    }
    if (end === 'deny') steps.push({ order: steps.length, tier, action: 'deny', peer: [] });
  }
  const isEntangled = steps.some(({ action }) => action === 'pass' || action === 'log');
  // What nothing decides is denied, but a rule on the way may log it.
  if (program.otherwise === 'allow' || isEntangled) {
    steps.push({ order: steps.length, tier: program.tiers.length, action: program.otherwise, peer: [] });
  }
  return { kind: 'accepted', program: { key: program.key, ...byPeers(steps, isEntangled) } };
}

/** What the program says to any peer; nothing when each class gets the whole. */
export function verdictsForAnyPeer({ forAnyPeer }: VerdictProgram): PortVerdict[] {
  return resolve(matchesOf(forAnyPeer, allPorts));
}

/** What it says to peers of a class, beyond what it says to any. */
export function verdictsForClass({ wanted, forEveryClass }: VerdictProgram, sets: MembershipsOfPeer): PortVerdict[] {
  const asked = [...forEveryClass];
  for (const set of sets.keys()) for (const step of wanted.get(set) ?? []) asked.push(step);
  asked.sort((a, b) => a.order - b.order);
  return resolve(
    matchesOf(asked, (step) => {
      if (!step.peer.every((test) => sets.has(test.set) !== test.negated)) return undefined;
      return portsOfPeer(step, sets) ?? allPorts(step);
    }),
  );
}

/** The same program with all that it says said class by class, for who cannot let the order of rules decide between classes. */
export function saidByClass(program: VerdictProgram): VerdictProgram {
  const forEveryClass = [...program.forAnyPeer, ...program.forEveryClass];
  return { ...program, forAnyPeer: [], forEveryClass, asksEveryClass: forEveryClass.length > 0 };
}

/** Steps by whom they may say something to, so that a class finds those about it without looking at all. */
function byPeers(steps: readonly Step[], isEntangled: boolean): Omit<VerdictProgram, 'key'> {
  const forAnyPeer: Step[] = [];
  const wanted = new Map<ContentKey, Step[]>();
  const forEveryClass: Step[] = [];
  for (const step of steps) {
    const set = step.peer.find(({ negated }) => !negated)?.set;
    if (set === undefined) (step.peer.length > 0 || isEntangled ? forEveryClass : forAnyPeer).push(step);
    else if (wanted.get(set)?.push(step) === undefined) wanted.set(set, [step]);
  }
  return { forAnyPeer, wanted, forEveryClass, asksEveryClass: isEntangled || forEveryClass.length > 0 };
}

/** Why a rule cannot be expressed, whatever its action. */
export function refusalOfRule(rule: ProgramRule, peerSets: ReadonlyMap<ContentKey, PeerSet>): string | undefined {
  if (rule.notProtocol !== undefined) return `rule ${rule.id} excludes a protocol, which this data plane cannot express`;
  if (rule.sourcePorts !== undefined) return `rule ${rule.id} has source ports, which this data plane cannot express`;
  if (rule.ports !== undefined && (rule.protocol === undefined || !hasPorts(rule.protocol))) {
    return `rule ${rule.id} has ports, but no protocol with ports`;
  }
  for (const test of rule.peer) {
    const set = peerSets.get(test.set);
    if (set === undefined) return `rule ${rule.id} refers to a peer set that is not there: ${test.set}`;
    if (set.kind !== 'addressPort') continue;
    if (test.negated) return `rule ${rule.id} excludes named ports, which this data plane cannot express`;
    if (rule.protocol === undefined || rule.ports !== undefined) {
      return `rule ${rule.id} has named ports and must have a protocol and no ports`;
    }
  }
  return undefined;
}

/** A step that says something to the peer, and on which ports of its protocol. */
interface Match {
  readonly step: Step;
  readonly ports: readonly PortRange[];
}

const everyPort: PortRange = { first: 0, last: 65535 };

function matchesOf(steps: readonly Step[], portsOf: (step: Step) => readonly PortRange[] | undefined): Match[] {
  const matches: Match[] = [];
  for (const step of steps) {
    const ports = portsOf(step);
    if (ports !== undefined && ports.length > 0) matches.push({ step, ports });
  }
  return matches;
}

function allPorts({ ports }: Step): readonly PortRange[] {
  return ports ?? [everyPort];
}

/** The ports that the peer itself brings along (all `addressPort` sets at once), or undefined. */
function portsOfPeer({ peer, protocol }: Step, sets: MembershipsOfPeer): PortRange[] | undefined {
  let ports: readonly number[] | undefined;
  for (const { set, negated } of peer) {
    const listed = negated ? undefined : sets.get(set);
    if (listed === undefined) continue;
    const own = listed.filter((port) => port.protocol === protocol).map(({ port }) => port);
    ports = ports === undefined ? own : ports.filter((port) => own.includes(port));
  }
  return ports?.map((port) => ({ first: port, last: port }));
}

/** The verdict of every protocol that some match names, and of all others; what nothing decides is left out. */
function resolve(matches: readonly Match[]): PortVerdict[] {
  const protocols = new Set(matches.map(({ step }) => step.protocol).filter((protocol) => protocol !== undefined));
  const verdicts: PortVerdict[] = [];
  const rest = decide(matches.filter(({ step }) => step.protocol === undefined));
  if (rest !== undefined) verdicts.push({ verdict: rest });
  for (const protocol of protocols) {
    const own = matches.filter(({ step }) => step.protocol === undefined || step.protocol === protocol);
    for (const ports of elementaryRanges(own)) {
      const verdict = decide(own.filter((match) => match.ports.some(({ first, last }) => first <= ports.first && ports.last <= last)));
      if (verdict === undefined || (rest !== undefined && isSame(rest, verdict))) continue;
      appendVerdict(verdicts, { protocol, ports, verdict });
    }
  }
  return verdicts.map(({ ports, ...each }) => (ports === undefined || isEveryPort(ports) ? each : { ...each, ports }));
}

/** Adds a verdict, or widens the one before when that says the same of the ports next to it. */
function appendVerdict(verdicts: PortVerdict[], next: PortVerdict & { readonly ports: PortRange }): void {
  const previous = verdicts.at(-1);
  const isNext = previous?.protocol === next.protocol && previous?.ports?.last === next.ports.first - 1;
  if (!isNext || previous?.ports === undefined || !isSame(previous.verdict, next.verdict)) verdicts.push(next);
  else verdicts[verdicts.length - 1] = { ...next, ports: { first: previous.ports.first, last: next.ports.last } };
}

function isEveryPort({ first, last }: PortRange): boolean {
  return first === everyPort.first && last === everyPort.last;
}

function isSame(a: Verdict, b: Verdict): boolean {
  return a.order === b.order && a.isLogged === b.isLogged;
}

/** All ports, cut wherever some match begins or ends. */
function elementaryRanges(matches: readonly Match[]): PortRange[] {
  const starts = new Set([0]);
  for (const { ports } of matches) {
    for (const { first, last } of ports) starts.add(first).add(last + 1);
  }
  const sorted = [...starts].filter((start) => start <= 65535).sort((a, b) => a - b);
  return sorted.map((first, i) => ({ first, last: (sorted[i + 1] ?? 65536) - 1 }));
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
