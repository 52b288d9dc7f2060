/** `weir lint`: what is wrong with policies, or probably not meant. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

/** `weir lint`. */
export const lintCommand: Command = {
  name: 'lint',
  summary: 'Find what is wrong with policies, or probably not meant',
  description:
    'Looks at the files and folders that are given, or at a cluster. Each finding has the id of its rule, and a page in docs/lint.\n' +
    'A comment beside or above a field ignores what a rule finds there, with a reason:\n' +
    '  # weir-lint-ignore dangling-selector: the pods come from another repository\n' +
    'A file .weir-lint.yaml, here or in a folder above, gives rules other severities and ignores findings by object or file.',
  positionals: '[PATH…]',
  positionalCount: { min: 0, max: 1_000 },
  options: {
    ...sourceOptions,
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['table', 'json', 'sarif', 'junit', 'github'],
      default: 'table',
      summary: 'how findings are printed',
    },
    engine: {
      type: 'string',
      multiple: true,
      placeholder: 'ENGINE',
      summary: 'look for what other engines refuse or read otherwise, too: azure, calico, cilium, or all of them',
    },
    system: {
      type: 'string',
      multiple: true,
      values: ['linux', 'windows'],
      summary: 'look for what engines refuse on this system, too; default those of the pods',
    },
    rule: { type: 'string', multiple: true, placeholder: 'ID', summary: 'look for this alone' },
    'ignore-rule': { type: 'string', multiple: true, placeholder: 'ID', summary: 'do not look for this' },
    fix: { type: 'boolean', summary: 'correct the files, where that changes no connection' },
    'fix-unsafe': { type: 'boolean', summary: 'correct the files also where connections change: read the difference' },
    config: { type: 'string', placeholder: 'FILE', summary: 'configuration; default .weir-lint.yaml here or in a folder above' },
    pages: {
      type: 'string',
      placeholder: 'ADDRESS',
      summary: 'where docs/lint is published, for the links of SARIF; default what the configuration says',
    },
    'list-rules': { type: 'boolean', summary: 'print the rules and look at nothing' },
    'show-ignored': { type: 'boolean', summary: 'print what is ignored too, with the reasons' },
    ...readingOptions,
    ...failOnOption(['error', 'warning', 'info'], {
      usual: 'what the configuration says, else error',
      summary: 'exit code 1 when there is a finding at least as bad',
    }),
  },
  examples: [
    'weir lint policies/',
    'helm template chart | weir lint - --fail-on warning',
    'weir lint policies/ --fix',
    'weir lint policies/ --engine all --system windows',
    'weir lint --list-rules',
  ],
  run: async (invocation) => (await import('../actions/lint.ts')).runLint(invocation),
};
