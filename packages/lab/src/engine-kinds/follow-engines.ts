/**
 * Installs the kinds of an engine in a running cluster as soon as a node says that the engine enforces on it, and has
 * Calico's objects name the version that comes with the nodes' Kubernetes.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff, Informer, type KubeClient, nodesPath } from '@weir/client';
import type { Node } from '@weir/kube';
import { type EngineName, engineProfiles } from '@weir/model';
import type { Logger } from 'pino';
import type { CalicoSettings } from '../calico/calico-objects.ts';
import { calicoVersionFor, tellCalicoVersion } from '../calico/calico-version.ts';
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
  /** By the engine and, for Calico, its version. */
  const work = new Map<string, Promise<void>>();
  const install = async (engine: EngineName, version: string): Promise<void> => {
    const backoff = new Backoff({ initialMs: 100, maximumMs: 10_000 });
    while (!stopped.signal.aborted) {
      try {
        await installEngineKinds(client, engine, { ...calico, version });
        if (engine === 'calico') await tellCalicoVersion(client, version);
        return;
      } catch (error) {
        log.warn({ err: error, engine }, 'the kinds of the engine are not installed yet');
        await sleep(backoff.next(), undefined, { signal: stopped.signal }).catch(() => undefined);
      }
    }
  };
  const look = (): void => {
    const all = nodes.list();
    const present = new Set(all.map(({ metadata }) => metadata.labels?.[engineLabel]));
    const version = versionOn(all) ?? calico.version;
    const wanted = (Object.keys(engineProfiles) as EngineName[]).filter((engine) => present.has(engine));
    const keys = new Map(wanted.map((engine) => [engine === 'calico' ? `${engine} ${version}` : engine, engine]));
    for (const [key, engine] of keys) if (!work.has(key)) work.set(key, install(engine, version));
    if (!nodes.hasSynced) return;
    // Who takes an engine away may delete its kinds; who brings it back gets them again.
    for (const key of work.keys()) if (!keys.has(key)) work.delete(key);
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

/** The version of Calico on its nodes; undefined while none says which Kubernetes it runs. */
function versionOn(nodes: readonly Node[]): string | undefined {
  const kubeletVersions = nodes
    .filter(({ metadata }) => metadata.labels?.[engineLabel] === 'calico')
    .flatMap(({ status }) => status?.nodeInfo?.kubeletVersion ?? []);
  return kubeletVersions.length === 0 ? undefined : calicoVersionFor(kubeletVersions);
}
