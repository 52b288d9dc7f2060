/** Writes protobuf by hand, for tests: the opposite of the reader, sharing no code with it. */

export type Part = readonly number[];

export function varint(value: number | bigint): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function int(field: number, value: number | bigint): Part {
  return [...varint(field << 3), ...varint(value)];
}

export function bytes(field: number, value: Iterable<number>): Part {
  const list = [...value];
  return [...varint((field << 3) | 2), ...varint(list.length), ...list];
}

export function text(field: number, value: string): Part {
  return bytes(field, Buffer.from(value, 'utf8'));
}

export function message(field: number, ...parts: readonly Part[]): Part {
  return bytes(field, parts.flat());
}

/** A whole body. */
export function body(apiVersion: string, kind: string, ...parts: readonly Part[]): Uint8Array {
  return Uint8Array.from([
    ...Buffer.from('k8s\0'),
    ...message(1, text(1, apiVersion), text(2, kind)),
    ...message(2, ...parts),
    ...text(3, ''),
    ...text(4, ''),
  ]);
}
