/**
 * Ports of a protocol that the kernel knows no sockets of, claimed in a network namespace: programs of one
 * pod, in whatever process, must not take each other's. A claim is the name of an abstract socket (unix(7)),
 * which is the namespace's own and goes with its process.
 */
import { constants } from 'node:os';
import koffi from 'koffi';
import { bind, checked, close, socket } from '../libc/libc.ts';
import { inNetns } from '../netns/in-netns.ts';

const afUnix = 1;
const datagramCloexec = 2 | 0o2000000;

/** Claims a name; answers how to give it back, or undefined when somebody else has it. */
export function claimPort(netns: string | undefined, name: string): (() => void) | undefined {
  const claim = (): number | undefined => {
    const fd = checked(socket(afUnix, datagramCloexec, 0), 'socket', 'unix');
    const address = Buffer.concat([Buffer.from([afUnix, 0, 0]), Buffer.from(name)]);
    if (bind(fd, address, address.length) === 0) return fd;
    const isTaken = koffi.errno() === constants.errno.EADDRINUSE;
    close(fd);
    if (!isTaken) throw new Error(`the name ${name} cannot be claimed`);
    return undefined;
  };
  const claimed = netns === undefined ? claim() : inNetns(netns, claim);
  if (claimed === undefined) return undefined;
  let fd: number | undefined = claimed;
  return () => {
    // Its number may be somebody else's by the second time.
    if (fd !== undefined) close(fd);
    fd = undefined;
  };
}
