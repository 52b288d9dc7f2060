/**
 * Running a synchronous section of code inside another network namespace.
 *
 * `setns(2)` moves the calling thread only, so whatever the section creates by system calls of this
 * thread (sockets, child processes, reads and writes of /proc/sys/net) belongs to the other
 * namespace and stays there, while everything that Node does on a later tick happens at home again.
 * The section must therefore be synchronous.
 */
import { closeSync, openSync } from 'node:fs';
import { checked, setns } from '../libc/libc.ts';

/** Where named namespaces live; the same directory as `ip netns` uses. */
export const netnsDirectory = '/run/netns';

const cloneNewnet = 0x40000000;

let homeFd: number | undefined;

/** The file of a namespace: a name is looked up in {@link netnsDirectory}, a text with a slash is a path. */
export function netnsPath(nameOrPath: string): string {
  return nameOrPath.includes('/') ? nameOrPath : `${netnsDirectory}/${nameOrPath}`;
}

/**
 * Runs `section` with the calling thread inside the namespace, and always comes back.
 *
 * Throws when the namespace does not exist (`ENOENT`) or may not be entered (`EPERM`). A section
 * that returns a promise is a mistake: only its synchronous part would run inside.
 */
export function inNetns<T>(nameOrPath: string, section: () => T extends PromiseLike<unknown> ? never : T): T {
  const home = homeNetns();
  const target = openSync(netnsPath(nameOrPath), 'r');
  try {
    checked(setns(target, cloneNewnet), 'setns', nameOrPath);
  } finally {
    closeSync(target);
  }
  try {
    return section();
  } finally {
    returnHome(home);
  }
}

/** Runs `section` and comes back to the namespace of the process, whatever the section did to the thread. */
export function comingBackHome<T>(section: () => T): T {
  const home = homeNetns();
  try {
    return section();
  } finally {
    returnHome(home);
  }
}

/** The namespace in which the process was when it first asked; opened once and kept. */
function homeNetns(): number {
  homeFd ??= openSync('/proc/thread-self/ns/net', 'r');
  return homeFd;
}

function returnHome(home: number): void {
  // A thread that stays in a foreign namespace would open every later socket in the wrong place,
  // which is worse than not running at all.
  if (setns(home, cloneNewnet) !== 0) process.abort();
}
