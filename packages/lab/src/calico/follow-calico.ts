/** Installs Calico's kinds in a running cluster as soon as a node says that Calico enforces on it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, Informer, type KubeClient, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import type { Logger } from 'pino';
import type { Controller } from '../controllers/controller.ts';
import { engineLabel } from '../engine-pods/engine-labels.ts';
import type { CalicoSettings } from './calico-objects.ts';
import { installCalico } from './install-calico.ts';

/** With what to work. */
export interface FollowOptions {
  readonly client: KubeClient;
  readonly settings: CalicoSettings;
  readonly log: Logger;
}

/** Starts following the nodes. */
export function followCalico({ client, settings, log }: FollowOptions): Controller {
  const stopped = new AbortController();
  let work: Promise<void> | undefined;
  const install = async (): Promise<void> => {
    const backoff = new Backoff({ initialMs: 100, maximumMs: 10_000 });
    while (!stopped.signal.aborted) {
      try {
        await installCalico(client, settings);
        return;
      } catch (error) {
        log.warn({ err: error }, 'the kinds of Calico are not installed yet');
        await sleep(backoff.next(), undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  };
  const look = (): void => {
    if (nodes.list().some(({ metadata }) => metadata.labels?.[engineLabel] === 'calico')) work ??= install();
    // Who takes Calico away may delete its kinds; who brings it back gets them again.
    else if (nodes.hasSynced) work = undefined;
  };
  const nodes = new Informer<Node>(client, nodesPath, { upsert: look, remove: look, synced: look }, { onError: () => undefined });
  nodes.start();
  return {
    stop: async () => {
      stopped.abort();
      await nodes.stop();
      await work;
    },
  };
}
