/** The objects of policy APIs on their way into the engine: one source for each kind that the engine reads. */
import type { Engine, ReadKind } from '@weir/calc';
import { isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import type { PolicyKind } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { NamespaceList, Source, SourceWiring } from './source.ts';

/** A kind, its source, and its name among the engine's sources. */
interface KindSource extends ReadKind {
  readonly name: string;
  readonly source: Source<KubeObject>;
}

/** Makes the source of a kind. */
export type MakeSource = (name: string, wiring: Omit<SourceWiring<KubeObject>, 'listener'>) => Source<KubeObject>;

/** What was read of one kind. */
interface ReadList extends NamespaceList<KubeObject> {
  readonly source: Source<KubeObject>;
}

/** All of them. */
export class PolicySources {
  readonly #kinds: readonly KindSource[];

  /** `shared` are kinds that have a source already, by their names. */
  constructor(engine: Engine, make: MakeSource, shared: ReadonlySet<string>) {
    this.#kinds = [...engine.policyKinds].flatMap(([name, { kind, isPolicy }]): KindSource[] => {
      if (shared.has(name)) return [];
      const source = make(name, {
        path: pathOf(kind),
        fields: kind.fields ?? true,
        isOptional: kind.isBuiltIn !== true,
        sink: {
          upsert: (object) => engine.upsertPolicyObject(name, object),
          remove: (namespace, objectName) => engine.deletePolicyObject(name, namespace, objectName),
        },
      });
      return [{ name, kind, isPolicy, source }];
    });
  }

  /** By the names of their kinds. */
  get all(): ReadonlyMap<string, Source<KubeObject>> {
    return new Map(this.#kinds.map(({ name, source }) => [name, source]));
  }

  /** The resourceVersion up to which the engine knows the policies of each kind that is installed. */
  get versions(): ReadonlyMap<string, string> {
    return new Map(
      this.#kinds.flatMap(({ name, isPolicy, source }) => {
        const version = source.informer.lastResourceVersion;
        return isPolicy && version !== undefined ? [[name, version]] : [];
      }),
    );
  }

  /** The uid of an object as the informer of its kind knows it. */
  uidOf(name: string, namespace: string, objectName: string): string | undefined {
    return this.#kinds.find((kind) => kind.name === name)?.source.get(namespace, objectName)?.metadata.uid;
  }

  /** Reads what the policies are now that can select a pod of the namespace: its own ones, and those of the cluster. */
  async read(client: KubeClient, namespace: string, signal: AbortSignal): Promise<readonly ReadList[]> {
    const installed = this.#kinds.filter(({ isPolicy, source }) => isPolicy && !source.isAbsent);
    const lists = await Promise.all(installed.map((kind) => readList(kind, { client, namespace, signal })));
    return lists.flat();
  }
}

async function readList(
  { kind, source }: KindSource,
  { client, namespace, signal }: { readonly client: KubeClient; readonly namespace: string; readonly signal: AbortSignal },
): Promise<readonly ReadList[]> {
  const path = pathOf(kind);
  try {
    const { items, metadata } = await client.list<KubeObject>(kind.namespaced ? { ...path, namespace } : path, { signal });
    return [{ source, namespace: kind.namespaced ? namespace : '', items, resourceVersion: metadata.resourceVersion }];
  } catch (error) {
    // A kind that was taken away since.
    if (kind.isBuiltIn !== true && isNotFound(error)) return [];
    throw error;
  }
}

function pathOf({ group, versions: [version = ''], plural }: PolicyKind): ResourcePath {
  return { group, version, resource: plural };
}
