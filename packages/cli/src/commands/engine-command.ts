/** `weir engine compare|recommend`. */
import type { Command } from '../command.ts';
import { sourceOptions } from '../source-options.ts';

const compare: Command = {
  name: 'compare',
  summary: 'Print the table of engines: platforms, network options, limits, behaviour, and what Weir adds',
  options: {
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['table', 'json', 'md'],
      default: 'table',
      summary: 'how results are printed',
    },
  },
  examples: ['weir engine compare', 'weir engine compare -o md'],
  run: async (invocation) => (await import('../actions/engine.ts')).runEngineCompare(invocation),
};

const recommend: Command = {
  name: 'recommend',
  summary: 'Say which engine fits a cluster, and why',
  description:
    'Looks at systems, families and number of nodes and pods, at what policies use, and at services.\n' +
    'Exit code 1 when no engine can do all that the cluster uses.',
  options: { ...sourceOptions },
  examples: ['weir engine recommend', 'weir engine recommend --manifests cluster/'],
  run: async (invocation) => (await import('../actions/engine.ts')).runEngineRecommend(invocation),
};

/** The group. */
export const engineCommand: Command = {
  name: 'engine',
  summary: 'The policy engines of AKS: compared, recommended',
  subcommands: [compare, recommend],
};
