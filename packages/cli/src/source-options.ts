/** The options of every command that asks a cluster or manifests: which, and as which engine. */
import type { OptionDefinition } from './command.ts';

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
  default: 'kubernetes',
  summary: 'judge like this engine',
};
