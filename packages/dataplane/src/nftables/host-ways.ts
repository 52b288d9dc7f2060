/**
 * The ways of packets through the node's interfaces, as base chains: which families are asked, one after the other.
 *
 *   prerouting -310   untracked, before connection tracking
 *   output     -310   the same on the way out
 *   input       -21   untracked and preDNAT by what was sent, normal
 *   forward     -23   untracked and preDNAT by what was sent, forward on the way in
 *   forward     -22   forward on the way out
 *   postrouting -20   of the node's own packets: untracked by what was sent, normal
 *
 * Chains there are only while an endpoint has a program that needs them. All but the first two stand once more behind
 * the chains of pods, and what the first pass denies a second one asks anew, and drops: what holds for pods' packets while
 * a change takes force (design/nftables.md) holds for these. PreDNAT needs no chain before translation: connection
 * tracking remembers what was sent, so that one chain asks all that concerns a packet, in one state. Untracked is asked
 * again there, because a packet that came in between two states may have been let through by none of them.
 *
 * Normal stands behind the last routing decision on the way out: after translation the interface may be another one.
 */
import type { ChainDefinition, Expression, hookNumber, RuleDefinition } from '@weir/kernel';
import { type HostQuestion, questionChains, questionRules } from './host-questions.ts';
import type { HeaderSource } from './host-reading.ts';
import { isMeant, isReadFrom, lookupOwnEnd } from './host-reading.ts';
import { type HostMap, hostMaps, isIn, mapsBeside } from './host-sets.ts';
import { accept, isEstablishedOrRelated, isFamily, isNeighbourDiscovery } from './packet-steps.ts';
import { familySets } from './sets.ts';
import { countRule } from './tuple-rules.ts';

/** A family on a way. */
interface Step {
  readonly map: HostMap;
  readonly headers: readonly HeaderSource[];
  /** Whether the next family is asked where its program says nothing. */
  readonly goesOn: boolean;
  readonly failsafes: HostQuestion['failsafes'];
  /** Whether what its rules allow is counted here; it may have been already. */
  readonly counts: boolean;
  /** Of packets for the node itself, or of those that it forwards; default both. */
  readonly of?: 'own' | 'forwarded';
}

/** Where packets come to a way: a base chain, and one more that asks again. */
interface Entrance {
  readonly name: string;
  readonly hook: keyof typeof hookNumber;
  readonly priority: number;
  readonly againPriority?: number;
  readonly of: 'own' | 'forwarded';
}

/** What is asked, and where. */
interface Way {
  readonly name: string;
  readonly entrances: readonly Entrance[];
  readonly steps: readonly Step[];
  /** Before tracking every packet is asked, and what is allowed is kept out of it. */
  readonly beforeTracking?: boolean;
}

const untracked = (map: HostMap): Step => ({ map, headers: ['packet', 'sent'], goesOn: true, failsafes: 'both ways', counts: false });
const last = (map: HostMap, of: 'own' | 'forwarded'): Step => {
  return { map, headers: ['packet'], goesOn: false, failsafes: of === 'own' ? 'open' : 'closed', counts: true, of };
};

const ways: readonly Way[] = [
  {
    name: 'host_prerouting',
    entrances: [{ name: 'host_prerouting', hook: 'prerouting', priority: -310, of: 'own' }],
    steps: [{ ...untracked('host_untracked_in'), headers: ['packet'], counts: true }],
    beforeTracking: true,
  },
  {
    name: 'host_output',
    entrances: [{ name: 'host_output', hook: 'output', priority: -310, of: 'own' }],
    steps: [{ ...untracked('host_untracked_out'), headers: ['packet'], counts: true }],
    beforeTracking: true,
  },
  {
    name: 'host_in',
    entrances: [
      { name: 'host_input', hook: 'input', priority: -21, againPriority: -17, of: 'own' },
      { name: 'host_forward_in', hook: 'forward', priority: -23, againPriority: -17, of: 'forwarded' },
    ],
    steps: [
      untracked('host_untracked_in'),
      { map: 'host_prednat_in', headers: ['packet', 'sent'], goesOn: true, failsafes: 'open', counts: true },
      last('host_normal_in', 'own'),
      last('host_forward_in', 'forwarded'),
    ],
  },
  {
    name: 'host_forwarded',
    entrances: [{ name: 'host_forward_out', hook: 'forward', priority: -22, againPriority: -16, of: 'forwarded' }],
    steps: [last('host_forward_out', 'forwarded')],
  },
  {
    name: 'host_out',
    entrances: [{ name: 'host_postrouting', hook: 'postrouting', priority: -20, againPriority: -19, of: 'own' }],
    steps: [untracked('host_untracked_out'), last('host_normal_out', 'own')],
  },
];

/** What the rules depend on. */
export interface HostRuleOptions {
  /** Maps in which some interface has a program. */
  readonly maps: ReadonlySet<HostMap>;
  /** Beginnings of names of interfaces that lead to pods. */
  readonly podInterfaces: readonly string[];
  /** Whether normal is asked about packets of pods too. */
  readonly normalAsksPods: boolean;
  readonly reports: boolean;
}

/** Chains, jump targets first, and their rules. */
export interface HostChains {
  readonly chains: readonly ChainDefinition[];
  readonly rules: readonly RuleDefinition[];
}

/** What stands while these maps have elements. */
export function hostChains(options: HostRuleOptions): HostChains {
  const parts = ways.flatMap((way) => {
    const steps = way.steps
      .flatMap((step) => mapsBeside(step.map).map((map) => ({ ...step, map })))
      .filter(({ map }) => options.maps.has(map));
    return steps.length === 0 ? [] : [wayChains({ ...way, steps }, options)];
  });
  return { chains: parts.flatMap(({ chains }) => chains), rules: parts.flatMap(({ rules }) => rules) };
}

function wayChains(way: Way, options: HostRuleOptions): HostChains {
  const entrances = way.entrances.filter((entrance) => way.steps.some(({ of = entrance.of }) => of === entrance.of));
  const asksAgain = entrances.some(({ againPriority }) => againPriority !== undefined);
  const [first, second, again] = (['first', 'second', 'again'] as const).map((pass) => `${way.name}_${pass}`) as [string, string, string];
  const passes = [
    passChains({ way, chain: second, denied: undefined, counts: true, options }),
    passChains({ way, chain: first, denied: second, counts: true, options }),
    ...(asksAgain ? [passChains({ way, chain: again, denied: second, counts: false, options })] : []),
  ];
  const bases = entrances.flatMap(({ name, hook, priority, againPriority }) => [
    { name, hook, priority, to: first },
    ...(againPriority === undefined ? [] : [{ name: `${name}_again`, hook, priority: againPriority, to: again }]),
  ]);
  return {
    chains: [
      ...passes.flatMap(({ chains }) => chains),
      ...bases.map(({ name, hook, priority }): ChainDefinition => ({ name, hook: { name: hook, priority } })),
    ],
    rules: [...passes.flatMap(({ rules }) => rules), ...bases.flatMap((base) => baseRules(way, base))],
  };
}

function baseRules(
  { beforeTracking = false }: Way,
  { name: chain, hook, to }: { readonly name: string; readonly hook: string; readonly to: string },
): RuleDefinition[] {
  return [
    { chain, expressions: [...isNeighbourDiscovery(), accept], comment: 'neighbour discovery' },
    ...(beforeTracking ? [] : [{ chain, expressions: [...isEstablishedOrRelated(), accept] }]),
    ...(hook === 'postrouting' ? [{ chain, expressions: [...hasInterface('iifname', true), accept], comment: 'forwarded' }] : []),
    { chain, expressions: [{ kind: 'goto', chain: to }] },
  ];
}

/** Goes on for packets that came in, or leave, through some interface, or through none. */
function hasInterface(key: 'iifname' | 'oifname', some: boolean): Expression[] {
  return [
    { kind: 'meta', key, into: 0 },
    { kind: 'compare', register: 0, operator: some ? 'neq' : 'eq', value: new Uint8Array(16) },
  ];
}

/** One pass: a chain that asks family by family, and accepts in the end; what is denied goes to the next pass, or nowhere. */
interface AskingPass {
  readonly way: Way;
  readonly chain: string;
  readonly denied: string | undefined;
  /** Whether rules count what they allow: the second time they do not. */
  readonly counts: boolean;
  readonly options: HostRuleOptions;
}

function passChains({ way, chain, denied, counts, options }: AskingPass): HostChains {
  const letPass: readonly Expression[] = way.beforeTracking === true ? [{ kind: 'notrack' }, accept] : [accept];
  const questions = way.steps.flatMap((step) =>
    step.headers.flatMap((headers) =>
      ([4, 6] as const).map((family) => {
        const { map, goesOn, failsafes } = step;
        const allowed = counts && step.counts ? [countRule, ...letPass] : letPass;
        const name = `${chain}_${map.replace(/^host_/, '')}_${headers}${family}`;
        return { step, name, to: { map, headers, family, allowed, goesOn, failsafes, denied, reports: options.reports } };
      }),
    ),
  );
  const parts = questions.map(({ name, to }) =>
    hostMaps.get(to.map)?.byOwnEnd === true ? ownEndChains(name, to) : questionChainsOf(name, to),
  );
  return {
    chains: [...parts.flatMap(({ chains }) => chains), { name: chain }],
    rules: [
      ...parts.flatMap(({ rules }) => rules),
      ...questions.map(({ step, name, to }) => askingRule(chain, { step, to: name, of: to, options })),
      { chain, expressions: [accept] },
    ],
  };
}

type AnyQuestion = Omit<HostQuestion, 'chain' | 'ownClasses'>;

function questionChainsOf(chain: string, question: AnyQuestion, ownClasses?: string): HostChains {
  const whole: HostQuestion = { ...question, chain, ownClasses };
  return { chains: questionChains(whole).map((name) => ({ name })), rules: questionRules(whole) };
}

/** By whether the packet's own end is a known pod, as for the peer. */
function ownEndChains(chain: string, question: AnyQuestion): HostChains {
  const { class: classes, block } = familySets(question.family);
  const [pod, rest] = [questionChainsOf(`${chain}_pod_end`, question, classes), questionChainsOf(`${chain}_any_end`, question, block)];
  return {
    chains: [...pod.chains, ...rest.chains, { name: chain }],
    rules: [
      ...pod.rules,
      ...rest.rules,
      {
        chain,
        expressions: [...isFamily(question.family), ...lookupOwnEnd(question, classes), { kind: 'goto', chain: `${chain}_pod_end` }],
        comment: `own ends in ${classes}`,
      },
      { chain, expressions: [{ kind: 'goto', chain: `${chain}_any_end` }] },
    ],
  };
}

/** Sends packets of interfaces with a program in the family to its question. */
function askingRule(chain: string, { step: { headers, map, of: packets }, to, of, options }: Asking): RuleDefinition {
  const tells = headers.length === 1 ? [] : isReadFrom(of.headers);
  const others = meansPods(map, options) ? [] : options.podInterfaces;
  // Where packets for the node itself and forwarded ones come the same way.
  const isOf = isIn(map) && packets !== undefined ? hasInterface('oifname', packets === 'forwarded') : [];
  return {
    chain,
    expressions: [...isFamily(of.family), ...tells, ...isOf, ...isMeant(map, others), { kind: 'jump', chain: to }],
    comment: `interfaces in ${map}`,
  };
}

interface Asking {
  readonly step: Step;
  readonly to: string;
  readonly of: AnyQuestion;
  readonly options: HostRuleOptions;
}

/** Whether packets of interfaces that lead to pods are the family's. */
function meansPods(map: HostMap, { normalAsksPods }: HostRuleOptions): boolean {
  const place = hostMaps.get(map);
  if (place?.family === 'normal') return place.direction === 'ingress' && normalAsksPods;
  return place?.family !== 'untracked';
}
