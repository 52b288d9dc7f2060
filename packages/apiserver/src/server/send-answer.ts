/** Writes answers to connections of either version of HTTP. */
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { pipeline, Readable, type Transform } from 'node:stream';
import { compressBody, pieceCompressor } from '../wire/compress-body.ts';
import { allPieces, type SentResponse } from './api-message.ts';

/** A request of HTTP/1.1 or HTTP/2. */
export type AnyRequest = IncomingMessage | Http2ServerRequest;
/** Its response. */
export type AnyResponse = ServerResponse | Http2ServerResponse;

/** Sends an answer; streams are flushed at once. Resolves when everything has been handed over. */
export async function sendAnswer(request: AnyRequest, response: AnyResponse, answer: SentResponse): Promise<void> {
  const contentType = answer.contentType ?? 'application/json';
  const headers: OutgoingHttpHeaders = { 'content-type': contentType, 'cache-control': 'no-cache, private', ...answer.headers };
  if (answer.kind === 'stream') {
    writeHead(response, answer.status, headers);
    (response as ServerResponse).flushHeaders();
    pipeline(answer.body, response, () => undefined);
    return;
  }
  const acceptEncoding = headerText(request.headers['accept-encoding']);
  if (answer.kind === 'pieces') {
    sendPieces(request, response, { answer, headers, compressor: pieceCompressor(acceptEncoding) });
    return;
  }
  const plain = answer.kind === 'json' ? Buffer.from(`${JSON.stringify(answer.body)}\n`) : bytesOf(answer.body);
  const compressed = await compressBody(plain, acceptEncoding);
  if (compressed !== undefined) Object.assign(headers, compressedHeaders);
  const body = compressed ?? plain;
  // A 304 speaks of a body that the client has already.
  if (answer.status !== 304) headers['content-length'] = body.length;
  // What is left of a body that was refused is not read: the connection cannot be used again.
  if (request.httpVersionMajor === 1 && !request.complete) headers['connection'] = 'close';
  writeHead(response, answer.status, headers);
  (response as ServerResponse).end(request.method === 'HEAD' || answer.status === 304 ? undefined : body);
}

const compressedHeaders: OutgoingHttpHeaders = { 'content-encoding': 'gzip', vary: 'Accept-Encoding' };

type PiecesAnswer = Extract<SentResponse, { kind: 'pieces' }>;

interface PiecesToSend {
  readonly answer: PiecesAnswer;
  readonly headers: OutgoingHttpHeaders;
  readonly compressor: Transform | undefined;
}

function sendPieces(request: AnyRequest, response: AnyResponse, { answer, headers, compressor }: PiecesToSend): void {
  writeHead(response, answer.status, compressor === undefined ? headers : { ...headers, ...compressedHeaders });
  const pieces = Readable.from(request.method === 'HEAD' ? [] : allPieces(answer), { objectMode: false });
  // An iteration that never began does not end what it iterates over.
  const end = (): unknown => answer.rest.return(answer.first);
  if (compressor === undefined || request.method === 'HEAD') pipeline(pieces, response, end);
  else pipeline(pieces, compressor, response, end);
}

function bytesOf(body: Uint8Array | string): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body;
}

function headerText(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}

function writeHead(response: AnyResponse, status: number, headers: OutgoingHttpHeaders): void {
  (response as ServerResponse).writeHead(status, headers);
}
