/**
 * What openers of connections spoke to that are denied behind a translation of their destination, on kernels whose packet
 * log does not tell (CONFIG_NETFILTER_NETLINK_GLUE_CT), or whose eBPF programs do not know how a connection is laid out.
 *
 * Nothing of a connection that was denied stays in connection tracking. So a table of nf_tables remembers the destination
 * of each translated packet that begins a connection, before any policy is asked, for some seconds. The kernel takes the
 * table away when the process ends, however it ends.
 */
import {
  type ConntrackTuple,
  type Expression,
  hostU32Bytes,
  NetlinkError,
  NftablesConnection,
  nftDataType,
  type Register,
  type SetField,
  type TableName,
  Transaction,
} from '@weir/kernel';
import { addressFromBytes, addressToBytes, type Family, type Flow, hasPorts } from '@weir/net';
import { isFamily, loadAddress, loadPort } from '../nftables/packet-steps.ts';

const table: TableName = { family: 'inet', name: 'weir_translated' };
/** In front of the filters, and behind the translation of the node's own packets. */
const hooks = [
  { name: 'forward', priority: -150 },
  { name: 'input', priority: -150 },
  { name: 'output', priority: -90 },
] as const;
const families: readonly Family[] = [4, 6];
/** Reports are read within a second, also on a busy node. With more than some 8 000 such connections a second not all are remembered. */
const keptMs = 4_000;
const keptMax = 32_768;
/** Bits of a connection, as nft_ct gives them: it is new, its destination is translated. */
const stateNew = 8;
const destinationTranslated = 32;

/** The table, of the namespace in which this was made. */
export class TranslatedDestinations {
  readonly #connection = new NftablesConnection();
  #state: 'not there' | 'there' | 'refused' = 'not there';

  /** Makes the table; where the kernel has no nf_tables, or no tables that go with their process, nothing is known. */
  start(): void {
    if (this.#state !== 'not there') return;
    try {
      this.#connection.commit(definition());
      this.#state = 'there';
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      this.#state = 'refused';
    }
  }

  /** What was sent that became this packet; undefined when its destination was not translated. */
  originalOf(flow: Flow): ConntrackTuple | undefined {
    if (this.#state !== 'there' || !hasPorts(flow.protocol)) return undefined;
    const { family } = flow.source;
    const data = this.#connection.element(table, mapName(family), keyOf(flow))?.data;
    if (data === undefined) return undefined;
    const bytes = Buffer.from(data);
    const width = addressBytes(family);
    return { ...flow, destination: addressFromBytes(bytes.subarray(0, width)), destinationPort: bytes.readUInt16BE(width) };
  }

  close(): void {
    this.#connection.close();
  }
}

function definition(): Transaction {
  const transaction = new Transaction(table).addTable({ owned: true });
  for (const family of families) {
    const { key, data } = fieldsOf(family);
    transaction.addSet({ name: mapName(family), key, data, timeoutMs: keptMs, size: keptMax });
  }
  for (const hook of hooks) {
    transaction.addChain({ name: hook.name, hook });
    for (const family of families) transaction.addRule({ chain: hook.name, expressions: remember(family) });
  }
  return transaction;
}

/** A connection that begins again from the same port may have been sent elsewhere: what is known of it goes first. */
function remember(family: Family): Expression[] {
  const words: Register = addressBytes(family) / 4;
  const key: Register = 0;
  const data: Register = 3 + 2 * words;
  return [
    { kind: 'ctState', into: 0 },
    { kind: 'mask', register: 0, mask: hostU32Bytes(stateNew) },
    { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
    { kind: 'ctStatus', into: 0 },
    { kind: 'mask', register: 0, mask: hostU32Bytes(destinationTranslated) },
    { kind: 'compare', register: 0, operator: 'neq', value: hostU32Bytes(0) },
    ...isFamily(family),
    { kind: 'meta', key: 'l4proto', into: key },
    loadAddress(family, 'source', 1),
    loadPort('source', 1 + words),
    loadAddress(family, 'destination', 2 + words),
    loadPort('destination', 2 + 2 * words),
    { kind: 'ctOriginal', key: `destination${family}`, into: data },
    { kind: 'ctOriginal', key: 'destinationPort', into: data + words },
    { kind: 'forget', set: mapName(family), key, data },
    { kind: 'remember', set: mapName(family), key, data },
  ];
}

function keyOf({ source, destination, protocol, sourcePort = 0, destinationPort = 0 }: Flow): Uint8Array {
  const port = (number: number): number[] => [number >> 8, number & 255, 0, 0];
  return Uint8Array.of(
    protocol,
    0,
    0,
    0,
    ...addressToBytes(source),
    ...port(sourcePort),
    ...addressToBytes(destination),
    ...port(destinationPort),
  );
}

function fieldsOf(family: Family): { readonly key: readonly SetField[]; readonly data: readonly SetField[] } {
  const address: SetField = { dataType: family === 4 ? nftDataType.ipv4 : nftDataType.ipv6, length: addressBytes(family) };
  const port: SetField = { dataType: nftDataType.service, length: 2 };
  return { key: [{ dataType: nftDataType.protocol, length: 1 }, address, port, address, port], data: [address, port] };
}

function mapName(family: Family): string {
  return `translated${family}`;
}

function addressBytes(family: Family): number {
  return family === 4 ? 4 : 16;
}
