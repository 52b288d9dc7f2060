/** A real HTTPS webhook on loopback: remembers what it was asked and answers as it is told. */
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { KeyPair } from './certificates.ts';

/** The request of a review, as far as tests look at it. */
export interface AskedReview {
  readonly uid: string;
  readonly operation: string;
  readonly subResource?: string;
  readonly name?: string;
  readonly namespace?: string;
  readonly dryRun: boolean;
  readonly kind: { readonly kind: string; readonly group: string };
  readonly userInfo: { readonly username: string };
  readonly object: { readonly metadata: Readonly<Record<string, unknown>>; readonly data?: Readonly<Record<string, string>> } | null;
  readonly oldObject: unknown;
  readonly options: { readonly kind: string };
}

/** What to answer: a response without its uid, or bytes as they are. */
export type WebhookReply = Readonly<Record<string, unknown>> | { readonly raw: string; readonly status?: number };

/** One server. Each path is a webhook of its own. */
export class WebhookServer {
  readonly asked: { readonly path: string; readonly request: AskedReview }[] = [];
  readonly #server: Server;
  readonly #replies = new Map<string, (request: AskedReview) => WebhookReply | Promise<WebhookReply>>();

  private constructor(pair: KeyPair) {
    this.#server = createServer({ cert: pair.certificate, key: pair.key }, (incoming, response) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('end', () => {
        const send = ({ status, text }: { readonly status: number; readonly text: string }): void => {
          response.writeHead(status, { 'content-type': 'application/json' }).end(text);
        };
        this.#answer(incoming.url ?? '', Buffer.concat(chunks).toString()).then(send, (error: unknown) => {
          send({ status: 500, text: String(error) });
        });
      });
    });
  }

  /** Listens on a free port. */
  static async start(pair: KeyPair): Promise<WebhookServer> {
    const made = new WebhookServer(pair);
    await new Promise<void>((resolve) => {
      made.#server.listen(0, '127.0.0.1', resolve);
    });
    return made;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  url(path: string): string {
    return `https://127.0.0.1:${this.port}${path}`;
  }

  /** Says what a path answers from now on. */
  reply(path: string, reply: (request: AskedReview) => WebhookReply | Promise<WebhookReply>): void {
    this.#replies.set(path, reply);
  }

  /** Forgets questions and replies. */
  reset(): void {
    this.asked.length = 0;
    this.#replies.clear();
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  async #answer(url: string, body: string): Promise<{ readonly status: number; readonly text: string }> {
    const path = url.split('?')[0] ?? '';
    const { request } = JSON.parse(body) as { request: AskedReview };
    this.asked.push({ path, request });
    const reply = await (this.#replies.get(path) ?? (() => ({ allowed: true })))(request);
    if ('raw' in reply) return { status: (reply['status'] as number | undefined) ?? 200, text: reply['raw'] as string };
    const response = { uid: request.uid, ...reply };
    return { status: 200, text: JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response }) };
  }
}

/** A response that allows with a JSON patch. */
export function patching(...operations: readonly Readonly<Record<string, unknown>>[]): WebhookReply {
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') };
}
