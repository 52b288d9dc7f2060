/**
 * What came through to a namespace, noted in sets by its own kernel behind all other rules and answered
 * by nothing: the address that a packet was for, its protocol, and its source port or identifier.
 */
import { NftablesConnection, type TableName, Transaction } from '@weir/kernel';
import { type Address, formatAddress } from '@weir/net';
import { inNode } from './back-ends.ts';
import type { PacketNetwork } from './packet-network.ts';

const table: TableName = { family: 'inet', name: 'weirt_arrivals' };
const sets = [
  { name: 'seen4', family: 4, number: 'th sport', packets: 'meta nfproto ipv4 meta l4proto { tcp, udp, sctp }' },
  { name: 'seen6', family: 6, number: 'th sport', packets: 'meta nfproto ipv6 meta l4proto { tcp, udp, sctp }' },
  { name: 'echo4', family: 4, number: 'icmp id', packets: 'icmp type echo-request' },
  { name: 'echo6', family: 6, number: 'icmpv6 id', packets: 'icmpv6 type echo-request' },
] as const;

/** A packet as its receiver's kernel notes it. */
export interface Arrival {
  readonly destination: Address;
  readonly protocol: number;
  /** Source port or ICMP identifier. */
  readonly number: number;
}

/** The arrival as a key of maps. */
export function arrivalKey({ destination, protocol, number }: Arrival): string {
  return `${formatAddress(destination)} ${protocol} ${number}`;
}

/** The sets of one namespace; first packets that they note go no further. */
export class ArrivalSets {
  readonly #connection: NftablesConnection;

  constructor(network: PacketNetwork, netns: string) {
    const declared = sets.map(({ name, family, number }) => {
      const address = family === 4 ? 'ip daddr' : 'ip6 daddr';
      return `set ${name} { typeof ${address} . meta l4proto . ${number}; size 65535; flags dynamic; }`;
    });
    const rules = sets.map(({ name, family, number, packets }) => {
      const address = family === 4 ? 'ip daddr' : 'ip6 daddr';
      return `${packets} update @${name} { ${address} . meta l4proto . ${number} } drop`;
    });
    network.run(
      netns,
      ['nft', '-f', '-'],
      `table inet ${table.name} {\n${declared.join('\n')}\n` +
        `chain arrived { type filter hook input priority 1000;\n${rules.join('\n')}\n}\n}\n`,
    );
    this.#connection = inNode(netns, () => new NftablesConnection());
  }

  /** Forgets what came before. */
  flush(): void {
    const transaction = new Transaction(table);
    for (const { name } of sets) transaction.flushSet(name);
    this.#connection.commit(transaction);
  }

  /** The keys of all that came since. */
  read(): string[] {
    return sets.flatMap(({ name, family }) =>
      this.#connection.elements(table, name).map(({ key }) => arrivalKey(arrivalOf(Buffer.from(key), family))),
    );
  }

  close(): void {
    this.#connection.commit(new Transaction(table).deleteTable());
    this.#connection.close();
  }
}

/** Each field of a key begins at a multiple of four bytes. */
function arrivalOf(key: Buffer, family: 4 | 6): Arrival {
  const words = family === 4 ? [0] : [0, 4, 8, 12];
  const address = { family, words: words.map((offset) => key.readUInt32BE(offset)) } as unknown as Address;
  const behind = family === 4 ? 4 : 16;
  return { destination: address, protocol: key.readUInt8(behind), number: key.readUInt16BE(behind + 4) };
}
