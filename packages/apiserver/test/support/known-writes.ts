/**
 * What a writer knows of its objects when their server may die at any moment: the state that was acknowledged last, and
 * the one that was asked for when the connection broke.
 */
import type { Answer } from './answer.ts';

/** The text of an object, undefined when it is not there, and the revision that made it so. */
interface KnownState {
  readonly text: string | undefined;
  readonly revision: number;
}

interface KnownObject {
  acknowledged: KnownState;
  /** Asked for, not answered. */
  asked: { readonly text: string | undefined } | undefined;
}

/** Config maps of one writer; each has one text. */
export class KnownWrites {
  readonly #objects = new Map<string, KnownObject>();
  #newest = 0;
  /** How many writes were acknowledged. */
  acknowledged = 0;

  /** The newest revision that an answer has told. */
  get newest(): number {
    return this.#newest;
  }

  /** Whether the object is there, as far as is known. */
  has(name: string): boolean {
    return this.#of(name).acknowledged.text !== undefined;
  }

  /** A write is sent. */
  ask(name: string, text: string | undefined): void {
    this.#of(name).asked = { text };
  }

  /** It was answered. */
  acknowledge(name: string, revision: number): void {
    const known = this.#of(name);
    known.acknowledged = { text: known.asked?.text, revision };
    known.asked = undefined;
    this.#newest = Math.max(this.#newest, revision);
    this.acknowledged++;
  }

  /** What contradicts this knowledge in a list of all the objects; the list is known from now on. */
  contradictions(list: Answer): string[] {
    const found = new Map(list.items.map((item) => [item.metadata.name, item]));
    const wrong: string[] = [];
    for (const [name, { acknowledged, asked }] of this.#objects) {
      const item = found.get(name);
      const text = item?.data['text'];
      const revision = Number(item?.metadata.resourceVersion ?? acknowledged.revision);
      const isAcknowledged = text === acknowledged.text && revision === acknowledged.revision;
      const isAsked = asked !== undefined && text === asked.text && (text === undefined || revision > acknowledged.revision);
      if (!isAcknowledged && !isAsked) {
        wrong.push(
          `${name}: ${text ?? 'absent'} at ${revision}, acknowledged ${acknowledged.text ?? 'absent'} at ${acknowledged.revision}`,
        );
      }
      this.#objects.set(name, { acknowledged: { text, revision }, asked: undefined });
    }
    return wrong;
  }

  #of(name: string): KnownObject {
    const known = this.#objects.get(name) ?? { acknowledged: { text: undefined, revision: 0 }, asked: undefined };
    this.#objects.set(name, known);
    return known;
  }
}
