/**
 * Addresses, CIDR arithmetic, ports, flows, tables and assertions: values without any input or output.
 *
 * The only public door of the package.
 */
export * from './address.ts';
export * from './address-range.ts';
export * from './assert.ts';
export * from './bit-set.ts';
export * from './cidr.ts';
export * from './count-before.ts';
export * from './edit-distance.ts';
export * from './flow.ts';
export * from './group-by.ts';
export * from './nearest-name.ts';
export * from './port-range.ts';
export * from './protocol.ts';
export * from './short-hash.ts';
export * from './tight-table.ts';
