/**
 * The objects that policies refer to, and who asked for which of them.
 *
 * What came since the last {@link ReferredStore.take} is not answered yet: between two flushes a policy compiles to the
 * same each time, however often it is asked.
 */
import { type PolicyKind, policyKindName, type ReferredObjects } from '@weir/compile';
import type { KubeObject } from '@weir/kube';

/** What somebody asked: one object, all of a namespace, or all of a kind. */
type Question = string;

/** The questions of one asker, by the texts of them. */
export type AskedQuestions = ReadonlySet<Question>;

/** All objects of the kinds that somebody may refer to. */
export class ReferredStore<Asker> {
  readonly #kinds: ReadonlyMap<string, Map<string, KubeObject>>;
  readonly #askers: Map<Question, Set<Asker>> = new Map();
  /** By kind and place; undefined: gone. */
  readonly #pending: Map<string, { readonly kind: string; readonly place: string; readonly object: KubeObject | undefined }> = new Map();

  constructor(kinds: readonly PolicyKind[]) {
    this.#kinds = new Map(kinds.map((kind) => [policyKindName(kind), new Map()]));
  }

  /** How many objects there are. */
  get size(): number {
    return [...this.#kinds.values()].reduce((sum, { size }) => sum + size, this.#pending.size);
  }

  /** An object appeared or changed; those of other kinds are ignored. */
  upsert(kind: string, object: KubeObject): void {
    this.#note(kind, placeOf(object.metadata.namespace, object.metadata.name), object);
  }

  /** An object is gone. */
  delete(kind: string, namespace: string | undefined, name: string): void {
    this.#note(kind, placeOf(namespace, name), undefined);
  }

  /** Answers from now on with what has come; gives those whose questions have other answers. */
  take(): ReadonlySet<Asker> {
    const askers = new Set<Asker>();
    for (const { kind, place, object } of this.#pending.values()) {
      const objects = this.#kinds.get(kind);
      if (objects === undefined) continue;
      if (object === undefined) objects.delete(place);
      else objects.set(place, object);
      const [namespace = ''] = place.split('/');
      for (const question of [oneOf(kind, place), allOf(kind, namespace), allOf(kind, undefined)]) {
        for (const asker of this.#askers.get(question) ?? []) askers.add(asker);
      }
    }
    this.#pending.clear();
    return askers;
  }

  /** Answers, and gathers in `asked` what was asked. */
  answers(asked: Set<Question>): ReferredObjects {
    return {
      get: ({ plural, group }, name, namespace) => {
        const kind = policyKindName({ plural, group });
        const place = placeOf(namespace, name);
        asked.add(oneOf(kind, place));
        return this.#kinds.get(kind)?.get(place);
      },
      list: ({ plural, group }, namespace) => {
        const kind = policyKindName({ plural, group });
        asked.add(allOf(kind, namespace));
        const objects = [...(this.#kinds.get(kind) ?? [])].filter(
          ([place]) => namespace === undefined || place.startsWith(`${namespace}/`),
        );
        return objects.sort(([a], [b]) => (a < b ? -1 : 1)).map(([, object]) => object);
      },
    };
  }

  /** The asker is told of changes to what it asked, until {@link forget}. */
  remember(asker: Asker, asked: AskedQuestions): void {
    for (const question of asked) {
      const askers = this.#askers.get(question);
      if (askers === undefined) this.#askers.set(question, new Set([asker]));
      else askers.add(asker);
    }
  }

  /** Takes back {@link remember}. */
  forget(asker: Asker, asked: AskedQuestions): void {
    for (const question of asked) {
      const askers = this.#askers.get(question);
      askers?.delete(asker);
      if (askers?.size === 0) this.#askers.delete(question);
    }
  }

  #note(kind: string, place: string, object: KubeObject | undefined): void {
    const objects = this.#kinds.get(kind);
    if (objects === undefined) return;
    const key = oneOf(kind, place);
    const known = objects.get(place);
    // A node reports every few seconds, and says the same.
    if (known === object || (known !== undefined && object !== undefined && meansTheSame(known, object))) this.#pending.delete(key);
    else this.#pending.set(key, { kind, place, object });
  }
}

function placeOf(namespace: string | undefined, name = ''): string {
  return `${namespace ?? ''}/${name}`;
}

function oneOf(kind: string, place: string): Question {
  return `${kind} ${place}`;
}

function allOf(kind: string, namespace: string | undefined): Question {
  return namespace === undefined ? `${kind} *` : `${kind} ${namespace}/*`;
}

/** Whether two versions of an object are alike in all but what the API server counts and notes. */
function meansTheSame(a: KubeObject, b: KubeObject): boolean {
  return meaningOf(a) === meaningOf(b);
}

function meaningOf({ metadata, ...content }: KubeObject): string {
  const { uid, labels, annotations } = metadata;
  return JSON.stringify([uid, labels, annotations, content]);
}
