/** `weir test [PATH…]`: assertions about connections. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir test`. */
export const testCommand: Command = {
  name: 'test',
  summary: 'Check assertions about who may talk to whom',
  description:
    'PATH is a file of assertions, or a folder: then its files *.weir-test.yaml, and those of folders below it. Each\n' +
    'file says which manifests it is about; --manifests, or a cluster, goes before that. An assertion that is about\n' +
    'nobody fails. Exit code 0 when all hold, 1 when one does not, 2 when a file cannot be read. See docs/test.md.',
  positionals: '[PATH…]',
  positionalCount: { min: 0, max: Number.POSITIVE_INFINITY },
  options: {
    ...sourceOptions,
    ...readingOptions,
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['table', 'json', 'junit', 'tap'],
      default: 'table',
      summary: 'how results are printed',
    },
    real: {
      type: 'boolean',
      summary: "also try the connections on the kernel: in the lab's cluster that is named, or in one made of the manifests",
    },
    'timeout-ms': { type: 'string', placeholder: 'N', default: '1000', summary: 'how long a connection of --real waits' },
    watch: { type: 'boolean', summary: 'run again whenever a file that is involved changes, until interrupted' },
    coverage: { type: 'boolean', summary: 'say which rules the assertions exercise' },
    'min-coverage': { type: 'string', placeholder: 'PERCENT', summary: 'exit code 1 when fewer of the rules are exercised' },
    mutate: { type: 'boolean', summary: 'change the policies, rule by rule, and say which changes no assertion notices' },
    'min-noticed': { type: 'string', placeholder: 'PERCENT', summary: 'exit code 1 when fewer of these changes are noticed' },
    'mutants-max': { type: 'string', placeholder: 'N', summary: 'try no more changes than that; default 2000' },
    schema: { type: 'boolean', summary: 'print the form of files of assertions as a JSON schema, for editors' },
    report: {
      type: 'string',
      multiple: true,
      placeholder: 'FORMAT=FILE',
      summary: 'write results there as well, as junit, tap or json',
    },
    ...failOnOption(['failed'], {
      usual: 'failed',
      summary: 'exit code 1 when an assertion does not hold, or less is exercised or noticed than asked for',
    }),
  },
  examples: [
    'weir test',
    'weir test shop.weir-test.yaml --report junit=results.xml',
    'weir test --coverage --mutate',
    'weir test --real shop.weir-test.yaml',
    'helm template shop/ | weir test shop.weir-test.yaml --manifests -',
    'weir test --context prod --profile cilium policies/',
  ],
  run: async (invocation) => (await import('../actions/test.ts')).runTest(invocation),
};
