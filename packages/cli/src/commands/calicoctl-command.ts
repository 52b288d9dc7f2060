/** `weir calicoctl …`: the surface of calicoctl on the Kubernetes data store, without calicoctl. */
import { readFileSync } from 'node:fs';
import type { RunCalicoctlOptions } from '@weir/calicoctl';
import type { Command } from '../command.ts';

export const calicoctlCommand: Command = {
  name: 'calicoctl',
  summary: "Read, write and check Calico's objects, without calicoctl",
  runWords: async (args) => {
    const { runCalicoctl } = await import('@weir/calicoctl');
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    return runCalicoctl({ args, environment: process.env, streams: process, findConnection, version });
  },
  complete: async (words) => {
    const { calicoctlCompletions } = await import('@weir/calicoctl');
    return calicoctlCompletions(words);
  },
};

/** That of the kubeconfig that is named or that the environment has; else that of the lab's usual cluster. */
const findConnection: RunCalicoctlOptions['findConnection'] = async ({ kubeconfig, context }) => {
  const { loadKubeconfig } = await import('@weir/client');
  const { chooseKubeconfig } = await import('../cluster-source.ts');
  const { file } = await chooseKubeconfig({
    text: (name) => (name === 'kubeconfig' ? kubeconfig : name === 'context' ? context : undefined),
  });
  return loadKubeconfig(file, context);
};
