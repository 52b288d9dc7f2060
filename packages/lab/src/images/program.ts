/**
 * The shape of a built-in program: what a container process gets and gives, without a process.
 *
 * One implementation serves two places: inside the node's process, where the sockets are made in the
 * pod's namespace, and as an executable in a pod's sandbox, where they are the process's own. This
 * folder therefore imports nothing but Node's modules and its own files, and for SCTP the packages that are
 * mounted into a sandbox beside it.
 */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { SctpStack } from './sctp/sctp-stack.ts';

/** Sockets and names as a program in the pod's network sees them. */
export interface NetworkDoor {
  /**
   * Makes the server (any class built on net.Server) listen. `::` takes both families. Errors are
   * thrown at once or emitted as `error`, with Node's codes.
   */
  listenTcp<S extends Server>(server: S, address: string, port: number): S;
  /** Connects to a literal address; `connect` or `error` follows. */
  connectTcp(address: string, port: number): Socket;
  /** A UDP socket; bound when a port is given. Errors as for {@link listenTcp}. */
  openUdp(address: string, port?: number): DatagramSocket;
  /** SCTP, which no kernel of a lab machine speaks; rejects with `EPERM` where raw sockets may not be opened. */
  sctp(): Promise<SctpStack>;
  /** Addresses of a name in the order to try them; rejects with a {@link LookupError}. */
  lookup(name: string): Promise<readonly string[]>;
}

/** A name could not be resolved; the message is worded as Go's resolver words it, without `lookup NAME`. */
export class LookupError extends Error {
  override readonly name = 'LookupError';
}

/** Signals that a program may react to; KILL ends it without asking. */
export type ProgramSignal = 'SIGTERM' | 'SIGINT' | 'SIGHUP';

/** Everything a program may use. */
export interface ProgramContext {
  /** Arguments, without the program's own path. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly hostname: string;
  readonly network: NetworkDoor;
  /** `at` is when it was said, for what is handed on later. */
  stdout(text: string, at?: Date): void;
  stderr(text: string, at?: Date): void;
  /** Aborted when the program has ended, also when it was killed. */
  readonly ended: AbortSignal;
  /** Takes signals over; without a handler a signal ends the program with exit code 2, as it ends a Go program. */
  onSignal(handler: (signal: ProgramSignal) => void): void;
  /** Runs `/bin/sh -c COMMAND` in the container. */
  shell(command: string): Promise<{ readonly output: string; readonly exitCode: number }>;
  /** Reads a file of the container, for certificates; rejects with Node's codes. */
  readFile(path: string): Promise<Buffer>;
}

/** Runs until it is done; resolves with the exit code. A rejection is a fault of the program. */
export type Program = (context: ProgramContext) => Promise<number>;

/** A promise that only a call to `exit` settles: for servers, which end when told so. */
export function untilExit(): { readonly exited: Promise<number>; readonly exit: (code: number) => void } {
  let settle: (code: number) => void = () => undefined;
  const exited = new Promise<number>((resolve) => {
    settle = resolve;
  });
  return { exited, exit: (code) => settle(code) };
}
