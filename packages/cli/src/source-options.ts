/** The options of every command that asks a cluster or manifests: which, and as which engine. */
import { type EngineName, type EngineProfile, engineProfiles } from '@weir/policy';
import type { OptionDefinition, OptionValues } from './command.ts';

/** The options that choose the source. */
export const sourceOptions: Readonly<Record<string, OptionDefinition>> = {
  manifests: {
    type: 'string',
    multiple: true,
    placeholder: 'PATH',
    summary: 'files or folders of manifests instead of a cluster; - is standard input',
  },
  kubeconfig: { type: 'string', placeholder: 'FILE', summary: 'kubeconfig of the cluster' },
  context: { type: 'string', placeholder: 'NAME', summary: 'context of the kubeconfig' },
  name: { type: 'string', placeholder: 'CLUSTER', summary: 'a cluster of the lab' },
};

/** `--profile ENGINE`. */
export const profileOption: OptionDefinition = {
  type: 'string',
  values: ['kubernetes', 'azure', 'calico', 'cilium'],
  summary: "judge like this engine; default that of the lab's cluster, else kubernetes",
};

/** The profile that the options name, or that of the engine that the cluster has. */
export function chosenProfile(options: OptionValues, { engine = 'kubernetes' }: { readonly engine?: EngineName }): EngineProfile {
  return engineProfiles[(options.text('profile') ?? engine) as EngineName];
}
