/** What is wrong with protobuf bytes. */

/**
 * `malformed`: not protobuf, or not what the field's type needs; `too-large`, `too-deep`: beyond the limits;
 * `unknown-kind`: a kind without a table; `unsupported-field`: a field whose type has no table, with something in it.
 */
export type ProtobufErrorCode = 'malformed' | 'too-large' | 'too-deep' | 'unknown-kind' | 'unsupported-field';

/** Bytes that cannot be decoded; `message` says why and where. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
  readonly code: ProtobufErrorCode;

  constructor(code: ProtobufErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
