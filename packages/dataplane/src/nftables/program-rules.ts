/**
 * Rules of the chains that ask policies: `egress4`, `ingress6`, …, their `_pod` halves, and the
 * `_deny` ones. The first two let through what is allowed and return with the rest.
 *
 * Each rule loads program, class, protocol and port anew (the kernel lets no rule read a register
 * that another one wrote) and looks the tuple up in `allow` or `allow_range`. Pods go to the half
 * that knows their class: it already holds the ranges that contain the pod, and the class of the
 * range alone could say less (a rule "in this range, but not this pod").
 */
import { type Expression, hostU32Bytes, type Register, type RuleDefinition } from '@weir/kernel';
import type { Family } from '@weir/net';
import { accept, drop, isFamily, loadAddress, loadLastWord, type PacketEnd } from './packet-steps.ts';
import { familySets, sharedSets } from './sets.ts';

/** Four registers in a row, as the key of `allow` has them. */
const program: Register = 4;
const peerClass: Register = 5;
const protocol: Register = 6;
const port: Register = 7;
const wideAddress: Register = 8;

/** Which of the chains. */
export interface ProgramChain {
  readonly direction: 'egress' | 'ingress';
  readonly family: Family;
}

/** All rules of the twelve chains. */
export function programRules(): RuleDefinition[] {
  return (['egress', 'ingress'] as const).flatMap((direction) =>
    ([4, 6] as const).flatMap((family) => [
      ...podHalf({ direction, family }),
      ...mainChain({ direction, family }),
      ...denyChain({ direction, family }),
    ]),
  );
}

/** The names of the chain for all packets of isolated endpoints, of its half for pod peers, and of the end. */
export function programChainNames({ direction, family }: ProgramChain): { main: string; pod: string; deny: string } {
  return { main: `${direction}${family}`, pod: `${direction}${family}_pod`, deny: `${direction}${family}_deny` };
}

function mainChain(of: ProgramChain): RuleDefinition[] {
  const { main: chain, pod } = programChainNames(of);
  const sets = familySets(of.family);
  const anyPeer: Expression = { kind: 'immediate', into: peerClass, value: hostU32Bytes(0) };
  return [
    ...allowRules(chain, of, [anyPeer]),
    {
      chain,
      expressions: [...isFamily(of.family), ...lookupAddress(of, 'peer', sets.class), { kind: 'goto', chain: pod }],
      comment: `peers in ${sets.class}`,
    },
    ...allowRules(chain, of, lookupAddress(of, 'peer', sets.block)),
  ];
}

function podHalf(of: ProgramChain): RuleDefinition[] {
  const chain = programChainNames(of).pod;
  return allowRules(chain, of, lookupAddress(of, 'peer', familySets(of.family).class));
}

/** Accepts what the program allows the class; `loadClass` puts the class into its register. */
function allowRules(chain: string, of: ProgramChain, loadClass: readonly Expression[]): RuleDefinition[] {
  const zero = (into: Register): Expression => ({ kind: 'immediate', into, value: hostU32Bytes(0) });
  const loadProtocol: Expression = { kind: 'meta', key: 'l4proto', into: protocol };
  const loadPort: Expression = { kind: 'payload', base: 'transport', offset: 2, length: 2, into: port };
  const rule = (comment: string, set: string, loads: readonly Expression[]): RuleDefinition => ({
    chain,
    expressions: [
      ...isFamily(of.family),
      // The class first: its lookup writes into the program's register as well.
      ...loadClass,
      ...lookupAddress(of, 'own', familySets(of.family)[of.direction]),
      ...loads,
      { kind: 'lookup', set, key: program },
      accept,
    ],
    comment,
  });
  return [
    rule('this port', sharedSets.allow, [loadProtocol, loadPort]),
    rule('any port', sharedSets.allow, [loadProtocol, zero(port)]),
    rule('any protocol', sharedSets.allow, [zero(protocol), zero(port)]),
    rule('a range of ports', sharedSets.allowRange, [loadProtocol, loadPort]),
  ];
}

/** Counts what is left for the program that denies it, and drops it. */
function denyChain(of: ProgramChain): RuleDefinition[] {
  const chain = programChainNames(of).deny;
  return [
    {
      chain,
      expressions: [
        ...isFamily(of.family),
        ...lookupAddress(of, 'own', familySets(of.family)[of.direction]),
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
  const ownEnd: PacketEnd = of.direction === 'egress' ? 'source' : 'destination';
  const peerEnd: PacketEnd = of.direction === 'egress' ? 'destination' : 'source';
  const end = whose === 'own' ? ownEnd : peerEnd;
  if (of.family === 4) return [loadAddress(4, end, into), { kind: 'lookup', set: map, key: into, into: into - 1 }];
  return [loadLastWord(end, into), loadAddress(6, end, wideAddress), { kind: 'lookup', set: map, key: wideAddress, into: into - 1 }];
}
