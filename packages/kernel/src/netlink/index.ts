/** Netlink: sockets, messages, errors. */

export { readHostU32 } from './message-reader.ts';
export { hostU32Bytes, writeHostU32 } from './message-writer.ts';
export { errnoName, NetlinkError, type NetlinkErrorCode } from './netlink-error.ts';
