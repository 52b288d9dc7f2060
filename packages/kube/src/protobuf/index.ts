/** Kubernetes' protobuf encoding: request bodies decoded to JSON, answers encoded from it. */
export { type DecodedObject, decodeProtobufObject, hasProtobufMagic } from './decode-object.ts';
export { ProtobufList } from './encode-list.ts';
export * from './encode-object.ts';
export * from './protobuf-error.ts';
