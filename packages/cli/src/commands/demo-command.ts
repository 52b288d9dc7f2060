/** `weir demo`: the article, end to end, on a cluster of its own. */
import type { Command } from '../command.ts';

/** `weir demo`. */
export const demoCommand: Command = {
  name: 'demo',
  summary: 'The article, end to end: two pods talk, a policy blocks them, a label lets them through',
  description:
    'Makes a cluster of its own and removes it at the end, also when interrupted. Exit code 1 when a step differs from the article.',
  options: { keep: { type: 'boolean', summary: 'leave the cluster there at the end' } },
  examples: ['weir demo', 'weir demo --keep && eval "$(weir env --name demo)"'],
  run: async (invocation) => (await import('../actions/demo.ts')).runDemo(invocation),
};
