/**
 * What the start gate is told of a pod, checked, and kept over a restart of the agent.
 *
 * The file is the agent's memory of which link belongs to which pod: the API does not know it. It is
 * written whole and renamed into place, so that a crash leaves the old or the new one.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Address, formatAddress, parseAddress } from '@weir/net';

/** A pod of this node with the node's end of its link. */
export interface Attachment {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly interface: string;
  readonly addresses: readonly Address[];
}

/** Reads a request's body; gives the attachment or one sentence about what is wrong. */
export function parseAttachment(value: unknown): Attachment | { readonly problem: string } {
  if (typeof value !== 'object' || value === null) return { problem: 'the body is no JSON object' };
  const { uid, namespace, name, interface: link, addresses } = value as Record<string, unknown>;
  for (const [field, text] of Object.entries({ uid, namespace, name, interface: link })) {
    if (typeof text !== 'string' || !/^[A-Za-z0-9][-A-Za-z0-9._@]{0,252}$/.test(text)) return { problem: `${field}: a name is needed` };
  }
  if (String(link).length > 15) return { problem: `interface: '${String(link)}' is longer than an interface name can be` };
  if (!Array.isArray(addresses) || addresses.length < 1 || addresses.length > 2) return { problem: 'addresses: one or two are needed' };
  const parsed = addresses.map((address) => (typeof address === 'string' ? parseAddress(address) : undefined));
  const good = parsed.filter((address) => address !== undefined);
  if (good.length !== parsed.length) return { problem: 'addresses: not all of them are IP addresses' };
  if (good.length === 2 && good[0]?.family === good[1]?.family) return { problem: 'addresses: two must be of different families' };
  return { uid: String(uid), namespace: String(namespace), name: String(name), interface: String(link), addresses: good };
}

/** The attachments on disk, by pod UID. */
export class AttachmentStore {
  readonly #file: string;
  readonly #attachments = new Map<string, Attachment>();

  /** Reads what an earlier process left; a file that cannot be read counts as empty and is reported by `damaged`. */
  constructor(stateDirectory: string) {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    this.#file = join(stateDirectory, 'attachments.json');
    this.damaged = !this.#load();
  }

  /** Whether a file was there that could not be read. */
  readonly damaged: boolean;

  /** All attachments. */
  all(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  /** Adds or replaces one and writes the file. */
  set(attachment: Attachment): void {
    this.#attachments.set(attachment.uid, attachment);
    this.#save();
  }

  /** Removes one and writes the file; false when it was not there. */
  delete(uid: string): boolean {
    if (!this.#attachments.delete(uid)) return false;
    this.#save();
    return true;
  }

  #load(): boolean {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return true;
    }
    try {
      for (const value of JSON.parse(text) as unknown[]) {
        const attachment = parseAttachment(value);
        if ('problem' in attachment) return false;
        this.#attachments.set(attachment.uid, attachment);
      }
      return true;
    } catch {
      return false;
    }
  }

  #save(): void {
    const list = this.all().map((attachment) => ({ ...attachment, addresses: attachment.addresses.map(formatAddress) }));
    const temporary = `${this.#file}.new`;
    try {
      writeFileSync(temporary, JSON.stringify(list), { mode: 0o600 });
      renameSync(temporary, this.#file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  }
}
