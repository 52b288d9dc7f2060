/**
 * Changing the interfaces, addresses and routes of a namespace: one batch each, by this process itself.
 *
 * Everything here is synchronous and holds up the event loop for some milliseconds a pod, so whoever
 * makes or removes namespaces takes turns ({@link inTurn}): between two of them the process answers
 * its connections, also when hundreds of pods come at once.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { isThereAlready, type Link, NetlinkError, type RouteChange, RouteConnection } from '@weir/kernel';
import type { Address } from '@weir/net';
import { NetworkError } from './netns-names.ts';

let lastTurn: Promise<unknown> = Promise.resolve();

/** Runs the work when all that came before it is done, in a turn of the event loop of its own. */
export function inTurn<T>(work: () => T): Promise<T> {
  const done = lastTurn.then(() => nextTurn()).then(work);
  lastTurn = done.catch(() => undefined);
  return done;
}

/** Makes the changes in order. Throws NetworkError for the first that fails: `address-taken`, or `kernel` with its words. */
export function changeNetwork(netns: string, changes: readonly RouteChange[]): void {
  withConnection(netns, (connection) => {
    try {
      connection.apply(changes);
    } catch (error) {
      if (!(error instanceof NetlinkError)) throw error;
      throw new NetworkError(isThereAlready(error) ? 'address-taken' : 'kernel', `${netns}: ${error.message}`, error);
    }
  });
}

/**
 * Removes one interface (and its peer) at once; the kernel takes some 20 ms, for many together no longer
 * than for one, so those that are asked for meanwhile go next, together. Deleting the namespace of one
 * end removes both as well, but later, and only when no socket holds it: callers do that too, so what
 * fails here is made good there. No error when the interface or the namespace is not there.
 */
export function removeInterface(netns: string, device: string): Promise<void> {
  condemned.push({ netns, device });
  nextRemoval ??= lastRemoval.then(removeCondemned);
  lastRemoval = nextRemoval.catch(() => undefined);
  return nextRemoval;
}

const condemned: { readonly netns: string; readonly device: string }[] = [];
let lastRemoval: Promise<void> = Promise.resolve();
let nextRemoval: Promise<void> | undefined;

async function removeCondemned(): Promise<void> {
  nextRemoval = undefined;
  const batch = condemned.splice(0);
  for (const netns of new Set(batch.map((each) => each.netns))) {
    const devices = batch.flatMap((each) => (each.netns === netns ? [each.device] : []));
    try {
      await removeNow(netns, devices);
    } catch (error) {
      if (!(error instanceof NetlinkError) && !isNoSuchFile(error)) throw error;
    }
  }
}

async function removeNow(netns: string, devices: readonly string[]): Promise<void> {
  const connection = new RouteConnection(netns);
  try {
    await connection.deleteLinks(devices);
  } finally {
    connection.close();
  }
}

/** The interfaces of a namespace. */
export function linksOf(netns: string): readonly Link[] {
  return withConnection(netns, (connection) => connection.links());
}

/** The global addresses of an interface, IPv4 first. */
export function addressesOf(netns: string, device: string): readonly Address[] {
  return withConnection(netns, (connection) => connection.addresses(device));
}

function isNoSuchFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function withConnection<T>(netns: string, use: (connection: RouteConnection) => T): T {
  const connection = new RouteConnection(netns);
  try {
    return use(connection);
  } finally {
    connection.close();
  }
}
