/** `weir demo`: the article, end to end, on clusters of its own. */
import type { Command } from '../command.ts';
import { usageError } from '../exit-code.ts';

/** `weir demo`. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'The article, end to end: two pods talk, a policy blocks them, a label lets them through',
  description:
    'Makes clusters of its own and removes them at the end, also when interrupted. With --aks they are managed clusters, made, changed and removed with az as the article says. Exit code 1 when a step differs from the article.',
  options: {
    aks: { type: 'boolean', summary: 'the whole article: az, groups, node pools, engines that come and go, Windows' },
    engine: {
      type: 'string',
      values: ['azure', 'calico', 'cilium'],
      summary: 'with --aks: the parts of the article that begin with this engine; default all',
    },
    keep: { type: 'boolean', summary: 'leave the cluster there at the end; not with --aks' },
  },
  examples: ['weir demo', 'weir demo --keep && eval "$(weir env --name demo)"', 'weir demo --aks', 'weir demo --aks --engine calico'],
  run: async (invocation) => {
    const { options } = invocation;
    if (options.flag('aks')) return (await import('../actions/aks-demo.ts')).runAksDemo(invocation);
    if (options.text('engine') !== undefined) throw usageError('--engine needs --aks');
    return (await import('../actions/demo.ts')).runDemo(invocation);
  },
};
