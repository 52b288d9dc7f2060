/**
 * The notation in which `tables/` write protobuf messages down, and its parser.
 *
 * ```
 * Message: NUMBER name[:TYPE][?][^] · NUMBER name …
 *   no type      string                       i, b, s    integer, truth value, string
 *   Word         message Word
 *   []           repeated                     {s} {bytes} {Word}   map from string to string, bytes, message
 *   ?            a pointer in Go: written only when set, so that a zero is meaningful and kept
 *   ^            embedded in Go: its fields belong to the object around it in JSON
 * ```
 * Words that no table defines (`Time`, `MicroTime`, `Quantity`, `IntOrString`, `FieldsV1`, `RawExtension`, `ExtraValue`,
 * `Verbs`) have a JSON form of their own; other undefined words are types that are not supported.
 */
import { assert, defined } from '@weir/net';

/** The type of a field or of a map's values. */
export type FieldType =
  | { readonly kind: 'string' | 'integer' | 'boolean' | 'bytes' }
  | { readonly kind: 'message'; readonly name: string }
  | { readonly kind: 'map'; readonly values: FieldType };

/** One field of a message. */
export interface MessageField {
  /** Name in JSON. */
  readonly name: string;
  readonly type: FieldType;
  readonly repeated: boolean;
  readonly pointer: boolean;
  readonly inline: boolean;
}

/** A message: its fields by number, and the group-version whose words it uses first. */
export interface MessageTable {
  readonly name: string;
  /** `group/version`, or empty for meta and core. */
  readonly scope: string;
  readonly fields: ReadonlyMap<number, MessageField>;
}

/** All messages of some texts. */
export class MessageTables {
  readonly #messages = new Map<string, MessageTable>();

  constructor(texts: readonly string[]) {
    for (const text of texts) this.#parse(text);
  }

  /** The message called `name` in `scope`, else in meta and core; undefined when no table defines it. */
  find(scope: string, name: string): MessageTable | undefined {
    return this.#messages.get(`${scope} ${name}`) ?? this.#messages.get(` ${name}`);
  }

  /** Every message. */
  all(): readonly MessageTable[] {
    return [...this.#messages.values()];
  }

  #parse(text: string): void {
    let scope = '';
    for (const line of text.split('\n')) {
      if (line === '') continue;
      if (line.startsWith('# ')) {
        scope = line.slice(2);
        continue;
      }
      const message = parseMessage(line, scope);
      const key = `${scope} ${message.name}`;
      assert(!this.#messages.has(key), `message ${message.name} is defined twice`);
      this.#messages.set(key, message);
    }
  }
}

function parseMessage(line: string, scope: string): MessageTable {
  const colon = line.indexOf(': ');
  assert(colon > 0, `not a message: ${line}`);
  const fields = new Map<number, MessageField>();
  for (const item of line.slice(colon + 2).split(' · ')) {
    const { number, field } = parseField(item);
    assert(!fields.has(number), `field ${number} is defined twice: ${line}`);
    fields.set(number, field);
  }
  return { name: line.slice(0, colon), scope, fields };
}

const fieldPattern = /^(\d+) (\w+)(?::(\{?)(\w+)\}?)?(\[\])?(\?)?(\^)?$/;

function parseField(item: string): { number: number; field: MessageField } {
  const match = defined(fieldPattern.exec(item), `not a field: ${item}`);
  const [, number, name, brace, word, repeated, pointer, inline] = match;
  const inner = typeOfWord(word ?? 's');
  const type: FieldType = brace === '{' ? { kind: 'map', values: inner } : inner;
  return {
    number: Number(number),
    field: {
      name: name ?? '',
      type,
      repeated: repeated !== undefined,
      pointer: pointer !== undefined,
      inline: inline !== undefined,
    },
  };
}

function typeOfWord(word: string): FieldType {
  switch (word) {
    case 's':
      return { kind: 'string' };
    case 'i':
      return { kind: 'integer' };
    case 'b':
      return { kind: 'boolean' };
    case 'bytes':
      return { kind: word };
    default:
      return { kind: 'message', name: word };
  }
}
