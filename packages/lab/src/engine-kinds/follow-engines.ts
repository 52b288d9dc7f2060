/** Installs the kinds of an engine in a running cluster as soon as a node says that the engine enforces on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, Informer, type KubeClient, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import type { Logger } from 'pino';
import type { CalicoSettings } from '../calico/calico-objects.ts';
import type { Controller } from '../controllers/controller.ts';
import { engineLabel } from '../engine-pods/engine-labels.ts';
import { installEngineKinds } from './install-engine-kinds.ts';

/** With what to work. */
export interface FollowOptions {
  readonly client: KubeClient;
  readonly calico: CalicoSettings;
  readonly log: Logger;
}

/** Starts following the nodes. */
export function followEngines({ client, calico, log }: FollowOptions): Controller {
  const stopped = new AbortController();
  const work = new Map<EngineName, Promise<void>>();
  const install = async (engine: EngineName): Promise<void> => {
    const backoff = new Backoff({ initialMs: 100, maximumMs: 10_000 });
    while (!stopped.signal.aborted) {
      try {
        await installEngineKinds(client, engine, calico);
        return;
      } catch (error) {
        log.warn({ err: error, engine }, 'the kinds of the engine are not installed yet');
        await sleep(backoff.next(), undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  };
  const look = (): void => {
    const present = new Set(nodes.list().map(({ metadata }) => metadata.labels?.[engineLabel]));
    for (const engine of Object.keys(engineProfiles) as EngineName[]) {
      if (present.has(engine)) {
        if (!work.has(engine)) work.set(engine, install(engine));
      } else if (nodes.hasSynced) {
        // Who takes an engine away may delete its kinds; who brings it back gets them again.
        work.delete(engine);
      }
    }
  };
  const nodes = new Informer<Node>(client, nodesPath, { upsert: look, remove: look, synced: look }, { onError: () => undefined });
  nodes.start();
  return {
    stop: async () => {
      stopped.abort();
      await nodes.stop();
      await Promise.all(work.values());
    },
  };
}
