/**
 * Writes into the status of policies whether agents take them, for kinds that have conditions: one condition for the
 * whole cluster, however many agents say the same. Who finds it said writes nothing.
 */
import { isConflict, isNotFound, type KubeClient, type ResourcePath } from '@weir/client';
import { isOfKind, type PolicyKind, policyApiKinds } from '@weir/compile';
import type { KubeObject } from '@weir/kube';
import type { Notice } from './notice.ts';

/** meta/v1 Condition, as far as it is read and written here. */
interface Condition {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

interface WithConditions extends KubeObject {
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** What notices say of a policy; others say nothing of whether it is taken. */
const statusOfReason: ReadonlyMap<string, 'True' | 'False'> = new Map([
  ['PolicyRefused', 'False'],
  ['PolicyFieldsUnknown', 'True'],
  ['PolicyAccepted', 'True'],
]);

/** The owner of the condition's fields; the same for all agents, as they have the same to say. */
const fieldManager = 'weir-agent';

/** Writes conditions. */
export class ConditionWriter {
  readonly #client: Pick<KubeClient, 'get' | 'patch'>;
  readonly #kinds: readonly PolicyKind[];

  constructor(client: Pick<KubeClient, 'get' | 'patch'>) {
    this.#client = client;
    this.#kinds = policyApiKinds().filter(({ condition }) => condition !== undefined);
  }

  /** Writes what the notice says, where its object has conditions and is still there; throws what the client throws. */
  async write(notice: Notice, signal: AbortSignal): Promise<void> {
    const { object, reason, message } = notice;
    const status = statusOfReason.get(reason);
    const kind = this.#kinds.find((candidate) => isOfKind({ ...object, metadata: object }, candidate));
    if (status === undefined || kind?.condition === undefined) return;
    const path = pathOf(kind, object);
    try {
      const found = await this.#client.get<WithConditions>(path, object.name, { signal });
      const before = found.status?.conditions?.find(({ type }) => type === kind.condition);
      if (found.metadata.uid !== object.uid || (before?.status === status && before.message === message)) return;
      const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now()) : now();
      const condition = { type: kind.condition, status, reason, message, lastTransitionTime };
      const { namespace, name, uid } = object;
      const metadata = { name, uid, ...(kind.namespaced ? { namespace } : {}) };
      const apiVersion = `${path.group}/${path.version}`;
      const patch = { apiVersion, kind: kind.kind, metadata, status: { conditions: [condition] } };
      await this.#client.patch(path, name, patch, { type: 'apply', fieldManager, force: true, subresource: 'status', signal });
    } catch (error) {
      // Another object has the name now, or none.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}

function pathOf({ group, versions, plural, namespaced }: PolicyKind, { namespace }: Notice['object']): ResourcePath {
  return { group, version: versions[0] ?? 'v1', resource: plural, ...(namespaced ? { namespace } : {}) };
}

/** Now, in whole seconds as meta/v1 Time has it. */
function now(): string {
  return new Date().toISOString().replace(/\.\d+Z$/, 'Z');
}
