/** Named sets and maps, chains and rules as data. */
import type { Expression } from './expression.ts';
import type { hookNumber } from './numbers.ts';

/** One part of a set's key: how `nft` prints it and how many bytes it has before padding to four. */
export interface SetField {
  readonly dataType: number;
  readonly length: number;
}

/** A named set, or a map when it has `data`. */
export interface SetDefinition {
  readonly name: string;
  /** One field, or several for a concatenation. */
  readonly key: readonly SetField[];
  readonly data?: readonly SetField[];
  /** Elements are ranges. */
  readonly interval?: boolean;
  /** Every element counts packets and bytes. */
  readonly counter?: boolean;
  /** Elements go after this time unless a rule refreshes them. */
  readonly timeoutMs?: number;
  /** More elements than this are refused. */
  readonly size?: number;
}

/** One element of a set. Concatenated keys have every part padded to four bytes. */
export interface SetElement {
  readonly key: Uint8Array;
  /** Last key of a range, in interval sets with a concatenated key. */
  readonly keyEnd?: Uint8Array;
  /** The value in a map. */
  readonly data?: Uint8Array;
  /** Ends the range before it, in interval sets with a plain key. */
  readonly intervalEnd?: boolean;
  /** Printed by `nft list`; at most 128 bytes. */
  readonly comment?: string;
}

/** An element read back, with what it has counted. */
export interface DumpedElement extends SetElement {
  readonly packets?: bigint;
  readonly bytes?: bigint;
}

/** A chain; a base chain when it has a hook. */
export interface ChainDefinition {
  readonly name: string;
  readonly hook?: { readonly name: keyof typeof hookNumber; readonly priority: number };
}

/** One rule at the end of a chain. */
export interface RuleDefinition {
  readonly chain: string;
  readonly expressions: readonly Expression[];
  /** Printed by `nft list`; at most 128 bytes. */
  readonly comment?: string;
}

/** How many bytes a key or a value of these fields has, each padded to four. */
export function fieldsLength(fields: readonly SetField[]): number {
  return fields.length === 1 ? (fields[0]?.length ?? 0) : fields.reduce((sum, field) => sum + ((field.length + 3) & ~3), 0);
}
