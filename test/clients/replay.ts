/** Sends the requests of a recording as Go's HTTP client writes them and checks what their client checks. */
import { isDeepStrictEqual } from 'node:util';
import type { ApiConnection } from '../support/exec/api-connection.ts';
import { exchange, type OpenAnswer, openExchange } from './raw-exchange.ts';
import type { Check, EventStep, ExpectedEvent, RequestStep } from './recording.ts';

/** How long a client asks again, and waits for an event. */
const patienceMs = 60_000;
const pauseMs = 50;

/** One run of a recording: its connection, what it has kept, its open watches. */
export class Replay {
  readonly #connection: ApiConnection;
  readonly #kept: Map<string, string>;
  readonly #streams = new Map<string, OpenAnswer>();

  /** `kept` begins with the names that the recording may use. */
  constructor(connection: ApiConnection, kept: Readonly<Record<string, string>> = {}) {
    this.#connection = connection;
    this.#kept = new Map(Object.entries(kept));
  }

  /** Does one step; throws with what is not as the client expects. */
  async run(step: RequestStep | EventStep): Promise<void> {
    if (step.kind === 'request') return this.#request(step);
    for (const event of step.events) await this.#event(event);
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  async #request(step: RequestStep): Promise<void> {
    const request = this.#bytesOf(step);
    if (step.stream !== undefined) {
      const stream = await openExchange(this.#connection, request);
      this.#streams.set(step.stream, stream);
      if (stream.status !== step.status) throw new Error(`answered ${stream.status}: ${(await stream.next()) ?? ''}`);
      this.#check(step.checks, { headers: stream.headers, body: undefined });
      return;
    }
    const deadlineMs = Date.now() + patienceMs;
    for (;;) {
      const { status, headers, text } = await exchange(this.#connection, request);
      try {
        if (status !== step.status) throw new Error(`answered ${status}: ${text}`);
        this.#check(step.checks, { headers, body: headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text });
        return;
      } catch (error) {
        if (!step.isRepeated || Date.now() > deadlineMs) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** The order of Go's net/http: Host, User-Agent, Content-Length, the others by name, and what the transport adds itself. */
  #bytesOf({ method, path, headers, body }: RequestStep): Buffer {
    const { host, port } = this.#connection;
    const content = typeof body === 'string' ? Buffer.from(this.#filled(body)) : body;
    const own = [...headers].filter(([name]) => name !== 'User-Agent').sort(([a], [b]) => (a < b ? -1 : 1));
    const lines = [
      `${method} ${this.#filled(path)} HTTP/1.1`,
      `Host: ${host}:${port}`,
      `User-Agent: ${headers.get('User-Agent') ?? 'Go-http-client/1.1'}`,
      ...(content === undefined ? [] : [`Content-Length: ${content.length}`]),
      ...own.map(([name, value]) => `${name}: ${value}`),
      'Accept-Encoding: gzip',
    ];
    return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), ...(content === undefined ? [] : [content])]);
  }

  async #event(expected: ExpectedEvent): Promise<void> {
    const deadlineMs = Date.now() + patienceMs;
    for (;;) {
      const { type, object } = await this.#nextEvent(expected.stream, deadlineMs);
      if (expected.how === 'synced') {
        if (type === 'ADDED') continue;
        if (type !== 'BOOKMARK') throw new Error(`${type} before the end of the initial events`);
        this.#check([initialEventsEnd, ...expected.checks], { body: object });
        return;
      }
      try {
        if (type !== expected.type) throw new Error(`${type} ${JSON.stringify(object)} came instead of ${expected.type}`);
        this.#check(expected.checks, { body: object });
        return;
      } catch (error) {
        if (expected.how === 'next') throw error;
      }
    }
  }

  async #nextEvent(name: string, deadlineMs: number): Promise<{ readonly type: string; readonly object: unknown }> {
    const stream = this.#streams.get(name);
    if (stream === undefined) throw new Error(`there is no watch "${name}"`);
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no such event on "${name}"`)), deadlineMs - Date.now());
    });
    const line = await Promise.race([stream.next(), tooLate]).finally(() => clearTimeout(timer));
    if (line === undefined) throw new Error(`the watch "${name}" has ended`);
    return JSON.parse(line) as { type: string; object: unknown };
  }

  #check(checks: readonly Check[], answer: { readonly headers?: ReadonlyMap<string, string>; readonly body: unknown }): void {
    for (const { at, is, value } of checks) {
      const found = at.startsWith('header ') ? answer.headers?.get(at.slice(7)) : valueAt(answer.body, at);
      const wanted = this.#filled(value);
      if (is === '->') this.#kept.set(value, typeof found === 'string' ? found : JSON.stringify(found));
      else if (!holds(found, is, wanted)) throw new Error(`${at} ${is} ${wanted} does not hold: ${JSON.stringify(found)}`);
    }
  }

  #filled(text: string): string {
    return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
      const value = this.#kept.get(name);
      if (value === undefined) throw new Error(`nothing was kept as "${name}"`);
      return value;
    });
  }
}

const initialEventsEnd: Check = { at: '/metadata/annotations/k8s.io~1initial-events-end', is: '=', value: '"true"' };

function holds(found: unknown, is: Exclude<Check['is'], '->'>, wanted: string): boolean {
  if (is === '=') return isDeepStrictEqual(found, JSON.parse(wanted));
  if (is === '~') return typeof found === 'string' && new RegExp(wanted.slice(1, -1)).test(found);
  if (is === '#') return Array.isArray(found) && found.length === Number(wanted);
  return found === undefined;
}

/** RFC 6901. */
function valueAt(value: unknown, pointer: string): unknown {
  const parts = pointer.split('/').slice(1);
  return parts.reduce<unknown>((at, part) => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined;
  }, value);
}
