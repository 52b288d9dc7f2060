/** `weir diff`: which connections change, whatever the objects look like. */
import type { Command } from '../command.ts';
import { failOnOption } from '../fail-on.ts';
import { readingOptions, sourceOptions } from '../source-options.ts';

const { manifests: _manifests, ...clusterOptions } = sourceOptions;
const { profile, ...otherReading } = readingOptions;

/** `weir diff`. */
export const diffCommand: Command = {
  name: 'diff',
  summary: 'Show which connections change between two states of manifests, revisions or clusters',
  description:
    'OLD and NEW are files or folders of manifests, - for standard input, REVISION:PATH of a git repository\n' +
    '(PATH from its top, or from here with ./ before it), cluster for the one that --context, --kubeconfig or --name\n' +
    'choose, or context:NAME. With --git, PATH (default .) at that revision is compared with the working tree;\n' +
    'A..B compares it at two revisions, and A...B at B and where A and B parted.\n' +
    'Told are connections, not lines: between workloads, nodes and addresses outside, with what decided and decides.\n' +
    'Workloads that are on one side only have a section of their own.\n' +
    'Exit code 1 when something changes: --fail-on widened counts what more is allowed, or may be, between what is on\n' +
    'both sides; narrowed what less is.',
  positionals: 'OLD NEW | --git REVISION [PATH]',
  positionalCount: { min: 0, max: 2 },
  options: {
    output: {
      type: 'string',
      short: 'o',
      placeholder: 'FORMAT',
      values: ['table', 'json', 'md', 'csv'],
      default: 'table',
      summary: 'how the result is printed; md is for a comment on a pull request',
    },
    git: { type: 'string', placeholder: 'REVISION', summary: 'compare the working tree with this revision, or the two of A..B' },
    ...clusterOptions,
    ...(profile === undefined ? {} : { profile }),
    'profile-old': { ...profile, type: 'string', summary: 'judge the old side like this engine' },
    'profile-new': { ...profile, type: 'string', summary: 'judge the new side like this engine' },
    ...otherReading,
    exposure: { type: 'boolean', summary: 'compare also what pods could do that are not among the objects, and that policies are about' },
    ...failOnOption(['any', 'widened', 'narrowed'], {
      usual: 'any',
      summary: 'exit code 1 when there are such changes',
      formerly: { none: 'never' },
    }),
  },
  examples: [
    'weir diff --git main deploy/',
    'weir diff --git origin/main...HEAD deploy/',
    'weir diff HEAD~1:deploy/ deploy/ -o md --fail-on widened',
    'helm template . | weir diff cluster -',
    'weir diff deploy/ deploy/ --profile-old azure --profile-new cilium',
  ],
  run: async (invocation) => (await import('../actions/diff.ts')).runDiff(invocation),
};
