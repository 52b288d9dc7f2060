/** `weir convert`: policies of one API in the words of another one. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { sourceOptions } from '../source-options.ts';

/** `weir convert`. */
export const convertCommand: Command = {
  name: 'convert',
  summary: 'Write policies in the words of another policy API',
  description:
    'Reads every policy of the manifests or the cluster and writes it for the API given with --to, where there is an object\n' +
    'that means the same. Where there is none it says why, and leaves the policy out: nothing is narrowed or widened.\n' +
    'The objects that are read count as all there are, since what a policy means can depend on those around it.',
  options: {
    ...sourceOptions,
    to: {
      type: 'string',
      values: ['kubernetes', 'cluster', 'calico', 'cilium'],
      summary: 'the API to write for; cluster is ClusterNetworkPolicy',
      placeholder: 'API',
    },
    ...failOnOption(['left-out'], { usual: 'left-out', summary: 'exit code 1 when a policy cannot be written' }),
  },
  examples: ['weir convert --manifests policies/ --to calico', 'weir convert --manifests - --to kubernetes < calico.yaml'],
  run: async (invocation) => (await import('../actions/convert.ts')).runConvert(invocation),
};
