/**
 * User data of nf_tables objects: bytes that the kernel keeps for the `nft` program.
 *
 * libnftnl's layout (its include/udata.h): type, length, value, one after the other. Type 0 is the
 * comment of rules and elements, with its zero byte; for sets 0 and 1 are the byte orders of key
 * and value, which decide how `nft list` prints numbers.
 */
import { assert } from '@weir/net';
import { hostU32Bytes } from '../netlink/message-writer.ts';
import { nftDataType } from './numbers.ts';
import type { SetDefinition, SetField } from './set-definition.ts';

const commentBytesMax = 128;
const byteOrderHost = 1;
const byteOrderNetwork = 2;

/** The user data of a rule or an element with a comment. */
export function textUserData(comment: string): Uint8Array {
  const bytes = Buffer.byteLength(comment);
  assert(bytes <= commentBytesMax, `a comment has at most ${commentBytesMax} bytes, not ${bytes}`);
  const data = Buffer.allocUnsafe(bytes + 3);
  data[0] = 0;
  data[1] = bytes + 1;
  data.write(comment, 2);
  data[bytes + 2] = 0;
  return data;
}

/** The comment in user data, or undefined when it has none. */
export function readTextUserData(data: Buffer): string | undefined {
  let at = 0;
  while (at + 2 <= data.length) {
    const length = data[at + 1] ?? 0;
    if (data[at] === 0 && length > 0) return data.toString('utf8', at + 2, at + 1 + length);
    at += 2 + length;
  }
  return undefined;
}

/** The user data of a set: the byte orders of its key and its value. */
export function setUserData(set: SetDefinition): Uint8Array {
  const parts = [Buffer.from([0, 4]), hostU32Bytes(byteOrder(set.key))];
  if (set.data !== undefined) parts.push(Buffer.from([1, 4]), hostU32Bytes(byteOrder(set.data)));
  return Buffer.concat(parts);
}

/** A concatenation has none of its own. */
function byteOrder(fields: readonly SetField[]): number {
  const [field] = fields;
  if (field === undefined || fields.length > 1) return 0;
  return field.dataType === nftDataType.mark || field.dataType === nftDataType.interfaceName ? byteOrderHost : byteOrderNetwork;
}
