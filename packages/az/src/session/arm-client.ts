/**
 * Requests to the endpoint, as az's SDK sends them: retries, registration of a provider that is missing, and
 * refusals as errors of az.
 */
import { randomUUID } from 'node:crypto';
import { Agent } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { isJsonObject, type JsonObject, objectAt, textAt } from '@weir/kube';
import type { Terminal } from '../terminal.ts';
import { type HttpAnswer, sendHttps } from './https-request.ts';
import { serverError } from './server-error.ts';

/** What a client is made with. */
export interface ArmClientOptions {
  readonly base: string;
  readonly authority: string | undefined;
  readonly token: string;
  readonly subscription: string;
  /** The words of the command; the server is told them, as az does. */
  readonly command: string;
  /** The options that were typed, without values. */
  readonly typed: readonly string[];
  readonly terminal: Terminal;
  /** Aborted to stop in the middle. */
  readonly signal: AbortSignal;
}

/** What is sent. `path` begins at the subscription (`/resourcegroups/…`), or is a URL of the endpoint. */
export interface ArmRequestForm {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly version?: string;
  readonly body?: unknown;
  /** Instead of `body`: sent as it is. */
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Without the token. */
  readonly isAnonymous?: boolean;
}

/** An answer, good or not. */
export interface ArmAnswer extends HttpAnswer {
  /** The parsed body; undefined when there is none. */
  readonly json: unknown;
  /** Where it came from. */
  readonly url: string;
}

/** The version whose surface this is; the server sees it in `User-Agent`. */
export const standsFor = '2.74.0';

const retried = new Set([408, 429, 500, 502, 503, 504]);
const retries = 3;
const registrationPollMs = 1_000;

/** One signed-in client, for one command. */
export class ArmClient {
  readonly #options: ArmClientOptions;
  readonly #agent: Agent;
  readonly #requestId = randomUUID();

  constructor(options: ArmClientOptions) {
    this.#options = options;
    this.#agent = new Agent({ keepAlive: true, ...(options.authority === undefined ? {} : { ca: options.authority }) });
  }

  get base(): string {
    return this.#options.base;
  }

  get subscription(): string {
    return this.#options.subscription;
  }

  /** Whether the person has stopped the command. */
  get isInterrupted(): boolean {
    return this.#options.signal.aborted;
  }

  get terminal(): Terminal {
    return this.#options.terminal;
  }

  /** The document at a path. Throws {@link AzError} for a refusal. */
  async get(path: string, version: string): Promise<JsonObject> {
    const { json } = await this.send({ method: 'GET', path, version });
    return isJsonObject(json) ? json : {};
  }

  /** `value` of a list. */
  async list(path: string, version: string): Promise<readonly JsonObject[]> {
    const { value } = await this.get(path, version);
    return Array.isArray(value) ? value.filter(isJsonObject) : [];
  }

  /** Sends one request. Throws {@link AzError} for a refusal. */
  async send(form: ArmRequestForm): Promise<ArmAnswer> {
    const answer = await this.ask(form);
    if (answer.status < 400) return answer;
    const namespace = missingNamespace(answer);
    if (namespace === undefined) throw serverError(answer.status, answer.statusText, answer.text);
    await this.#register(namespace);
    const again = await this.ask(form);
    if (again.status >= 400) throw serverError(again.status, again.statusText, again.text);
    return again;
  }

  /** Sends one request and answers whatever comes; what is worth another try is tried again. */
  async ask(form: ArmRequestForm): Promise<ArmAnswer> {
    for (let attempt = 0; ; attempt++) {
      const answer = await this.#once(form);
      const isWorthIt = answer.headers['retry-after'] !== undefined || retried.has(answer.status);
      if (answer.status < 400 || !isWorthIt || attempt === retries) return answer;
      await this.pause(Number(answer.headers['retry-after']) * 1_000 || 800 * 2 ** attempt);
    }
  }

  /** Waits; throws when stopped meanwhile. */
  async pause(milliseconds: number): Promise<void> {
    await sleep(milliseconds, undefined, { signal: this.#options.signal });
  }

  /** Ends idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #once({ method, path, version, body, text, headers, isAnonymous }: ArmRequestForm): Promise<ArmAnswer> {
    const { token, command, typed, terminal } = this.#options;
    const url = this.#urlOf(path, version);
    const started = Date.now();
    const answer = await sendHttps(url, {
      method,
      agent: this.#agent,
      signal: this.#options.signal,
      body: text ?? (body === undefined ? undefined : JSON.stringify(body)),
      headers: {
        ...(isAnonymous === true ? {} : { authorization: `Bearer ${token}` }),
        accept: 'application/json',
        'user-agent': `AZURECLI/${standsFor} weir-az`,
        'x-ms-client-request-id': this.#requestId,
        commandname: command,
        parametersetname: typed.join(' '),
        ...headers,
      },
    });
    terminal.debug(`${method} ${url} → ${answer.status} (${Date.now() - started} ms)`);
    return { ...answer, json: parsed(answer.text), url };
  }

  #urlOf(path: string, version: string | undefined): string {
    const { base, subscription } = this.#options;
    if (path.startsWith('https://')) return path;
    const separator = path.includes('?') ? '&' : '?';
    return `${base}/subscriptions/${subscription}${path}${version === undefined ? '' : `${separator}api-version=${version}`}`;
  }

  /** As the SDK does it; az never says more about it. */
  async #register(namespace: string): Promise<void> {
    const { terminal } = this.#options;
    terminal.warn(`Resource provider '${namespace}' used by this operation is not registered. We are registering for you.`);
    await this.send({ method: 'POST', path: `/providers/${namespace}/register`, version: '2021-04-01' });
    for (;;) {
      const provider = await this.get(`/providers/${namespace}`, '2021-04-01');
      if (textAt(provider, 'registrationState') === 'Registered') break;
      await this.pause(registrationPollMs);
    }
    terminal.warn('Registration succeeded.');
  }
}

/** The provider that a 409 says is not registered: the last text in quotes. */
function missingNamespace({ status, json }: ArmAnswer): string | undefined {
  const error = isJsonObject(json) ? objectAt(json, 'error') : undefined;
  if (status !== 409 || error === undefined || textAt(error, 'code') !== 'MissingSubscriptionRegistration') return undefined;
  return [...textAt(error, 'message').matchAll(/'([A-Za-z.]+)'/g)].at(-1)?.[1];
}

function parsed(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
