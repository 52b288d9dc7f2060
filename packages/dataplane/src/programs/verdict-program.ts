/**
 * Programs as verdicts on (protocol, port): tiers, deny, pass and log resolved for one class of peers.
 *
 * Rules for any peer need no class. While a program only allows and denies, they are resolved once, for
 * class "any", and each class gets what the rules about its peers say; of the two the earlier rule decides
 * (`order`). A program that passes or logs depends on all rules together, so every class gets the whole.
 */
import type { ContentKey, PeerSet, Program, ProtocolPort } from '@weir/calc';
import { type PortRange, portRangesContain, subtractPortRanges } from '@weir/net';
import { everyPort, type Match, type PortVerdict, resolveVerdicts, type Step } from './resolve-verdicts.ts';
import { type BackEnd, refusalOfRule } from './rule-refusal.ts';

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

/** What a class of peers is in; `ports` only for sets of addresses with ports. */
export type MembershipsOfPeer = ReadonlyMap<ContentKey, readonly ProtocolPort[] | undefined>;

/** The program, or the reason why it cannot be enforced as a whole. */
export type CompiledVerdicts =
  | { readonly kind: 'accepted'; readonly program: VerdictProgram }
  | { readonly kind: 'refused'; readonly reason: string };

/** Puts tiers and their ends in one row and checks that all it refers to is there, and that the back end can have it. */
export function compileVerdictProgram(program: Program, peerSets: ReadonlyMap<ContentKey, PeerSet>, backEnd: BackEnd): CompiledVerdicts {
  const steps: Step[] = [];
  for (const [tier, { rules, end }] of program.tiers.entries()) {
    for (const rule of rules) {
      const reason = refusalOfRule(rule, peerSets, backEnd);
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
  return resolveVerdicts(matchesOf(forAnyPeer, portsOf));
}

/** What it says to peers of a class, beyond what it says to any. */
export function verdictsForClass({ wanted, forEveryClass }: VerdictProgram, sets: MembershipsOfPeer): PortVerdict[] {
  const asked = [...forEveryClass];
  for (const set of sets.keys()) for (const step of wanted.get(set) ?? []) asked.push(step);
  asked.sort((a, b) => a.order - b.order);
  return resolveVerdicts(matchesOf(asked, (step) => portsForClass(step, sets)));
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

type Ports = Pick<Match, 'ports' | 'sourcePorts'>;

function matchesOf(steps: readonly Step[], portsOfStep: (step: Step) => Ports | undefined): Match[] {
  return steps.flatMap((step) => {
    const ports = portsOfStep(step);
    return ports === undefined || ports.ports.length === 0 || ports.sourcePorts.length === 0 ? [] : [{ step, ...ports }];
  });
}

function portsOf({ ports = [everyPort], sourcePorts = [everyPort] }: Step): Ports {
  return { ports, sourcePorts };
}

/** The ports on which a step is about the class; undefined when the peer is not meant. */
function portsForClass(step: Step, sets: MembershipsOfPeer): Ports | undefined {
  let { ports, sourcePorts } = portsOf(step);
  for (const { set, negated, port: asked } of step.peer) {
    // Only sets of addresses with ports have a list: they are about these ports of their members.
    const own = sets.get(set)?.filter(({ protocol }) => protocol === step.protocol);
    const listed = own?.map(({ port }): PortRange => ({ first: port, last: port }));
    if (listed === undefined) {
      if (sets.has(set) === negated) return undefined;
    } else if (asked === 'source') sourcePorts = negated ? subtractPortRanges(sourcePorts, listed) : within(sourcePorts, listed);
    else ports = negated ? subtractPortRanges(ports, listed) : within(ports, listed);
  }
  return { ports, sourcePorts };
}

function within(ranges: readonly PortRange[], listed: readonly PortRange[]): PortRange[] {
  return listed.filter(({ first }) => portRangesContain(ranges, first));
}
