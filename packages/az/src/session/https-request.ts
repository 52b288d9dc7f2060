/** One request over TLS, with a bound on what comes back. */
import { type Agent, request } from 'node:https';
import { refused } from '../az-error.ts';

/** What is sent. */
export interface HttpsForm {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly agent?: Agent;
  readonly signal?: AbortSignal;
  /** Certificates that are trusted, as PEM, when there is no agent that knows them. */
  readonly authority?: string | undefined;
}

/** What comes back. */
export interface HttpAnswer {
  readonly status: number;
  /** `Not Found`. */
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
}

const answerBytesMax = 64 * 1024 * 1024;
const silenceMs = 300_000;

/** Throws {@link AzError} when there is no answer. */
export function sendHttps(url: string, { method, headers, body, agent, authority, signal }: HttpsForm): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(refused(`${new URL(url).origin} does not answer: ${error.message}`));
    const sent = request(
      url,
      {
        method,
        timeout: silenceMs,
        ...(agent === undefined ? {} : { agent }),
        ...(signal === undefined ? {} : { signal }),
        ...(authority === undefined ? {} : { ca: authority }),
        headers: {
          ...(body === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...headers,
        },
      },
      (response) => {
        const pieces: Buffer[] = [];
        let size = 0;
        response.on('error', fail);
        response.on('data', (piece: Buffer) => {
          size += piece.length;
          if (size > answerBytesMax) sent.destroy(new Error(`it answered more than ${answerBytesMax} bytes`));
          else pieces.push(piece);
        });
        response.on('end', () => {
          const bytes = Buffer.concat(pieces);
          resolve({
            status: response.statusCode ?? 0,
            statusText: response.statusMessage ?? '',
            headers: singleValues(response.headers),
            bytes,
            text: bytes.toString('utf8'),
          });
        });
      },
    );
    sent.on('timeout', () => sent.destroy(new Error('it has been silent for five minutes')));
    sent.on('error', fail);
    sent.end(body);
  });
}

function singleValues(
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, typeof value === 'string' ? value : value?.[0]]));
}
