/**
 * A small API server over real HTTP for one resource, with scripted faults: cut, duplicated, reordered,
 * garbled and silent watches, expired versions, failing lists.
 */
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { KubeObject } from '@weir/kube';

export interface Widget extends KubeObject {
  readonly spec: { readonly size: number };
}

/** What may go wrong; probabilities from 0 to 1, drawn from `random`. */
export interface Faults {
  /** End the connection in the middle of an event. */
  readonly cut: number;
  /** Send an event a second time. */
  readonly duplicate: number;
  /** Send an old event again. */
  readonly replay: number;
  /** Swap two events that follow each other. */
  readonly swap: number;
  /** Send a line that is not JSON, then end. */
  readonly garbage: number;
  /** Forget the history, so that the next watch is answered with 410. */
  readonly expire: number;
  /** Answer a list with 500. */
  readonly listError: number;
}

export const noFaults: Faults = { cut: 0, duplicate: 0, replay: 0, swap: 0, garbage: 0, expire: 0, listError: 0 };

interface Change {
  readonly type: string;
  readonly object: Widget;
  readonly version: number;
}

export class FaultyServer {
  faults: Faults = noFaults;
  random: () => number = () => 1;
  readonly requests: string[] = [];
  readonly #server = http.createServer((request, response) => this.#serve(request, response));
  readonly #objects = new Map<string, Widget>();
  #history: Change[] = [];
  #oldest = 0;
  #version = 100;
  readonly #watches = new Set<{ response: http.ServerResponse; held?: Change }>();

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => {
      this.#server.close(resolve);
    });
  }

  get watchCount(): number {
    return this.#watches.size;
  }

  get state(): ReadonlyMap<string, Widget> {
    return this.#objects;
  }

  get version(): string {
    return String(this.#version);
  }

  put(name: string, size: number, uid = `uid-${name}`): Widget {
    this.#version += 1;
    const type = this.#objects.has(name) ? 'MODIFIED' : 'ADDED';
    const object = { metadata: { name, namespace: 'demo', uid, resourceVersion: String(this.#version) }, spec: { size } };
    this.#objects.set(name, object);
    this.#record({ type, object: { apiVersion: 'test/v1', kind: 'Widget', ...object }, version: this.#version });
    return object;
  }

  remove(name: string): void {
    const object = this.#objects.get(name);
    if (object === undefined) return;
    this.#version += 1;
    this.#objects.delete(name);
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#record({ type: 'DELETED', object: last, version: this.#version });
  }

  /** Forgets all changes up to now: watches from an older version get 410. */
  expireHistory(): void {
    this.#history = [];
    this.#oldest = this.#version;
  }

  bookmark(): void {
    this.#version += 1;
    for (const { response } of this.#watches) {
      const object = { apiVersion: 'test/v1', kind: 'Widget', metadata: { resourceVersion: String(this.#version) } };
      response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
    }
  }

  /** Writes raw bytes to all watches. */
  write(text: string): void {
    for (const { response } of this.#watches) response.write(text);
  }

  endWatches(): void {
    for (const { response } of this.#watches) response.end();
  }

  cutWatches(): void {
    for (const { response } of this.#watches) response.destroy();
  }

  #record(change: Change): void {
    this.#history.push(change);
    if (this.#chance('expire')) this.expireHistory();
    for (const watch of this.#watches) this.#sendFaulty(watch, change);
  }

  #sendFaulty(watch: { response: http.ServerResponse; held?: Change }, change: Change): void {
    const { response } = watch;
    const line = frame(change);
    if (this.#chance('cut')) {
      response.write(line.slice(0, Math.floor(line.length / 2)));
      this.#watches.delete(watch);
      response.destroy();
      return;
    }
    if (this.#chance('garbage')) {
      this.#watches.delete(watch);
      response.end('{"type":"ADDED","obj\n');
      return;
    }
    if (watch.held === undefined && this.#chance('swap')) {
      watch.held = change;
      return;
    }
    const { held } = watch;
    delete watch.held;
    // One write: a cut between the two would lose an event for good, which no client can notice.
    response.write(held === undefined ? line : line + frame(held));
    if (this.#chance('duplicate')) response.write(line);
    const old = this.#history[Math.floor(this.random() * this.#history.length)];
    if (old !== undefined && this.#chance('replay')) response.write(frame(old));
  }

  /** Lets go of events that wait for a swap partner. */
  flush(): void {
    for (const watch of this.#watches) {
      if (watch.held !== undefined) watch.response.write(frame(watch.held));
      delete watch.held;
    }
  }

  #chance(fault: keyof Faults): boolean {
    return this.faults[fault] > 0 && this.random() < this.faults[fault];
  }

  #serve(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://x');
    this.requests.push(request.url ?? '');
    if (url.searchParams.get('watch') === 'true') this.#watch(url, response);
    else this.#list(url, response);
  }

  #list(url: URL, response: http.ServerResponse): void {
    if (this.#chance('listError')) {
      answer(response, 500, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message: 'scripted', code: 500 });
      return;
    }
    const all = [...this.#objects.values()];
    const start = Number(url.searchParams.get('continue') ?? 0);
    const limit = Number(url.searchParams.get('limit') ?? all.length);
    const next = start + limit;
    const metadata = { resourceVersion: this.version, ...(next < all.length ? { continue: String(next) } : {}) };
    answer(response, 200, { kind: 'WidgetList', apiVersion: 'test/v1', metadata, items: all.slice(start, next) });
  }

  #watch(url: URL, response: http.ServerResponse): void {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < this.#oldest) {
      answer(response, 410, { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Expired', message: 'too old', code: 410 });
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    const watch = { response };
    this.#watches.add(watch);
    response.on('close', () => this.#watches.delete(watch));
    for (const change of this.#history) if (change.version > from) response.write(frame(change));
  }
}

function frame(change: Change): string {
  return `${JSON.stringify({ type: change.type, object: change.object })}\n`;
}

function answer(response: http.ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
