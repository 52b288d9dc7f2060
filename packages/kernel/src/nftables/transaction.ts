/**
 * Writing one nf_tables transaction: a batch of messages that takes force as a whole or not at all.
 *
 * Messages are written as they are added; elements of one set share messages, each filled up to
 * the 64 KiB that a nested attribute can have. A transaction is committed once, by
 * {@link NftablesConnection.commit}.
 */
import { assert } from '@weir/net';
import { messageFlag } from '../netlink/message-reader.ts';
import { MessageWriter } from '../netlink/message-writer.ts';
import { writeExpression, writeExpressions, writeValue } from './expression.ts';
import {
  chainAttribute,
  elementAttribute,
  elementFlag,
  elementListAttribute,
  hookAttribute,
  hookNumber,
  listElement,
  nftablesSubsystem,
  nftMessage,
  ruleAttribute,
  setAttribute,
  setDescriptionAttribute,
  setFieldLength,
  setFlag,
  tableAttribute,
  tableFamily,
  tableFlag,
} from './numbers.ts';
import {
  type ChainDefinition,
  fieldsLength,
  type RuleDefinition,
  type SetDefinition,
  type SetElement,
  type SetField,
} from './set-definition.ts';
import { setUserData, textUserData } from './user-data.ts';

/** The table that a transaction works on. */
export interface TableName {
  readonly family: keyof typeof tableFamily;
  readonly name: string;
}

/** What is refused at the end of a batch that is only rehearsed. */
export const rehearsalSubject = 'rehearsal';
const setThatIsNot = 'there_is_no_such_set';

const elementListBytesMax = 60_000;

/** A batch under construction. */
export class Transaction {
  readonly #table: TableName;
  readonly #family: number;
  readonly #writer = new MessageWriter(64 * 1024);
  readonly #subjects: string[] = [];
  /** Elements of one rule follow each other and share their comment. */
  #comment: { readonly text: string; readonly userData: Uint8Array } = { text: '', userData: textUserData('') };
  #sets = 0;
  #lastMessage = 0;
  #finished = false;

  constructor(table: TableName) {
    this.#table = table;
    this.#family = tableFamily[table.family];
    this.#control(nftMessage.batchBegin, 'begin');
  }

  /** How many messages there are between begin and end. */
  get messages(): number {
    return this.#subjects.length - 1;
  }

  /** Makes the table if it is not there; `owned` (Linux 5.12): it is of the socket that commits this alone, and goes with it. */
  addTable({ owned = false }: { readonly owned?: boolean } = {}): this {
    return this.#message({ type: nftMessage.newTable, flags: messageFlag.create, subject: 'add table' }, (writer) => {
      writer.text(tableAttribute.name, this.#table.name);
      writer.u32(tableAttribute.flags, owned ? tableFlag.owner : 0);
    });
  }

  /** Deletes the table with all that is in it; it must be there. */
  deleteTable(): this {
    return this.#message({ type: nftMessage.deleteTable, flags: 0, subject: 'delete table' }, (writer) => {
      writer.text(tableAttribute.name, this.#table.name);
    });
  }

  addSet(set: SetDefinition): this {
    this.#sets++;
    const id = this.#sets;
    return this.#message({ type: nftMessage.newSet, flags: messageFlag.create, subject: `add set ${set.name}` }, (writer) => {
      writer.text(setAttribute.table, this.#table.name);
      writer.text(setAttribute.name, set.name);
      writeSetShape(writer, set);
      writer.u32(setAttribute.id, id);
      writer.raw(setAttribute.userData, setUserData(set));
      if (set.counter === true) {
        const nest = writer.beginNest(setAttribute.expression);
        writeExpression(writer, { kind: 'counter' });
        writer.endNest(nest);
      }
    });
  }

  addChain(chain: ChainDefinition): this {
    return this.#message({ type: nftMessage.newChain, flags: messageFlag.create, subject: `add chain ${chain.name}` }, (writer) => {
      writer.text(chainAttribute.table, this.#table.name);
      writer.text(chainAttribute.name, chain.name);
      if (chain.hook === undefined) return;
      writer.text(chainAttribute.type, 'filter');
      writer.u32(chainAttribute.policy, 1);
      const hook = writer.beginNest(chainAttribute.hook);
      writer.u32(hookAttribute.number, hookNumber[chain.hook.name]);
      writer.u32(hookAttribute.priority, chain.hook.priority);
      writer.endNest(hook);
    });
  }

  addRule(rule: RuleDefinition): this {
    const flags = messageFlag.create | messageFlag.append;
    return this.#message({ type: nftMessage.newRule, flags, subject: `add rule to ${rule.chain}` }, (writer) => {
      writer.text(ruleAttribute.table, this.#table.name);
      writer.text(ruleAttribute.chain, rule.chain);
      const nest = writer.beginNest(ruleAttribute.expressions);
      writeExpressions(writer, rule.expressions);
      writer.endNest(nest);
      if (rule.comment !== undefined) writer.raw(ruleAttribute.userData, textUserData(rule.comment));
    });
  }

  /** Deletes all rules of a chain. */
  flushChain(chain: string): this {
    return this.#message({ type: nftMessage.deleteRule, flags: 0, subject: `flush chain ${chain}` }, (writer) => {
      writer.text(ruleAttribute.table, this.#table.name);
      writer.text(ruleAttribute.chain, chain);
    });
  }

  /** Deletes a chain, which must be there, empty, and no longer jumped to. */
  deleteChain(chain: string): this {
    return this.#message({ type: nftMessage.deleteChain, flags: 0, subject: `delete chain ${chain}` }, (writer) => {
      writer.text(chainAttribute.table, this.#table.name);
      writer.text(chainAttribute.name, chain);
    });
  }

  /** Deletes a set, which must be there and no longer looked up. */
  deleteSet(set: string): this {
    return this.#message({ type: nftMessage.deleteSet, flags: 0, subject: `delete set ${set}` }, (writer) => {
      writer.text(setAttribute.table, this.#table.name);
      writer.text(setAttribute.name, set);
    });
  }

  /** Deletes all rules of the table; its chains stay. */
  flushRules(): this {
    return this.#message({ type: nftMessage.deleteRule, flags: 0, subject: 'flush all rules' }, (writer) => {
      writer.text(ruleAttribute.table, this.#table.name);
    });
  }

  /** Deletes all elements of a set. */
  flushSet(set: string): this {
    return this.#message({ type: nftMessage.deleteElement, flags: 0, subject: `flush set ${set}` }, (writer) => {
      writer.text(elementListAttribute.table, this.#table.name);
      writer.text(elementListAttribute.set, set);
    });
  }

  /** Adds elements to a set; one that is there with the same value is left as it is. */
  addElements(set: string, elements: Iterable<SetElement>): this {
    return this.#elements(nftMessage.newElement, set, elements);
  }

  /** Deletes elements; each must be there. With `echo` the kernel sends back what they counted. */
  deleteElements(set: string, elements: Iterable<SetElement>, echo = false): this {
    return this.#elements(nftMessage.deleteElement, set, elements, echo ? messageFlag.echo : 0);
  }

  /**
   * From now on the kernel refuses the batch whatever else is in it, with {@link rehearsalSubject}: it
   * looks at every message, says what is wrong with each, and puts nothing into force.
   */
  refuseAtEnd(): this {
    return this.#message({ type: nftMessage.deleteElement, flags: 0, subject: rehearsalSubject }, (writer) => {
      writer.text(elementListAttribute.table, this.#table.name);
      writer.text(elementListAttribute.set, setThatIsNot);
    });
  }

  /**
   * Ends the batch and asks for an answer to its last message: older kernels answer the end of a
   * batch with nothing. Sequence numbers count from 0, the begin message.
   */
  finish(): FinishedTransaction {
    assert(!this.#finished, 'a transaction is committed once');
    assert(this.messages > 0, 'an empty transaction is not committed');
    this.#finished = true;
    this.#writer.addFlags(this.#lastMessage, messageFlag.ack);
    const lastSequence = this.#subjects.length - 1;
    this.#control(nftMessage.batchEnd, 'end');
    return { bytes: this.#writer.bytes(), subjects: this.#subjects, lastSequence };
  }

  #elements(type: number, set: string, elements: Iterable<SetElement>, flags = 0): this {
    const iterator = elements[Symbol.iterator]();
    let next = iterator.next();
    const verb = type === nftMessage.newElement ? 'add to' : 'delete from';
    const create = type === nftMessage.newElement ? messageFlag.create : 0;
    while (next.done !== true) {
      this.#message({ type, flags: flags | create, subject: `${verb} set ${set}` }, (writer) => {
        writer.text(elementListAttribute.table, this.#table.name);
        writer.text(elementListAttribute.set, set);
        const list = writer.beginNest(elementListAttribute.elements);
        while (next.done !== true && writer.length - list < elementListBytesMax) {
          this.#writeElement(writer, next.value);
          next = iterator.next();
        }
        writer.endNest(list);
      });
    }
    return this;
  }

  #writeElement(writer: MessageWriter, element: SetElement): void {
    const nest = writer.beginNest(listElement);
    if (element.intervalEnd === true) writer.u32(elementAttribute.flags, elementFlag.intervalEnd);
    writeValue(writer, elementAttribute.key, element.key);
    if (element.keyEnd !== undefined) writeValue(writer, elementAttribute.keyEnd, element.keyEnd);
    if (element.data !== undefined) writeValue(writer, elementAttribute.data, element.data);
    if (element.comment !== undefined) {
      if (element.comment !== this.#comment.text) this.#comment = { text: element.comment, userData: textUserData(element.comment) };
      writer.raw(elementAttribute.userData, this.#comment.userData);
    }
    writer.endNest(nest);
  }

  #message(head: { type: number; flags: number; subject: string }, write: (writer: MessageWriter) => void): this {
    assert(!this.#finished, 'a finished transaction takes no more messages');
    this.#lastMessage = this.#writer.beginMessage({
      type: head.type,
      flags: messageFlag.request | head.flags,
      sequence: this.#subjects.length,
      family: this.#family,
    });
    this.#subjects.push(head.subject);
    write(this.#writer);
    this.#writer.endMessage(this.#lastMessage);
    return this;
  }

  #control(type: number, subject: string): void {
    const start = this.#writer.beginMessage({
      type,
      flags: messageFlag.request,
      sequence: this.#subjects.length,
      family: 0,
      resource: nftablesSubsystem,
    });
    this.#subjects.push(subject);
    this.#writer.endMessage(start);
  }
}

/** A batch ready to be sent; `subjects` says per sequence number what a message was about. */
export interface FinishedTransaction {
  readonly bytes: Buffer;
  readonly subjects: readonly string[];
  /** The sequence number of the message that is answered when all is in force. */
  readonly lastSequence: number;
}

function writeSetShape(writer: MessageWriter, set: SetDefinition): void {
  const concatenated = set.key.length > 1;
  const ranged = set.interval === true;
  const flags =
    (ranged ? setFlag.interval : 0) |
    (set.data === undefined ? 0 : setFlag.map) |
    (ranged && concatenated ? setFlag.concat : 0) |
    (set.timeoutMs === undefined ? 0 : setFlag.timeout | setFlag.evaluated);
  writer.u32(setAttribute.flags, flags);
  writer.u32(setAttribute.keyType, dataTypeOf(set.key));
  writer.u32(setAttribute.keyLength, fieldsLength(set.key));
  if (set.data !== undefined) {
    writer.u32(setAttribute.dataType, dataTypeOf(set.data));
    writer.u32(setAttribute.dataLength, fieldsLength(set.data));
  }
  if (set.timeoutMs !== undefined) writer.u64(setAttribute.timeout, BigInt(set.timeoutMs));
  const hasFields = ranged && concatenated;
  if (!hasFields && set.size === undefined) return;
  const description = writer.beginNest(setAttribute.description);
  if (set.size !== undefined) writer.u32(setDescriptionAttribute.size, set.size);
  if (hasFields) writeFields(writer, set);
  writer.endNest(description);
}

function writeFields(writer: MessageWriter, set: SetDefinition): void {
  const concat = writer.beginNest(setDescriptionAttribute.concat);
  for (const field of set.key) {
    const nest = writer.beginNest(listElement);
    writer.u32(setFieldLength, field.length);
    writer.endNest(nest);
  }
  writer.endNest(concat);
}

/** The type number of one field, or of a concatenation. */
function dataTypeOf(fields: readonly SetField[]): number {
  return fields.reduce((type, field) => (type << 6) | field.dataType, 0);
}
