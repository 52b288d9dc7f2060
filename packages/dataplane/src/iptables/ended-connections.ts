/**
 * What keeps a connection ended whose entry was taken out of connection tracking (mode `cut`): a TCP
 * connection of a pod begins with SYN, and answers of UDP and SCTP are held back, as long as they keep
 * coming and some minutes more.
 *
 * No type of set holds both addresses and both ports, so an answer is looked up twice: as (sender, its
 * port, receiver) and as (receiver, its port, sender).
 */
import { type Family, type Flow, formatAddress, parseAddress, protocolNumber } from '@weir/net';
import { endedSetNames, fixedChains } from './names.ts';
import type { ChainText } from './rule-script.ts';

/** As long as the kernel keeps an idle stream of UDP packets, and some more. */
export const heldBackSeconds = 200;

/** The chain behind all policies, and the one for packets of the node itself. */
export function endedRules(family: Family, localSet: string): ChainText[] {
  const { from, to } = endedSetNames(family);
  const isAnswer = `${isUnknown} -m set --match-set ${from} src,src,dst -m set --match-set ${to} dst,dst,src`;
  const withoutSyn = `-p tcp ${isUnknown} -m tcp ! --tcp-flags SYN SYN`;
  return [
    {
      name: fixedChains.ended,
      rules: [
        `${isAnswer} -j SET --add-set ${from} src,src,dst --exist --timeout ${heldBackSeconds}`,
        `${isAnswer} -j SET --add-set ${to} dst,dst,src --exist --timeout ${heldBackSeconds}`,
        `${isAnswer} -j DROP`,
        `${withoutSyn} -m set --match-set ${localSet} src -j DROP`,
        `${withoutSyn} -m set --match-set ${localSet} dst -j DROP`,
      ],
    },
    { name: fixedChains.output, rules: ['-m conntrack --ctstate RELATED,ESTABLISHED -j RETURN', `-g ${fixedChains.ended}`] },
  ];
}

/** What begins a connection, and what connection tracking finds invalid: both belong to none that there is. */
const isUnknown = '-m conntrack --ctstate INVALID,NEW';

const portProtocols: Readonly<Record<number, string>> = { [protocolNumber.UDP]: 'udp', [protocolNumber.SCTP]: 'sctp' };

/** The two members that hold back the answers of a connection; undefined for protocols that need none. */
export function endedMembers(flow: Flow): { readonly from: string; readonly to: string } | undefined {
  const protocol = portProtocols[flow.protocol];
  if (protocol === undefined) return undefined;
  const opener = formatAddress(flow.source);
  const answerer = formatAddress(flow.destination);
  return {
    from: `${answerer},${protocol}:${flow.destinationPort ?? 0},${opener}`,
    to: `${opener},${protocol}:${flow.sourcePort ?? 0},${answerer}`,
  };
}

/** The connection whose answers a pair of members holds back; undefined when they are of different ones. */
export function flowOfMembers(from: string, to: string): Flow | undefined {
  const [answerer = '', answererPort = '', opener = ''] = from.split(',');
  const [otherOpener, openerPort = '', otherAnswerer] = to.split(',');
  const [protocol, destinationPort] = answererPort.split(':');
  const [otherProtocol, sourcePort] = openerPort.split(':');
  if (opener !== otherOpener || answerer !== otherAnswerer || protocol !== otherProtocol) return undefined;
  const source = parseAddress(opener);
  const destination = parseAddress(answerer);
  const number = Object.entries(portProtocols).find(([, name]) => name === protocol)?.[0];
  if (source === undefined || destination === undefined || number === undefined) return undefined;
  return { source, destination, protocol: Number(number), sourcePort: Number(sourcePort), destinationPort: Number(destinationPort) };
}
