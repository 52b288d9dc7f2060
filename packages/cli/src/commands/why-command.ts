/** `weir why SRC DST PORT[/PROTO]`: one flow, its verdict and the reason. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir why`. */
export const whyCommand: Command = {
  name: 'why',
  summary: 'Say whether one flow is allowed, and why',
  description:
    'SRC and DST are a pod, a workload or a service (as DST) by its name with its namespace (without it where one has it,\n' +
    'with its kind as in deployment/web or svc:shop/db where that is needed), labels as in app=web, an address, a node,\n' +
    'a host endpoint or a host of the lab. The answer names the policies that isolate either end, the rule that decides,\n' +
    'host endpoints on the way, and for a deny the label, port or namespace that would have matched. It is unknown where\n' +
    'it depends on something that nobody told, and says what. Several pods give a verdict each.',
  positionals: 'SRC DST PORT[/PROTO]|NAME[/PROTO]|icmp[/TYPE[/CODE]]',
  positionalCount: { min: 3, max: 3 },
  options: {
    ...sourceOptions,
    ...readingOptions,
    both: { type: 'boolean', summary: 'show what every engine would say, side by side' },
    all: { type: 'boolean', summary: 'show also the policies that do not apply, each with the reason' },
    ...failOnOption(['denied', 'allowed'], {
      usual: 'never',
      summary: 'exit code 1 when the flow is denied, or allowed; unknown counts as both',
    }),
  },
  examples: [
    'weir why demo/client demo/server 80',
    'weir why demo/client 203.0.113.10 443/TCP -o json',
    'weir why demo/client demo/server icmp/8',
    'weir why shop/frontend shop/database postgres --both',
    'weir why --manifests shop.yaml shop/frontend shop/database 5432 --fail-on denied',
  ],
  run: async (invocation) => (await import('../actions/why.ts')).runWhy(invocation),
};
