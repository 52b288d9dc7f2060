/**
 * What the start gate is told of a pod, checked, and kept over a restart of the agent.
 *
 * The file is the agent's memory of which link belongs to which pod: the API does not know it.
 */
import { type Address, formatAddress, parseAddress } from '@weir/net';
import { StateFile } from '../state-files/state-file.ts';

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
  /** Why not all of an earlier process's attachments could be read; undefined when they could, or there was no file. */
  readonly damage: string | undefined;
  readonly #file: StateFile;
  readonly #attachments = new Map<string, Attachment>();

  /** Reads what an earlier process left. */
  constructor(stateDirectory: string) {
    this.#file = new StateFile(stateDirectory, 'attachments.json');
    this.damage = this.#load();
  }

  /** Number of attachments. */
  get size(): number {
    return this.#attachments.size;
  }

  /** All attachments. */
  all(): readonly Attachment[] {
    return [...this.#attachments.values()];
  }

  get(uid: string): Attachment | undefined {
    return this.#attachments.get(uid);
  }

  /** Adds or replaces one and writes the file; throws Node's file errors. */
  set(attachment: Attachment): void {
    this.#attachments.set(attachment.uid, attachment);
    this.#save();
  }

  /** Removes one and writes the file; throws Node's file errors. */
  delete(uid: string): void {
    if (this.#attachments.delete(uid)) this.#save();
  }

  #load(): string | undefined {
    const content = this.#file.read();
    if (content.kind === 'absent') return undefined;
    if (content.kind === 'damaged') return content.reason;
    if (!Array.isArray(content.value)) return 'the file holds no list';
    let damage: string | undefined;
    for (const value of content.value as unknown[]) {
      const attachment = parseAttachment(value);
      if ('problem' in attachment) damage = attachment.problem;
      else this.#attachments.set(attachment.uid, attachment);
    }
    return damage;
  }

  #save(): void {
    this.#file.write(this.all().map((attachment) => ({ ...attachment, addresses: attachment.addresses.map(formatAddress) })));
  }
}
