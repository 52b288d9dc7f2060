/** create, apply, replace and delete: resources one after the other, and what calicoctl says of all of them. */
import { AlreadyExists, CalicoctlError, DoesNotExist } from '../calicoctl-error.ts';
import type { WordOption } from '../command-line/read-words.ts';
import { type NamedResource, namedResources, placed } from '../resources/named-resources.ts';
import { ensureInitialized } from '../store/ensure-initialized.ts';
import { applyResource, createResource, deleteResource, type ResourceAction, replaceResource } from '../store/resource-actions.ts';
import { type CalicoctlCommand, type CommandContext, connectionOptions, fileOptions, namespaceOption } from './calicoctl-command.ts';
import { assertHandled, type Handling, toldKind } from './told-results.ts';

interface WriteCommand {
  readonly name: string;
  readonly done: string;
  readonly summary: string;
  readonly action: ResourceAction;
  readonly more?: readonly WordOption[];
  /** Ends at the first error; the others go on and tell of all. */
  readonly stops?: true;
}

const skipExists: WordOption = { name: 'skip-exists', summary: 'what is there already counts as made' };
const skipAbsent: WordOption = { name: 'skip-not-exists', short: 's', summary: 'what is not there counts as deleted' };

/** From files only. */
export const writeCommands: readonly CalicoctlCommand[] = [
  write({ name: 'create', done: 'created', summary: 'Create resources', action: createResource, more: [skipExists] }),
  write({ name: 'apply', done: 'applied', summary: 'Create resources, or replace those that are there', action: applyResource }),
  write({ name: 'replace', done: 'replaced', summary: 'Replace resources that are there', action: replaceResource, stops: true }),
];

function write({ name, done, summary, action, more = [], stops }: WriteCommand): CalicoctlCommand {
  return {
    name,
    summary,
    usage: '--filename=<FILENAME> [--recursive] [--skip-empty] [--namespace=<NS>]',
    options: [...fileOptions, ...more, namespaceOption, ...connectionOptions],
    run: async (context) => {
      if (context.words.text('filename') === undefined || context.words.positionals.length > 0) {
        throw new CalicoctlError(`invalid option: 'calicoctl ${name}' reads files. Use flag '--help' to read about a specific subcommand.`);
      }
      const resources = await namedResources(context);
      if (resources.length > 0) await ensureInitialized(await context.store());
      const handling = await handleAll(context, { resources, action, stops: stops === true });
      assertHandled(handling, { verb: name, done, stdout: context.streams.stdout, stops: stops === true });
    },
  };
}

/** By name, or by files. */
export const deleteCommand: CalicoctlCommand = {
  name: 'delete',
  summary: 'Delete resources by name or by files',
  usage: '( <KIND> <NAME>... | --filename=<FILENAME> [--recursive] [--skip-empty] ) [--skip-not-exists] [--namespace=<NS>]',
  options: [...fileOptions, skipAbsent, namespaceOption, ...connectionOptions],
  run: async (context) => {
    const resources = await namedResources(context);
    if (resources.some(({ resource }) => (resource.metadata.name ?? '') === '')) throw new CalicoctlError('resource name may not be empty');
    const handling = await handleAll(context, { resources, action: deleteResource, stops: false });
    const { stdout } = context.streams;
    if (handling.count === 0) stdout.write('No resources specified\n');
    if (handling.handled > 0) stdout.write(`Successfully deleted ${handling.handled}${toldKind(handling, ' ')} resource(s)\n`);
    const errors = handling.errors.map((error) => `failed to delete${toldKind(handling, ' ')} resource: ${error}\n`);
    if (errors.length > 0) throw new CalicoctlError(errors.join(''));
  },
};

interface Work {
  readonly resources: readonly NamedResource[];
  readonly action: ResourceAction;
  readonly stops: boolean;
}

async function handleAll(context: CommandContext, { resources, action, stops }: Work): Promise<Handling> {
  const kinds = new Set(resources.map(({ kind }) => kind.kind));
  const [singleKind] = kinds.size === 1 ? kinds : [];
  const errors: string[] = [];
  let handled = 0;
  for (const named of resources) {
    if (stops && errors.length > 0) break;
    try {
      await action(await context.store(), placed(context, named), named.resource);
      handled++;
    } catch (error) {
      if (isSkipped(error, context)) handled++;
      else if (error instanceof CalicoctlError) errors.push(error.message);
      else throw error;
    }
  }
  return { count: resources.length, handled, errors, singleKind };
}

function isSkipped(error: unknown, { words }: CommandContext): boolean {
  if (error instanceof AlreadyExists) return words.flag('skip-exists');
  return error instanceof DoesNotExist && words.flag('skip-not-exists');
}
