/**
 * The embedded Kubernetes-compatible API server.
 *
 * The only public door of the package.
 */

export type { OtherForms } from './custom-resources/custom-resource-server.ts';
export * from './discovery/discovery-handler.ts';
export * from './errors/api-error.ts';
export * from './openapi/openapi-handler.ts';
export type { DeletedObject } from './rest/rest-context.ts';
export { type AnswerRequest } from './server/answer-request.ts';
export type * from './server/api-message.ts';
export { allPieces } from './server/api-message.ts';
export { closingOf } from './server/close-server.ts';
export type { IncomingRequest } from './server/incoming-request.ts';
export * from './server/start-api-server.ts';
export { SnapshotError, type SnapshotHeader } from './storage/snapshot-file.ts';
export { loadStoreSnapshot, saveStoreSnapshot } from './storage/store-snapshot.ts';
export * from './streams/node-proxy.ts';
export { acceptPortForward, type DialPort } from './streams/port-forward.ts';
export * from './streams/remote-command.ts';
export * from './streams/remote-command-query.ts';
export type { RemoteCommandResult, RemoteCommandSession, TerminalSize } from './streams/remote-command-session.ts';
export { spdyDictionary } from './streams/spdy-dictionary.ts';
export * from './streams/upgrade-refusal.ts';
export type { RequestTimes, WriteTimes } from './timing/request-timing.ts';
export * from './wire/decode-body.ts';
