/**
 * Serves a world over HTTP on a unix socket, as an API server does: pages of lists, made beforehand, and
 * watches. Lives in a process of its own, so that what it holds counts nowhere.
 */
import http from 'node:http';
import type { KubeObject } from '@weir/kube';
import { podDocument } from './pod-document.ts';
import { namespaceOf, podOf, policyOf, type World } from './world.ts';

/** Objects a page, as clients ask for. */
const pageSize = 500;

/** Bytes that may wait in a watch before the server stops making more. */
const backlogBytes = 1 << 20;

const listVersion = 1_000_000;

/** One world, served. */
export class WorldServer {
  readonly #world: World;
  readonly #pages: ReadonlyMap<string, readonly Buffer[]>;
  readonly #server: http.Server;
  readonly #podWatch: Promise<http.ServerResponse>;
  #watchesPods: (response: http.ServerResponse) => void = () => undefined;

  constructor(world: World) {
    this.#world = world;
    this.#podWatch = new Promise((resolve) => {
      this.#watchesPods = resolve;
    });
    this.#pages = new Map([
      ['/api/v1/namespaces', pagesOf('v1/Namespace', world.namespaces, (i) => namespaceOf(i))],
      ['/api/v1/pods', pagesOf('v1/Pod', world.pods, (i) => podDocument(podOf(world, inNamespaceOrder(world, i)), i + 1))],
      [
        '/apis/networking.k8s.io/v1/networkpolicies',
        pagesOf('networking.k8s.io/v1/NetworkPolicy', world.policies, (i) => policyOf(world, i)),
      ],
    ]);
    this.#server = http.createServer((request, response) => this.#answer(request, response));
  }

  /** The size of all lists, in bytes. */
  get bytes(): number {
    return [...this.#pages.values()].flat().reduce((sum, page) => sum + page.length, 0);
  }

  async listen(socket: string): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.listen(socket, resolve);
    });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /**
   * Sends events of pods to the watch: one pod after the other is deleted, replaced by one of another
   * name, uid, address and labels, and that one's labels change.
   */
  async churn(events: number): Promise<void> {
    const watch = await this.#podWatch;
    const { pods } = this.#world;
    for (let event = 0; event < events; event++) {
      const index = Math.floor(event / 3) % pods;
      const generation = 1 + Math.floor(event / 3 / pods);
      const version = listVersion + event + 1;
      if (!watch.write(`${JSON.stringify(this.#churnEvent(event % 3, { index, generation, version }))}\n`)) await drained(watch);
    }
  }

  #churnEvent(step: number, { index, generation, version }: { index: number; generation: number; version: number }): unknown {
    const facts = podOf(this.#world, index, step === 0 ? generation - 1 : generation);
    if (step === 0) return { type: 'DELETED', object: podDocument(relabelled(facts, generation > 1), version) };
    if (step === 1) return { type: 'ADDED', object: podDocument(facts, version) };
    return { type: 'MODIFIED', object: podDocument(relabelled(facts, true), version) };
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url ?? '', 'http://localhost');
    const pages = this.#pages.get(url.pathname);
    response.writeHead(pages === undefined ? 404 : 200, { 'content-type': 'application/json' });
    if (url.searchParams.get('watch') !== 'true') {
      response.end(pages?.[Number(url.searchParams.get('continue') ?? 0)]);
      return;
    }
    response.flushHeaders();
    if (url.pathname === '/api/v1/pods') this.#watchesPods(response);
  }
}

/** The pod that comes at this place in a list: API servers list one namespace after the other. */
function inNamespaceOrder({ pods, namespaces }: World, place: number): number {
  const each = Math.ceil(pods / namespaces);
  const full = pods - namespaces * (each - 1);
  const namespace = place < full * each ? Math.floor(place / each) : full + Math.floor((place - full * each) / (each - 1));
  const before = Math.min(namespace, full) * each + Math.max(0, namespace - full) * (each - 1);
  return namespace + (place - before) * namespaces;
}

function relabelled<T extends { readonly labels: Readonly<Record<string, string>> }>(facts: T, isRelabelled: boolean): T {
  return isRelabelled ? { ...facts, labels: { ...facts.labels, version: 'relabelled' } } : facts;
}

async function drained(response: http.ServerResponse): Promise<void> {
  if (response.writableLength < backlogBytes) return;
  await new Promise<void>((resolve) => {
    response.once('drain', resolve);
  });
}

function pagesOf(type: string, count: number, objectAt: (index: number) => KubeObject): Buffer[] {
  const slash = type.lastIndexOf('/');
  const [apiVersion, kind] = [type.slice(0, slash), type.slice(slash + 1)];
  const pages: Buffer[] = [];
  for (let start = 0; start === 0 || start < count; start += pageSize) {
    const items = Array.from({ length: Math.min(pageSize, count - start) }, (_, i) => {
      const { apiVersion: _version, kind: _kind, ...item } = objectAt(start + i);
      return item.metadata.resourceVersion === undefined ? versioned(item, start + i + 1) : item;
    });
    const more = start + pageSize < count ? { continue: String(pages.length + 1), remainingItemCount: count - start - pageSize } : {};
    const list = { kind: `${kind}List`, apiVersion, metadata: { resourceVersion: String(listVersion), ...more }, items };
    pages.push(Buffer.from(JSON.stringify(list)));
  }
  return pages;
}

function versioned<T extends { readonly metadata: object }>(item: T, version: number): T {
  return { ...item, metadata: { ...item.metadata, resourceVersion: String(version) } };
}
