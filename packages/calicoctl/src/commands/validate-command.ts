/** validate: files are checked without asking any cluster. */
import { CalicoctlError } from '../calicoctl-error.ts';
import { namedResources, placed } from '../resources/named-resources.ts';
import { assertValidResource } from '../resources/validate-resource.ts';
import { type CalicoctlCommand, fileOptions } from './calicoctl-command.ts';
import { assertHandled } from './told-results.ts';

export const validateCommand: CalicoctlCommand = {
  name: 'validate',
  summary: 'Check resources without a cluster',
  usage: '--filename=<FILENAME> [--recursive] [--skip-empty]',
  options: [...fileOptions, { name: 'allow-version-mismatch', summary: 'accepted: no cluster is asked' }],
  run: async (context) => {
    if (context.words.text('filename') === undefined) {
      throw new CalicoctlError("invalid option: 'calicoctl validate' reads files. Use flag '--help' to read about a specific subcommand.");
    }
    const resources = await namedResources(context);
    const kinds = new Set(resources.map(({ kind }) => kind.kind));
    const errors = resources.flatMap((named) => {
      try {
        placed(context, named);
        assertValidResource(named.resource);
        return [];
      } catch (error) {
        if (error instanceof CalicoctlError) return [error.message];
        throw error;
      }
    });
    const handling = {
      count: resources.length,
      handled: resources.length - errors.length,
      errors,
      singleKind: kinds.size === 1 ? [...kinds][0] : undefined,
    };
    assertHandled(handling, { verb: 'validate', done: 'validated', stdout: context.streams.stdout, stops: false });
  },
};
