/** One GET to a container, as a kubelet makes it for probes and hooks: from the node, without a proxy, certificates unchecked. */
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIPv6 } from 'node:net';
import type { HttpGetAction } from '@weir/kube';
import { errnoText } from '../../images/agnhost/go-text.ts';
import { type ContainerTarget, portOf } from '../container-target.ts';

/** How to ask. */
export interface HttpGetOptions {
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly signal: AbortSignal;
}

/** The last answer after redirections. */
export interface HttpGetAnswer {
  readonly statusCode: number;
  /** The first bytes of the body. */
  readonly body: string;
}

const bodyLimitBytes = 10 * 1024;
const redirectLimit = 10;

/** Asks; redirections to the same host are followed. Rejects in the words of Go's client. */
export async function getOverHttp(action: HttpGetAction, target: ContainerTarget, options: HttpGetOptions): Promise<HttpGetAnswer> {
  const deadline = Date.now() + options.timeoutMs;
  const headers = new Map([
    ['user-agent', options.userAgent],
    ['accept', '*/*'],
  ]);
  for (const { name, value = '' } of action.httpHeaders ?? []) headers.set(name.toLowerCase(), value);
  let url = urlOf(action, target);
  for (let redirects = 0; ; redirects++) {
    const { answer, location } = await getOnce(url, headers, { ...options, timeoutMs: Math.max(1, deadline - Date.now()) });
    if (location === undefined || location.hostname !== url.hostname) return answer;
    if (redirects === redirectLimit) throw new Error(`Get "${location.href}": stopped after ${redirectLimit} redirects`);
    url = location;
  }
}

function urlOf({ scheme, host, path, port }: HttpGetAction, target: ContainerTarget): URL {
  const name = host === undefined || host === '' ? target.host : host;
  const where = `${isIPv6(name) ? `[${name}]` : name}:${portOf(target, port)}`;
  const base = `${scheme === 'HTTPS' ? 'https' : 'http'}://${where}`;
  return new URL(path === undefined || path === '' ? '/' : path.startsWith('/') ? path : `/${path}`, base);
}

interface Step {
  readonly answer: HttpGetAnswer;
  readonly location: URL | undefined;
}

function getOnce(url: URL, headers: ReadonlyMap<string, string>, { timeoutMs, signal }: HttpGetOptions): Promise<Step> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestHttps : requestHttp;
    const request = send(url, {
      headers: Object.fromEntries(headers),
      agent: false,
      // The answer counts, not who gives it: pods have certificates of their own making.
      rejectUnauthorized: false,
      signal,
    });
    // A URL forgets the port that is its scheme's own; who reads an Event should see it.
    const where = `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`;
    const fail = (reason: string): void => {
      request.destroy();
      reject(new Error(`Get "${url.protocol}//${where}${url.pathname}${url.search}": ${reason}`));
    };
    const timer = setTimeout(() => fail('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'), timeoutMs);
    request.on('error', (error) => {
      clearTimeout(timer);
      const isRefusal = (error as { readonly syscall?: string }).syscall === 'connect';
      fail(isRefusal ? `dial tcp ${where}: connect: ${errnoText(error)}` : errnoText(error));
    });
    request.on('response', (response) => {
      void readStart(response).then((body) => {
        clearTimeout(timer);
        request.destroy();
        return resolve({ answer: { statusCode: response.statusCode ?? 0, body }, location: locationOf(response, url) });
      });
    });
    request.end();
  });
}

function locationOf({ statusCode = 0, headers: { location } }: IncomingMessage, url: URL): URL | undefined {
  const isRedirection = statusCode >= 300 && statusCode < 400;
  return isRedirection && location !== undefined && URL.canParse(location, url.href) ? new URL(location, url) : undefined;
}

async function readStart(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= bodyLimitBytes) break;
    }
  } catch {
    // A body that breaks off says as much as it said.
  }
  return Buffer.concat(chunks).subarray(0, bodyLimitBytes).toString('utf8');
}
