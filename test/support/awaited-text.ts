/** The output of a running program, as it comes; tests wait for what they expect in it. */

const patienceMs = 30_000;

/** Grows while the program runs. */
export class AwaitedText {
  #text = '';
  #isOver = false;
  #changed: () => void = () => undefined;

  /** More output. */
  append(chunk: string): void {
    this.#text += chunk;
    this.#changed();
  }

  /** There will be no more output. */
  end(): void {
    this.#isOver = true;
    this.#changed();
  }

  /** Forgets what there is. */
  clear(): void {
    this.#text = '';
  }

  /** Waits until `read` of the output matches and gives that; throws with the output when it never does. */
  async until(pattern: RegExp, read: (text: string) => string = (text) => text): Promise<string> {
    const deadlineMs = Date.now() + patienceMs;
    for (;;) {
      const text = read(this.#text);
      if (pattern.test(text)) return text;
      if (this.#isOver) throw new Error(`the program ended without ${pattern}:\n${text}`);
      if (Date.now() > deadlineMs) throw new Error(`no ${pattern} after ${patienceMs} ms:\n${text}`);
      await this.#change(deadlineMs - Date.now());
    }
  }

  #change(waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.max(1, waitMs));
      this.#changed = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
