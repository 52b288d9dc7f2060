/**
 * Links, addresses, routes and neighbours of one network namespace, over rtnetlink.
 *
 * Calls are synchronous: the kernel has done what was asked, or refused it, when they return. They
 * may wait for the kernel's one lock for all of this, which removals of many namespaces hold long.
 */
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { type Address, addressFromBytes } from '@weir/net';
import {
  controlMessage,
  messageFlag,
  type NetlinkMessage,
  readAnswer,
  readAttributes,
  readHostU32,
  readMessages,
  readText,
} from '../netlink/message-reader.ts';
import { hostU32Bytes, MessageWriter } from '../netlink/message-writer.ts';
import { NetlinkError } from '../netlink/netlink-error.ts';
import { NetlinkSocket, netlinkProtocol } from '../netlink/netlink-socket.ts';
import { inNetns, netnsPath } from '../netns/in-netns.ts';
import {
  addressAttribute,
  describeRouteChange,
  linkAttribute,
  type RouteChange,
  routeChangeDevices,
  routeMessage,
  writeRouteChange,
} from './route-change.ts';

/** An interface. */
export interface Link {
  readonly device: string;
  /** The text that somebody has put on it. */
  readonly alias?: string;
}

/** More than the kernel puts into one datagram of a dump. */
const receiveBytes = 64 * 1024;
const linkHeaderBytes = 16;
const addressHeaderBytes = 8;
const scopeGlobal = 0;
/** The group of interfaces that are about to be removed; a number that nobody else uses. */
const condemned = 0x77656972;

/** A socket in one namespace and the calls on it. */
export class RouteConnection {
  readonly #socket: NetlinkSocket;
  readonly #writer = new MessageWriter(1024);

  /** Opens it in the namespace with that name or path; throws when there is none (`ENOENT`). */
  constructor(netns: string) {
    this.#socket = inNetns(netns, () => new NetlinkSocket({ protocol: netlinkProtocol.route, receiveBytes }));
  }

  /** Makes the changes in order. Throws NetlinkError `refused` for the first that fails; those before it stay. */
  apply(changes: readonly RouteChange[]): void {
    const devices = new Map<string, number>();
    for (const change of changes) {
      for (const device of routeChangeDevices(change)) if (!devices.has(device)) devices.set(device, this.#indexOf(device));
      this.#applyOne(change, devices);
    }
  }

  /**
   * Removes interfaces and their peers, those that are there. The kernel waits for all processors before
   * it has removed one, for many no longer than for one: they go together, and another thread waits.
   */
  async deleteLinks(devices: readonly string[]): Promise<void> {
    if (devices.filter((device) => this.#condemn(device)).length === 0) return;
    const sequence = this.#socket.nextSequence();
    this.#writer.clear();
    const header = { type: routeMessage.deleteLink, flags: messageFlag.request | messageFlag.ack, sequence };
    const start = this.#writer.beginMessageOf(header, Buffer.alloc(linkHeaderBytes));
    this.#writer.raw(linkAttribute.group, hostU32Bytes(condemned));
    this.#writer.endMessage(start);
    this.#socket.drain();
    await this.#socket.sendElsewhere(this.#writer.bytes());
    try {
      this.#readAnswers(sequence, 'removing interfaces');
    } catch (error) {
      // Somebody else was faster.
      if (!isNoSuchDevice(error)) throw error;
    }
  }

  /** All interfaces. */
  links(): readonly Link[] {
    const links: Link[] = [];
    this.#dump(routeMessage.getLink, linkHeaderBytes, {
      restart: () => {
        links.length = 0;
      },
      take: ({ payload }) => {
        const attributes = readAttributes(payload.subarray(linkHeaderBytes));
        const alias = attributes.get(linkAttribute.alias);
        links.push({ device: readText(attributes.get(linkAttribute.name)), ...(alias === undefined ? {} : { alias: readText(alias) }) });
      },
    });
    return links;
  }

  /** The addresses of global scope on the interface, IPv4 first; none when there is no such interface. */
  addresses(device: string): readonly Address[] {
    if (!this.links().some((link) => link.device === device)) return [];
    const index = this.#indexOf(device);
    const addresses: Address[] = [];
    this.#dump(routeMessage.getAddress, addressHeaderBytes, {
      restart: () => {
        addresses.length = 0;
      },
      take: ({ payload }) => {
        if (readHostU32(payload, 4) !== index || payload[3] !== scopeGlobal) return;
        const attributes = readAttributes(payload.subarray(addressHeaderBytes));
        const bytes = attributes.get(addressAttribute.local) ?? attributes.get(addressAttribute.address);
        if (bytes !== undefined) addresses.push(addressFromBytes(bytes));
      },
    });
    return addresses.sort((a, b) => a.family - b.family);
  }

  close(): void {
    this.#socket.close();
  }

  #applyOne(change: RouteChange, devices: ReadonlyMap<string, number>): void {
    const sequence = this.#socket.nextSequence();
    this.#writer.clear();
    const peerNetnsFd = change.kind === 'addVeth' ? openSync(netnsPath(change.peer.netns), 'r') : undefined;
    try {
      writeRouteChange(this.#writer, change, { sequence, devices, ...(peerNetnsFd === undefined ? {} : { peerNetnsFd }) });
      this.#ask(sequence, describeRouteChange(change));
    } finally {
      if (peerNetnsFd !== undefined) closeSync(peerNetnsFd);
    }
  }

  /** Puts the interface into the group that is removed next; false when there is no such interface. */
  #condemn(device: string): boolean {
    const sequence = this.#socket.nextSequence();
    this.#writer.clear();
    const header = { type: routeMessage.newLink, flags: messageFlag.request | messageFlag.ack, sequence };
    const start = this.#writer.beginMessageOf(header, Buffer.alloc(linkHeaderBytes));
    this.#writer.text(linkAttribute.name, device);
    this.#writer.raw(linkAttribute.group, hostU32Bytes(condemned));
    this.#writer.endMessage(start);
    try {
      this.#ask(sequence, `removing the interface ${device}`);
      return true;
    } catch (error) {
      if (isNoSuchDevice(error)) return false;
      throw error;
    }
  }

  #indexOf(device: string): number {
    const sequence = this.#socket.nextSequence();
    this.#writer.clear();
    const header = { type: routeMessage.getLink, flags: messageFlag.request | messageFlag.ack, sequence };
    const start = this.#writer.beginMessageOf(header, Buffer.alloc(linkHeaderBytes));
    this.#writer.text(linkAttribute.name, device);
    this.#writer.endMessage(start);
    let index = 0;
    this.#ask(sequence, `looking for the interface ${device}`, ({ payload }) => {
      index = readHostU32(payload, 4);
    });
    return index;
  }

  /** Sends what is written and reads until the kernel's answer to it. */
  #ask(sequence: number, what: string, take: (message: NetlinkMessage) => void = () => undefined): void {
    this.#socket.drain();
    this.#socket.send(this.#writer.bytes());
    this.#readAnswers(sequence, what, take);
  }

  #readAnswers(sequence: number, what: string, take: (message: NetlinkMessage) => void = () => undefined): void {
    for (let datagram = this.#socket.receive(); datagram !== undefined; datagram = this.#socket.receive()) {
      for (const message of readMessages(datagram)) {
        if (message.sequence !== sequence) continue;
        if (message.type !== controlMessage.error) {
          take(message);
          continue;
        }
        const { errno, text } = readAnswer(message);
        if (errno !== 0) throw new NetlinkError('refused', errno, text === undefined ? what : `${what}: ${text}`);
        return;
      }
    }
    throw new NetlinkError('uncertain', 0, `${what}: the kernel did not answer`);
  }

  #dump(type: number, headerBytes: number, reader: { restart: () => void; take: (message: NetlinkMessage) => void }): void {
    this.#socket.dump({
      writer: this.#writer,
      write: (writer, sequence) => {
        const header = { type, flags: messageFlag.request | messageFlag.dump, sequence };
        writer.endMessage(writer.beginMessageOf(header, Buffer.alloc(headerBytes)));
      },
      ...reader,
    });
  }
}

/** Whether the kernel refused because something of that name or address is there already. */
export function isThereAlready(error: unknown): boolean {
  return error instanceof NetlinkError && error.errno === constants.errno.EEXIST;
}

/** Whether the kernel refused because there is no such route. */
export function isNoSuchRoute(error: unknown): boolean {
  return error instanceof NetlinkError && error.errno === constants.errno.ESRCH;
}

/** Whether the kernel refused because there is no next hop or group of that number. */
export function isNoSuchNextHop(error: unknown): boolean {
  return error instanceof NetlinkError && error.errno === constants.errno.ENOENT;
}

/** Whether the kernel refused because it does not know what it is asked for: it is too old, or built without it. */
export function isUnknownToKernel(error: unknown): boolean {
  return error instanceof NetlinkError && (error.errno === constants.errno.EOPNOTSUPP || error.errno === constants.errno.EINVAL);
}

/** Whether the kernel refused because there is no such interface. */
function isNoSuchDevice(error: unknown): boolean {
  return error instanceof NetlinkError && error.errno === constants.errno.ENODEV;
}
