/** Merging the kubeconfig of a cluster into a file, by az's rules. */
import { isJsonObject, type JsonObject, objectAt, objectsAt, textAt } from '@weir/kube';
import { refused } from '../az-error.ts';

/** Answers whether an entry of another content may be replaced. */
export type MayReplace = (name: string) => Promise<boolean>;

/** A kubeconfig with its context renamed: to `--context`, and that of administrators to `…-admin`. */
export function renamedContexts(addition: JsonObject, context: string | undefined): JsonObject {
  const renamed = context === undefined ? addition : renamedTo(addition, context);
  const contexts = objectsAt(renamed, 'contexts');
  const admin = contexts.find((each) => textAt(objectAt(each, 'context'), 'user').startsWith('clusterAdmin'));
  if (admin === undefined) return renamed;
  const name = `${textAt(admin, 'name')}-admin`;
  return {
    ...renamed,
    contexts: contexts.map((each) => (each === admin ? { ...each, name } : each)),
    'current-context': name,
  };
}

/** Both together; what is the same is taken once. Throws az's text for an entry that may not be replaced. */
export async function mergedKubeconfig(
  existing: JsonObject | undefined,
  addition: JsonObject,
  mayReplace: MayReplace,
): Promise<JsonObject> {
  if (existing === undefined) return addition;
  const merged: JsonObject = { ...existing };
  for (const key of ['clusters', 'users', 'contexts']) {
    const entries = objectsAt(addition, key);
    if (entries.length === 0) continue;
    if (!(key in existing)) {
      throw refused(
        `No such key '${key}' in existing config, please confirm whether it is a valid config file. May back up this config file, delete it and retry the command.`,
      );
    }
    merged[key] = await mergedEntries(objectsAt(existing, key), entries, { key, mayReplace });
  }
  merged['current-context'] = addition['current-context'];
  return merged;
}

async function mergedEntries(
  existing: readonly JsonObject[],
  entries: readonly JsonObject[],
  { key, mayReplace }: { readonly key: string; readonly mayReplace: MayReplace },
): Promise<readonly JsonObject[]> {
  let kept = existing;
  for (const entry of entries) {
    const name = textAt(entry, 'name');
    const other = kept.find((each) => textAt(each, 'name') === name && !isSame(each, entry));
    if (other !== undefined && !(await mayReplace(name))) {
      throw refused(`A different object named ${name} already exists in ${key} in your kubeconfig file.`);
    }
    kept = [...kept.filter((each) => textAt(each, 'name') !== name), entry];
  }
  return kept;
}

function renamedTo(addition: JsonObject, name: string): JsonObject {
  const [context = {}, ...contexts] = objectsAt(addition, 'contexts');
  const [cluster = {}, ...clusters] = objectsAt(addition, 'clusters');
  return {
    ...addition,
    contexts: [{ ...context, name, context: { ...objectAt(context, 'context'), cluster: name } }, ...contexts],
    clusters: [{ ...cluster, name }, ...clusters],
    'current-context': name,
  };
}

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((each, at) => isSame(each, b[at]));
  if (!isJsonObject(a) || !isJsonObject(b)) return a === b;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => isSame(a[key], b[key]));
}
