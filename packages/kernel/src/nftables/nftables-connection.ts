/**
 * One conversation with nf_tables: commits and read-backs, of the namespace it was opened in.
 *
 * Commits are synchronous. An answer names the message that the kernel refused; nothing of a
 * refused transaction is in force.
 */
import { constants } from 'node:os';
import {
  controlMessage,
  messageFlag,
  type NetlinkMessage,
  readAnswer,
  readAttributeList,
  readAttributes,
  readMessageAttributes,
  readMessages,
  readText,
} from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { type DumpRequest, NetlinkSocket } from '../netlink/netlink-socket.ts';
import { writeValue } from './expression.ts';
import {
  chainAttribute,
  counterAttribute,
  dataAttribute,
  elementAttribute,
  elementFlag,
  elementListAttribute,
  expressionAttribute,
  hookAttribute,
  listElement,
  nftMessage,
  ruleAttribute,
  setAttribute,
  tableAttribute,
  tableFamily,
} from './numbers.ts';
import type { DumpedElement } from './set-definition.ts';
import { rehearsalSubject, type TableName, type Transaction } from './transaction.ts';
import { readTextUserData } from './user-data.ts';

/** A chain read back; hook, priority and policy only of base chains. */
export interface DumpedChain {
  readonly name: string;
  readonly hook?: number;
  readonly priority?: number;
  readonly policy?: number;
}

/** A rule read back; `expressions` as the kernel encodes them. */
export interface DumpedRule {
  readonly chain: string;
  readonly expressions: Buffer;
}

/** A set read back, without its elements. */
export interface DumpedSet {
  readonly name: string;
  readonly flags: number;
  readonly keyLength: number;
  readonly dataLength: number;
}

/** The elements of a set that a transaction deleted, with what they had counted. */
export interface DeletedElements {
  readonly set: string;
  readonly elements: readonly DumpedElement[];
}

interface Refusal {
  readonly subject: string;
  readonly error: NetlinkError;
}

/** What the kernel said of a batch; refusals in the order of its messages. */
interface TransactionAnswers {
  readonly committed: boolean;
  readonly deleted: DeletedElements[];
  readonly refusals: readonly Refusal[];
}

const elementAttemptsMax = 20;
const noBytes = new Uint8Array();

/** A socket and the calls on it. */
export class NftablesConnection {
  readonly #socket = new NetlinkSocket();
  readonly #writer = new MessageWriter(256);

  /**
   * Commits; when it returns, everything is in force. Returns what deletions with `echo` gave
   * back. Throws `refused` with the first refused message, or `uncertain` when answers were lost.
   */
  commit(transaction: Transaction): DeletedElements[] {
    const { committed, deleted, refusals } = this.#send(transaction);
    const [refusal] = refusals;
    if (refusal !== undefined) throw refusal.error;
    if (!committed) throw new NetlinkError('uncertain', 0, 'the kernel did not answer a transaction');
    return deleted;
  }

  /**
   * Has the kernel look at a transaction and puts nothing of it into force. Returns what {@link commit}
   * would throw because the kernel refuses it; undefined when it would take it. Throws `uncertain` as `commit`.
   */
  rehearse(transaction: Transaction): NetlinkError | undefined {
    const { refusals } = this.#send(transaction.refuseAtEnd());
    if (!refusals.some(({ subject }) => subject === rehearsalSubject)) {
      throw new NetlinkError('uncertain', 0, 'the kernel did not answer the rehearsal of a transaction');
    }
    return refusals.find(({ subject }) => subject !== rehearsalSubject)?.error;
  }

  /** Whether the table is there. */
  hasTable(table: TableName): boolean {
    let found = false;
    this.#dump({
      type: nftMessage.getTable,
      family: tableFamily[table.family],
      restart: () => {
        found = false;
      },
      take: (attributes) => {
        found ||= readText(attributes.get(tableAttribute.name)) === table.name;
      },
    });
    return found;
  }

  chains(table: TableName): DumpedChain[] {
    return this.#list(table, nftMessage.getChain, (attributes) => {
      const name = readText(attributes.get(chainAttribute.name));
      const hookBytes = attributes.get(chainAttribute.hook);
      if (hookBytes === undefined) return { name };
      const hook = readAttributes(hookBytes);
      return {
        name,
        hook: readU32(hook.get(hookAttribute.number)),
        priority: readU32(hook.get(hookAttribute.priority)) | 0,
        policy: readU32(attributes.get(chainAttribute.policy)),
      };
    });
  }

  /** All rules of the table, chain by chain in their order. */
  rules(table: TableName): DumpedRule[] {
    return this.#list(table, nftMessage.getRule, (attributes) => ({
      chain: readText(attributes.get(ruleAttribute.chain)),
      expressions: Buffer.from(attributes.get(ruleAttribute.expressions) ?? []),
    }));
  }

  sets(table: TableName): DumpedSet[] {
    return this.#list(table, nftMessage.getSet, (attributes) => ({
      name: readText(attributes.get(setAttribute.name)),
      flags: readU32(attributes.get(setAttribute.flags)),
      keyLength: readU32(attributes.get(setAttribute.keyLength)),
      dataLength: readU32(attributes.get(setAttribute.dataLength)),
    }));
  }

  /** The elements of a set, in no order; none when the set is not there. */
  elements(table: TableName, set: string): DumpedElement[] {
    for (let attempt = 0; attempt < elementAttemptsMax; attempt++) {
      try {
        return [...this.elementsByParts(table, set)].flat();
      } catch (error) {
        if (!(error instanceof NetlinkError && error.code === 'interrupted')) throw error;
      }
    }
    throw new NetlinkError('interrupted', 0, `reading ${set} was interrupted ${elementAttemptsMax} times by changes of others`);
  }

  /**
   * The same in parts, between which the caller may do other things, but not with this connection.
   * Throws `interrupted` as soon as somebody changed anything in nf_tables since the first part.
   */
  *elementsByParts(table: TableName, set: string): Generator<readonly DumpedElement[], void> {
    const request = this.#request(nftMessage.getElement, tableFamily[table.family], (writer) => {
      writer.text(elementListAttribute.table, table.name);
      writer.text(elementListAttribute.set, set);
    });
    try {
      for (const messages of this.#socket.dumpOnce(request)) {
        yield messages.flatMap((message) => readElements(readMessageAttributes(message)));
      }
    } catch (error) {
      if (!(error instanceof NetlinkError && error.errno === constants.errno.ENOENT)) throw error;
    }
  }

  /** The element with this key; undefined when it, or its set, is not there. */
  element(table: TableName, set: string, key: Uint8Array): DumpedElement | undefined {
    this.#writer.clear();
    const sequence = this.#socket.nextSequence();
    const family = tableFamily[table.family];
    const start = this.#writer.beginMessage({ type: nftMessage.getElement, flags: messageFlag.request, sequence, family });
    this.#writer.text(elementListAttribute.table, table.name);
    this.#writer.text(elementListAttribute.set, set);
    const list = this.#writer.beginNest(elementListAttribute.elements);
    const nest = this.#writer.beginNest(listElement);
    writeValue(this.#writer, elementAttribute.key, key);
    this.#writer.endNest(nest);
    this.#writer.endNest(list);
    this.#writer.endMessage(start);
    this.#socket.drain();
    this.#socket.send(this.#writer.bytes());
    let found: DumpedElement | undefined;
    for (let datagram = this.#socket.receive(); datagram !== undefined; datagram = this.#socket.receive()) {
      for (const message of readMessages(datagram)) {
        if (message.type === nftMessage.newElement && message.sequence === sequence) [found] = readElements(readMessageAttributes(message));
      }
    }
    return found;
  }

  /** The address of its socket, see {@link NftablesChangeWatch}. */
  get portId(): number {
    return this.#socket.portId;
  }

  close(): void {
    this.#socket.close();
  }

  #send(transaction: Transaction): TransactionAnswers {
    const { bytes, subjects, lastSequence } = transaction.finish();
    this.#socket.drain();
    this.#socket.send(bytes);
    const deleted: DeletedElements[] = [];
    const refusals: Refusal[] = [];
    let committed = false;
    for (let datagram = this.#socket.receive(); datagram !== undefined; datagram = this.#socket.receive()) {
      for (const message of readMessages(datagram)) {
        if (message.type === nftMessage.deleteElement) deleted.push(readDeleted(message));
        if (message.type !== controlMessage.error) continue;
        const { errno, text } = readAnswer(message);
        const subject = subjects[message.sequence] ?? 'commit';
        if (errno === 0) committed ||= message.sequence === lastSequence;
        else refusals.push({ subject, error: refusedError(subject, errno, text) });
      }
    }
    return { committed, deleted, refusals };
  }

  #list<T>(table: TableName, type: number, read: (attributes: Map<number, Buffer>) => T): T[] {
    const items: T[] = [];
    this.#dump({
      type,
      family: tableFamily[table.family],
      restart: () => {
        items.length = 0;
      },
      write: (writer) => {
        writer.text(tableAttribute.name, table.name);
      },
      take: (attributes) => {
        // Kernels before 5.x dump chains and sets of all tables whatever the request says.
        if (readText(attributes.get(tableAttribute.name)) === table.name) items.push(read(attributes));
      },
    });
    return items;
  }

  #dump(options: TableDump): void {
    this.#socket.dump({
      ...this.#request(options.type, options.family, options.write),
      restart: options.restart,
      take: (message) => {
        options.take(readMessageAttributes(message));
      },
    });
  }

  #request(type: number, family: number, write?: (writer: MessageWriter) => void): DumpRequest {
    return {
      writer: this.#writer,
      write: (writer, sequence) => {
        const start = writer.beginMessage({ type, flags: messageFlag.request | messageFlag.dump, sequence, family });
        write?.(writer);
        writer.endMessage(start);
      },
    };
  }
}

interface TableDump {
  readonly type: number;
  readonly family: number;
  readonly restart: () => void;
  readonly write?: (writer: MessageWriter) => void;
  readonly take: (attributes: Map<number, Buffer>) => void;
}

function refusedError(subject: string, errno: number, text: string | undefined): NetlinkError {
  return new NetlinkError('refused', errno, `nf_tables refused "${subject}"${text === undefined ? '' : ` (${text})`}`);
}

function readDeleted(message: NetlinkMessage): DeletedElements {
  const attributes = readMessageAttributes(message);
  return { set: readText(attributes.get(elementListAttribute.set)), elements: readElements(attributes) };
}

function readElements(attributes: Map<number, Buffer>): DumpedElement[] {
  const list = attributes.get(elementListAttribute.elements);
  return list === undefined ? [] : readAttributeList(list).map(({ value }) => readElement(value));
}

/** Read by the hundred thousand, so without a map of attributes. */
function readElement(bytes: Buffer): DumpedElement {
  const element: { -readonly [K in keyof DumpedElement]: DumpedElement[K] } = { key: noBytes };
  for (const { type, value } of readAttributeList(bytes)) {
    switch (type) {
      case elementAttribute.key:
        element.key = readValue(value);
        break;
      case elementAttribute.keyEnd:
        element.keyEnd = readValue(value);
        break;
      case elementAttribute.data:
        element.data = readValue(value);
        break;
      case elementAttribute.flags:
        if ((readU32(value) & elementFlag.intervalEnd) !== 0) element.intervalEnd = true;
        break;
      case elementAttribute.userData: {
        const comment = readTextUserData(value);
        if (comment !== undefined) element.comment = comment;
        break;
      }
      case elementAttribute.expression:
        Object.assign(element, readCounter(value));
        break;
    }
  }
  return element;
}

function readCounter(expression: Buffer): { packets: bigint; bytes: bigint } | undefined {
  const attributes = readAttributes(expression);
  if (readText(attributes.get(expressionAttribute.name)) !== 'counter') return undefined;
  const data = readAttributes(attributes.get(expressionAttribute.data) ?? Buffer.alloc(0));
  return {
    packets: data.get(counterAttribute.packets)?.readBigUInt64BE() ?? 0n,
    bytes: data.get(counterAttribute.bytes)?.readBigUInt64BE() ?? 0n,
  };
}

/** A copy of the value in the nest that nf_tables data takes. */
function readValue(data: Buffer): Uint8Array {
  const [first] = readAttributeList(data);
  return first?.type === dataAttribute.value ? new Uint8Array(first.value) : noBytes;
}

function readU32(value: Buffer | undefined): number {
  return value === undefined ? 0 : value.readUInt32BE();
}
