/**
 * The network of one in-process program: sockets made in the pod's namespace, all of them remembered,
 * so that the end of the program closes them as the end of a process would.
 */
import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import { connectTcp, listenTcp, openUdp } from '@weir/kernel';
import type { NetworkDoor } from '../images/program.ts';
import { openRawSctpDoor } from '../images/sctp/raw-sctp-door.ts';
import { SctpStack } from '../images/sctp/sctp-stack.ts';
import { lookupInPod, type PodNames } from './pod-resolver.ts';

/** A network door that can be shut. */
export interface ClosableNetwork extends NetworkDoor {
  /** Closes every socket that was opened and refuses new ones. */
  close(): void;
}

/** Opens the door to the namespace. */
export function openNetnsNetwork(netns: string, names: PodNames): ClosableNetwork {
  const open = new Set<() => void>();
  let closed = false;
  const remember = (emitter: Server | Socket | DatagramSocket, close: () => void): void => {
    open.add(close);
    emitter.once('close', () => open.delete(close));
  };
  const refuseIfClosed = (): void => {
    if (closed) throw Object.assign(new Error('the program has ended'), { code: 'EPIPE' });
  };
  return {
    listenTcp: (server, address, port) => {
      refuseIfClosed();
      listenTcp(server, { netns, address, port });
      remember(server, () => server.close());
      server.on('connection', (socket: Socket) => remember(socket, () => socket.destroy()));
      return server;
    },
    connectTcp: (address, port) => {
      refuseIfClosed();
      const socket = connectTcp({ netns, address, port });
      remember(socket, () => socket.destroy());
      return socket;
    },
    openUdp: (address, port) => {
      refuseIfClosed();
      const socket = openUdp({ netns, address, ...(port === undefined ? {} : { port }) });
      remember(socket, () => socket.close());
      return socket;
    },
    sctp: async () => {
      refuseIfClosed();
      const stack = new SctpStack(openRawSctpDoor(netns));
      open.add(() => stack.close());
      return Promise.resolve(stack);
    },
    lookup: (name) => lookupInPod(netns, names, name),
    close: () => {
      closed = true;
      for (const close of open) close();
      open.clear();
    },
  };
}
