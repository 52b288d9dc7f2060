/** The Windows back end. */
export * from './hns-dataplane.ts';
export { openSocketHnsDoor } from './socket-hns-door.ts';
