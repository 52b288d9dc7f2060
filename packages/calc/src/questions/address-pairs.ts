/**
 * What a node's emitted state says of pairs of addresses: the picture of who reaches whom that its rules
 * stand for, whichever data plane enforces them.
 *
 * Protocols and ports are cut where some rule begins or ends, and each piece is judged once. Protocols
 * that no rule names are one piece together.
 */
import {
  type Address,
  addToGroup,
  formatAddress,
  formatPortRange,
  formatProtocol,
  type PortRange,
  type ProtocolNumber,
  portMax,
  unionOfPortRanges,
} from '@weir/net';
import type { Delta } from '../delta/delta.ts';
import { type EmittedState, isDenied, judgeFlow } from './judge-flow.ts';

/** A pair that gets through on something, or on nothing. */
export interface AddressPair {
  readonly source: string;
  readonly destination: string;
  /** Where only some of it is allowed: `TCP 80`, `UDP`, `other protocols`. */
  readonly only?: readonly string[];
}

/** Pairs of known addresses of which at least one is a pod's of this node; `leftOut` were too many to judge. */
export interface AddressPairs {
  readonly allowed: readonly AddressPair[];
  readonly denied: readonly AddressPair[];
  readonly leftOut: number;
}

/** More are not made for one answer: nothing else of the process runs meanwhile. */
const judgementsMax = 200_000;
/** A protocol number that stands for all that no rule names. */
const unnamedProtocol: ProtocolNumber = 253;

interface Piece {
  readonly protocol: ProtocolNumber;
  /** Without ports: the whole protocol. */
  readonly ports?: PortRange;
}

/** Judges every pair; `delta` is the emitted state as a whole. */
export function addressPairs(state: EmittedState, delta: Delta, isOwnAddress: (address: Address) => boolean): AddressPairs {
  const local = new Map(delta.endpoints.upserts.flatMap(({ addresses }) => addresses.map((each) => [formatAddress(each), each])));
  const known = new Map([...delta.addresses.upserts.map(({ address }) => [formatAddress(address), address] as const), ...local]);
  const pieces = piecesOf(delta);
  const allowed: AddressPair[] = [];
  const denied: AddressPair[] = [];
  let leftOut = 0;
  let judgements = 0;
  for (const [source, from] of known) {
    for (const [destination, to] of known) {
      if (from.family !== to.family || source === destination || !(local.has(source) || local.has(destination))) continue;
      judgements += pieces.length;
      if (judgements > judgementsMax) {
        leftOut++;
        continue;
      }
      const passing = pieces.filter(
        (piece) => !isDenied(judgeFlow(state, { source: from, destination: to, ...flowOf(piece) }, isOwnAddress)),
      );
      if (passing.length === 0) denied.push({ source, destination });
      else if (passing.length === pieces.length) allowed.push({ source, destination });
      else allowed.push({ source, destination, only: describe(passing) });
    }
  }
  return { allowed, denied, leftOut };
}

function flowOf({ protocol, ports }: Piece): { protocol: ProtocolNumber; sourcePort?: number; destinationPort?: number } {
  return ports === undefined ? { protocol } : { protocol, sourcePort: 1, destinationPort: ports.first };
}

/** Every piece of protocols and ports that rules can tell apart. */
function piecesOf({ programs, classes }: Delta): Piece[] {
  const cuts = new Map<ProtocolNumber, Set<number> | undefined>([[unnamedProtocol, undefined]]);
  const cut = (protocol: ProtocolNumber, { first, last }: PortRange): void => {
    const at = cuts.get(protocol) ?? new Set([0]);
    cuts.set(protocol, at.add(first).add(last + 1));
  };
  for (const { protocol, ports } of programs.upserts.flatMap(({ tiers }) => tiers.flatMap(({ rules }) => rules))) {
    if (protocol === undefined) continue;
    if (!cuts.has(protocol)) cuts.set(protocol, undefined);
    for (const range of ports ?? []) cut(protocol, range);
  }
  for (const { ports = [] } of classes.upserts.flatMap(({ memberships }) => memberships)) {
    for (const { protocol, port } of ports) cut(protocol, { first: port, last: port });
  }
  return [...cuts].flatMap(([protocol, at]): Piece[] => {
    if (at === undefined) return [{ protocol }];
    const starts = [...at].filter((port) => port <= portMax).sort((a, b) => a - b);
    return starts.map((first, i) => ({ protocol, ports: { first, last: (starts[i + 1] ?? portMax + 1) - 1 } }));
  });
}

function describe(pieces: readonly Piece[]): string[] {
  const ports = new Map<ProtocolNumber, PortRange[]>();
  for (const piece of pieces) addToGroup(ports, piece.protocol, piece.ports ?? { first: 0, last: portMax });
  return [...ports].flatMap(([protocol, ranges]) => {
    const name = protocol === unnamedProtocol ? 'other protocols' : formatProtocol(protocol);
    return unionOfPortRanges(ranges).map((range) =>
      range.first === 0 && range.last === portMax ? name : `${name} ${formatPortRange(range)}`,
    );
  });
}
