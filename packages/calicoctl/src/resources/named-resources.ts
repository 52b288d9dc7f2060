/** Which objects a command is about: those of its files, or those that its words name; and in which namespace. */
import { CalicoctlError } from '../calicoctl-error.ts';
import type { CommandContext } from '../commands/calicoctl-command.ts';
import type { ResourceName } from '../store/calico-store.ts';
import { readResources } from './read-resources.ts';
import { kindNamed, kindOf, type Resource, type ResourceKind } from './resource-kinds.ts';

/** What is asked for: one object, or (without a name) all of a kind. */
export interface NamedResource {
  readonly kind: ResourceKind;
  readonly resource: Resource;
}

/** The resources of `--filename`, or of KIND and NAMEs. */
export async function namedResources({ words, streams }: CommandContext): Promise<readonly NamedResource[]> {
  const path = words.text('filename');
  if (path === undefined) return fromWords(words.positionals);
  const resources = await readResources({
    path,
    isRecursive: words.flag('recursive'),
    skipsEmpty: words.flag('skip-empty'),
    stdin: streams.stdin,
  });
  return resources.flatMap((resource) => {
    const kind = kindOf(resource.kind ?? '');
    return kind === undefined ? [] : [{ kind, resource }];
  });
}

function fromWords([word = '', ...names]: readonly string[]): readonly NamedResource[] {
  if (word === '') throw new CalicoctlError('no resources specified');
  const kind = kindNamed(word);
  if (kind === undefined) throw new CalicoctlError(`resource type '${word}' is not supported`);
  if (names.includes('')) throw new CalicoctlError('resource name may not be empty');
  return (names.length === 0 ? [''] : names).map((name) => ({
    kind,
    resource: { apiVersion: 'projectcalico.org/v3', kind: kind.kind, metadata: name === '' ? {} : { name } },
  }));
}

/** The object with the namespace that the options and the resource agree on. */
export function placed({ words }: Pick<CommandContext, 'words'>, { kind, resource }: NamedResource): ResourceName {
  const { name = '', namespace: own = '' } = resource.metadata;
  const given = words.text('namespace') ?? '';
  const all = words.flag('all-namespaces');
  if (!kind.namespaced) {
    if (own !== '') {
      throw new CalicoctlError(
        `namespace should not be specified for a non-namespaced resource. ${kind.kind} is not a namespaced resource`,
      );
    }
    if (all || given !== '') throw new CalicoctlError(`${kind.kind} is not namespaced`);
    return { kind, name, namespace: '' };
  }
  if (all && given !== '') throw new CalicoctlError('cannot use both --namespace and --all-namespaces flags at the same time');
  if (all) return { kind, name, namespace: '' };
  if (own !== '' && given !== '' && own !== given) {
    throw new CalicoctlError(`resource namespace does not match client namespace. ${own} != ${given}`);
  }
  return { kind, name, namespace: own || given || 'default' };
}
