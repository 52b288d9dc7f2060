/** All sets and chains that stand for a state. */
import type { Family } from '@weir/net';
import { closedProgram } from './endpoint-programs.ts';
import type { WantedFilter } from './filter-writer.ts';
import { type ChainOptions, fixedChainsOf } from './fixed-chains.ts';
import type { Ipset } from './ipset.ts';
import { dispatchOf, type LocalAddress, type LocalSetFactory } from './local-sets.ts';
import { fixedChains } from './names.ts';
import type { NodeState } from './node-state.ts';
import type { ChainText } from './rule-script.ts';

const families = [4, 6] as const;

/** A state's sets and chains, and the same with some addresses closed. */
export interface WantedState extends WantedFilter {
  /** The state with these addresses closed in both directions, to themselves too; undefined when it has none of them. */
  readonly closing: (texts: ReadonlySet<string>) => WantedFilter | undefined;
}

/** Makes them; what is as it was keeps its names. */
export function wantedFilter(state: NodeState, factory: LocalSetFactory, options: ChainOptions): WantedState {
  const locals = { 4: state.locals(4), 6: state.locals(6) };
  const peerSets = families.flatMap((family) => state.peerSets(family));
  const programs = { 4: programChainsOf(state, 4), 6: programChainsOf(state, 6) };
  const closed = state.programs.get(closedProgram.key)?.chain;
  const withLocals = (of: Readonly<Record<Family, readonly LocalAddress[]>>): WantedFilter => {
    const sets: Ipset[] = [...peerSets];
    const chainsOf = (family: Family): ChainText[] => {
      const dispatch = dispatchOf(family, of[family], factory);
      sets.push(...dispatch.all);
      return [
        ...programs[family],
        ...dispatch.chains.map((chain) => readingHeadsFirst(chain, family)),
        ...fixedChainsOf(family, dispatch.sets, options),
      ];
    };
    const chains = { 4: chainsOf(4), 6: chainsOf(6) };
    return { sets: [...new Map(sets.map((set) => [set.name, set])).values()], chains };
  };
  return {
    ...withLocals(locals),
    closing: (texts) => {
      if (!families.some((family) => locals[family].some(({ text }) => texts.has(text)))) return undefined;
      const close = (address: LocalAddress): LocalAddress =>
        texts.has(address.text) ? { ...address, egress: closed, ingress: closed, own: [] } : address;
      return withLocals({ 4: locals[4].map(close), 6: locals[6].map(close) });
    },
  };
}

/**
 * Rules without a target: the kernel drops a packet of which it has to look at the ports, or at the message of ICMP, and
 * cannot. So no policy lets one through of which they are cut off, wherever in a program a rule asks for them.
 */
const looksAtPorts = ['tcp', 'udp', 'sctp', 'udplite'].map((protocol) => `-p ${protocol} -m multiport --sports 0:65535`);

const looksAtMessage: Readonly<Record<Family, string>> = { 4: '-p 1 -m icmp --icmp-type 0', 6: '-p 58 -m icmp6 --icmpv6-type 0' };

/** The chains that send packets to programs look at ports and messages before. */
function readingHeadsFirst(chain: ChainText, family: Family): ChainText {
  const asksPolicies = chain.name === fixedChains.egress || chain.name === fixedChains.ingress;
  return asksPolicies ? { ...chain, rules: [...looksAtPorts, looksAtMessage[family], ...chain.rules] } : chain;
}

function programChainsOf(state: NodeState, family: Family): ChainText[] {
  return [...state.programs.all()].flatMap(({ chains }) => chains[family]);
}
