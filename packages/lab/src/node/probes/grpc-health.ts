/** One call of the gRPC health protocol (grpc.health.v1.Health/Check) over plain HTTP/2. */
import { type ClientHttp2Session, connect, constants, type IncomingHttpHeaders } from 'node:http2';
import { isIPv6 } from 'node:net';

/** What is asked of whom. */
export interface HealthQuestion {
  readonly host: string;
  readonly port: number;
  readonly service: string;
  readonly signal: AbortSignal;
}

/** `HealthCheckResponse.status` by its number. */
const servingStatuses = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];
const answerLimitBytes = 4096;
const statusUnimplemented = '12';

/** The status that the server gives of the service; rejects when it gives none. */
export async function checkGrpcHealth({ host, port, service, signal }: HealthQuestion): Promise<string> {
  const authority = `${isIPv6(host) ? `[${host}]` : host}:${port}`;
  const session = connect(`http://${authority}`);
  const end = (): void => session.destroy();
  signal.addEventListener('abort', end, { once: true });
  try {
    const { body, trailers } = await call(session, frame(encodeRequest(service)));
    const code = String(trailers['grpc-status'] ?? '0');
    if (code === statusUnimplemented) {
      throw new Error('this server does not implement the grpc health protocol (grpc.health.v1.Health)');
    }
    if (code !== '0') throw new Error(`rpc error: code = ${code} desc = ${String(trailers['grpc-message'] ?? '')}`);
    return servingStatuses[decodeStatus(body.subarray(5))] ?? 'UNKNOWN';
  } finally {
    signal.removeEventListener('abort', end);
    session.destroy();
  }
}

interface Answer {
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

function call(session: ClientHttp2Session, message: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    session.on('close', () => reject(new Error('the connection was closed')));
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
      [constants.HTTP2_HEADER_CONTENT_TYPE]: 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.35',
    });
    const chunks: Buffer[] = [];
    let size = 0;
    let trailers: IncomingHttpHeaders = {};
    // A server with nothing but an error to say puts it into the headers.
    stream.on('response', (headers) => {
      trailers = headers;
    });
    stream.on('trailers', (headers: IncomingHttpHeaders) => {
      trailers = headers;
    });
    stream.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > answerLimitBytes) stream.destroy(new Error('the answer is too long'));
      else chunks.push(chunk);
    });
    // When there is no connection, the stream only says that it is over.
    stream.on('error', (error: Error) => reject(error.cause instanceof Error ? error.cause : error));
    stream.on('end', () => resolve({ body: Buffer.concat(chunks), trailers }));
    stream.end(message);
  });
}

/** A gRPC message: not compressed, its length, itself. */
function frame(message: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** `HealthCheckRequest { string service = 1 }`; names of services are short. */
function encodeRequest(service: string): Buffer {
  const text = Buffer.from(service).subarray(0, 127);
  return text.length === 0 ? text : Buffer.concat([Buffer.of(0x0a, text.length), text]);
}

/** `HealthCheckResponse { ServingStatus status = 1 }`; the default is left out. */
function decodeStatus(message: Buffer): number {
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
