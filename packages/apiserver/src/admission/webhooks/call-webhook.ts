/**
 * Calls a webhook over HTTPS: one POST of a review, one answer, in the time that the webhook has.
 *
 * The certificate is verified against the bundle of the configuration, for the name of the service or
 * the host of the URL; redirects are not followed. The words of failures are those of Go's client.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { JsonObject } from '@weir/kube';
import { readReview, reviewText, type WebhookAnswer } from './admission-review.ts';
import type { WebhookDefinition } from './webhook-definition.ts';

/** Longest answer that is read, in bytes. */
const answerLimit = 8 * 1024 * 1024;

/** A port of a service: where it can be reached now. Throws an Error that says why it cannot. */
export type ResolveService = (service: { namespace: string; name: string; port: number }) => ServiceEndpoint;

/** One end of a service. */
interface ServiceEndpoint {
  readonly address: string;
  readonly port: number;
  /** Begins to connect. */
  connect(): Socket;
}

/** Asks a webhook. Throws an Error whose message says what went wrong, as upstream words it. */
export async function callWebhook(
  webhook: WebhookDefinition,
  question: { readonly request: Readonly<JsonObject>; readonly mutates: boolean },
  resolve: ResolveService,
): Promise<WebhookAnswer> {
  const uid = randomUUID();
  const url = urlOf(webhook);
  let text: string;
  try {
    text = await post(webhook, { url, body: reviewText(question.request, uid) }, resolve);
  } catch (error) {
    throw new Error(`failed to call webhook: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  return readReview(text, uid, question.mutates);
}

function urlOf({ address, timeoutSeconds }: WebhookDefinition): URL {
  const text = address.kind === 'url' ? address.url : `https://${address.name}.${address.namespace}.svc:${address.port}${address.path}`;
  const url = new URL(text);
  url.searchParams.set('timeout', `${timeoutSeconds}s`);
  return url;
}

/** The URL as Go prints it: with the port that was given, 443 or not. */
function printed({ address }: WebhookDefinition, url: URL): string {
  if (address.kind === 'url') return url.href;
  return `https://${address.name}.${address.namespace}.svc:${address.port}${url.pathname}${url.search}`;
}

function post(
  webhook: WebhookDefinition,
  { url, body }: { readonly url: URL; readonly body: string },
  resolve: ResolveService,
): Promise<string> {
  const { address, authority, timeoutSeconds } = webhook;
  const endpoint = address.kind === 'service' ? resolve(address) : undefined;
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const tls = { ...(authority === undefined ? {} : { ca: authority }), ...(isIP(host) === 0 ? { servername: host } : {}), host };
  const where = endpoint ?? { address: host, port: Number(url.port || 443) };
  const failed = (error: unknown): Error =>
    new Error(`Post ${JSON.stringify(printed(webhook, url))}: ${failureWords(error, where)}`, { cause: error });
  return new Promise((fulfil, reject) => {
    const sent = request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', 'content-length': Buffer.byteLength(body) },
      // Node connects itself as soon as there is an agent.
      ...(endpoint === undefined
        ? { ...tls, agent: false }
        : { createConnection: () => connectTls({ ...tls, socket: endpoint.connect() }) }),
    });
    const deadline = new DeadlineError();
    const timer = setTimeout(() => sent.destroy(deadline), timeoutSeconds * 1000);
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      settle();
    };
    sent.on('error', (error) => end(() => reject(failed(error))));
    sent.on('response', (response) => {
      readAnswer(response).then(
        (text) => end(() => (response.statusCode === 200 ? fulfil(text) : reject(new Error(statusWords(response, text))))),
        (error: unknown) => end(() => reject(failed(sent.errored ?? error))),
      );
    });
    sent.end(body);
  });
}

/** The webhook took longer than it may. */
class DeadlineError extends Error {
  override readonly name = 'DeadlineError';
}

async function readAnswer(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > answerLimit) {
      response.destroy();
      throw new Error(`the answer is longer than ${answerLimit} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function statusWords(response: IncomingMessage, text: string): string {
  if (response.statusCode === 404) return 'the server could not find the requested resource';
  return `an error on the server (${JSON.stringify(text.trim() || (response.statusMessage ?? ''))}) has prevented the request from succeeding`;
}

/** Errors of Node in the words of Go. */
function failureWords(error: unknown, where: { readonly address: string; readonly port: number }): string {
  if (error instanceof DeadlineError) return 'context deadline exceeded';
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const at = isIP(where.address) === 6 ? `[${where.address}]:${where.port}` : `${where.address}:${where.port}`;
  switch (code) {
    case 'ECONNREFUSED':
      return `dial tcp ${at}: connect: connection refused`;
    case 'EHOSTUNREACH':
      return `dial tcp ${at}: connect: no route to host`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${where.address}: no such host`;
    case 'ECONNRESET':
      return 'EOF';
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `tls: failed to verify certificate: x509: certificate is not valid for ${where.address}`;
    case 'CERT_HAS_EXPIRED':
      return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
