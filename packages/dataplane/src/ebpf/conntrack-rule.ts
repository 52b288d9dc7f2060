/**
 * The rule that makes the kernel track connections in this namespace: it does so only while some rule asks
 * for the state of a connection, and the programs ask in a way that it does not know of.
 */
import { hostU32Bytes, NftablesChangeWatch, NftablesConnection, type TableName, Transaction } from '@weir/kernel';

/** The table that belongs to this back end; all that it holds is the one rule. */
const conntrackTable: TableName = { family: 'inet', name: 'weir_ebpf' };

const chain = { name: 'track', hook: { name: 'forward', priority: -20 } } as const;
const rule = {
  chain: chain.name,
  expressions: [
    { kind: 'ctState', into: 0 },
    { kind: 'compare', register: 0, operator: 'eq', value: hostU32Bytes(0) },
  ],
  comment: 'connections are tracked for the eBPF programs',
} as const;

/** The rule of the namespace in which this was made. */
export class ConntrackRule {
  readonly #connection = new NftablesConnection();
  readonly #watch = new NftablesChangeWatch({ own: this.#connection, tables: [conntrackTable] });

  /** Makes the rule where it is not; returns whether it was not. */
  ensure(): boolean {
    const isThere = this.#connection.hasTable(conntrackTable) && this.#connection.rules(conntrackTable).length === 1;
    if (isThere) return false;
    const transaction = new Transaction(conntrackTable).addTable().deleteTable().addTable();
    this.#connection.commit(transaction.addChain(chain).addRule(rule));
    return true;
  }

  /** From now on {@link hasChanged} is told by the kernel. */
  listen(): void {
    this.#watch.listen();
  }

  hasChanged(): boolean {
    return this.#watch.hasChanged();
  }

  remove(): void {
    this.#connection.commit(new Transaction(conntrackTable).addTable().deleteTable());
  }

  close(): void {
    this.#watch.close();
    this.#connection.close();
  }
}
