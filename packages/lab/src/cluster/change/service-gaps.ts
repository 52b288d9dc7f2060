/** For how long services are without any ready endpoint while nodes change. */
import { endpointSlicesPath, Informer, type KubeClient } from '@weir/client';
import type { EndpointSlice } from '@weir/kube';
import { serviceNameLabel } from '../../services/service-port.ts';
import type { ServiceReport } from './change-report.ts';

interface Watched {
  readonly slices: Map<string, boolean>;
  /** Since when none is ready; undefined: one is, or none ever was. */
  emptySince: number | undefined;
  longestMs: number;
  wasReady: boolean;
}

/** Follows the endpoints of all services. Services that never had one do not count. */
export class ServiceGaps {
  readonly #slices: Informer<EndpointSlice>;
  readonly #services = new Map<string, Watched>();
  readonly #now: () => number;

  constructor(client: KubeClient, now: () => number = () => performance.now()) {
    this.#now = now;
    this.#slices = new Informer<EndpointSlice>(client, endpointSlicesPath(), {
      upsert: (slice) => this.see(slice),
      remove: ({ metadata, ...slice }) => this.see({ ...slice, metadata, endpoints: [] }),
    });
  }

  start(): void {
    this.#slices.start();
  }

  stop(): Promise<void> {
    return this.#slices.stop();
  }

  /** Takes note of a slice as it is now. */
  see({ metadata, endpoints }: EndpointSlice): void {
    const service = metadata.labels?.[serviceNameLabel];
    if (service === undefined) return;
    const key = `${metadata.namespace ?? ''}/${service}`;
    const watched = this.#services.get(key) ?? { slices: new Map<string, boolean>(), emptySince: undefined, longestMs: 0, wasReady: false };
    this.#services.set(key, watched);
    watched.slices.set(
      metadata.name ?? '',
      (endpoints ?? []).some(({ conditions }) => conditions?.ready !== false),
    );
    const isReady = [...watched.slices.values()].includes(true);
    if (isReady) {
      if (watched.emptySince !== undefined) watched.longestMs = Math.max(watched.longestMs, this.#now() - watched.emptySince);
      watched.emptySince = undefined;
      watched.wasReady = true;
    } else if (watched.wasReady) watched.emptySince ??= this.#now();
  }

  /** Those that were without one, up to now. */
  report(): readonly ServiceReport[] {
    return [...this.#services].flatMap(([key, { emptySince, longestMs }]) => {
      const openMs = emptySince === undefined ? 0 : this.#now() - emptySince;
      const withoutEndpointsMs = Math.round(Math.max(longestMs, openMs));
      if (withoutEndpointsMs === 0) return [];
      const [namespace = '', name = ''] = key.split('/');
      return [{ namespace, name, withoutEndpointsMs }];
    });
  }
}
