/** Which unfinished pods are on which node, and for whom room was made. */
import type { Pod } from '@weir/kube';

/** Pods by node, as the informer and the scheduler's own decisions say. */
export class PlacedPods {
  readonly #nodeOf = new Map<string, string>();
  readonly #on = new Map<string, Map<string, Pod>>();
  /** The lists of {@link on}, made anew for a node whose pods have changed: a decision looks at all nodes. */
  readonly #lists = new Map<string, readonly Pod[]>();
  #repelling = 0;
  readonly #nominated = new Map<string, { readonly pod: Pod; readonly node: string }>();

  /** Whether the pod has a node. */
  has(pod: Pod): boolean {
    return this.#nodeOf.has(uidOf(pod));
  }

  /** The pods of a node as they are for another pod: room that was made for one of at least its priority is taken. */
  on(node: string, other: Pod): readonly Pod[] {
    const there = this.#listOf(node);
    if (this.#nominated.size === 0) return there;
    const expected = [...this.#nominated.values()].filter(({ pod, node: its }) => {
      const isBefore = (pod.spec?.priority ?? 0) >= (other.spec?.priority ?? 0);
      return its === node && isBefore && uidOf(pod) !== uidOf(other);
    });
    return [...there, ...expected.map(({ pod }) => pod)];
  }

  /** Whether any placed pod keeps others away. */
  get hasRepelling(): boolean {
    return this.#repelling > 0;
  }

  /** Takes note of a pod; whether it came to its place, or gave it back, and pods that wait may have other prospects. */
  see(pod: Pod): boolean {
    const node = pod.spec?.nodeName ?? '';
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') return this.forget(pod);
    if (node === '') return false;
    const isNew = this.#nodeOf.get(uidOf(pod)) !== node;
    this.assume(pod, node);
    return isNew;
  }

  /** The pod is on the node from now on. */
  assume(pod: Pod, node: string): void {
    this.forget(pod);
    this.#nodeOf.set(uidOf(pod), node);
    const there = this.#on.get(node) ?? new Map<string, Pod>();
    there.set(uidOf(pod), pod);
    this.#on.set(node, there);
    this.#lists.delete(node);
    if (isRepelling(pod)) this.#repelling += 1;
  }

  /** Room is being made for the pod on the node. */
  nominate(pod: Pod, node: string): void {
    this.#nominated.set(uidOf(pod), { pod, node });
  }

  /** Gives its place back; whether it had one. */
  forget(pod: Pod): boolean {
    const uid = uidOf(pod);
    this.#nominated.delete(uid);
    const node = this.#nodeOf.get(uid);
    if (node === undefined) return false;
    this.#nodeOf.delete(uid);
    const placed = this.#on.get(node)?.get(uid);
    if (placed !== undefined && isRepelling(placed)) this.#repelling -= 1;
    this.#on.get(node)?.delete(uid);
    this.#lists.delete(node);
    return true;
  }

  #listOf(node: string): readonly Pod[] {
    let list = this.#lists.get(node);
    if (list === undefined) this.#lists.set(node, (list = [...(this.#on.get(node)?.values() ?? [])]));
    return list;
  }
}

function uidOf(pod: Pod): string {
  return pod.metadata.uid ?? '';
}

function isRepelling(pod: Pod): boolean {
  return (pod.spec?.affinity?.podAntiAffinity?.requiredDuringSchedulingIgnoredDuringExecution ?? []).length > 0;
}
