/**
 * The last accepted version of each policy, kept over a restart of the agent.
 *
 * While a newer version is refused the accepted one stays in force; without this file a restart in
 * that moment would close the policy's pods. It is written at most once a second, whole, and renamed
 * into place.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkPolicy } from '@weir/kube';
import { errorFields, type Logger } from './log.ts';

const writeDelayMs = 1_000;

/** The file and when it is written. */
export class AcceptedPolicyStore {
  readonly #file: string;
  readonly #log: Logger;
  readonly #current: () => readonly NetworkPolicy[];
  #timer: NodeJS.Timeout | undefined;

  /** `current` gives the accepted versions at the time of writing. */
  constructor(stateDirectory: string, log: Logger, current: () => readonly NetworkPolicy[]) {
    mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
    this.#file = join(stateDirectory, 'accepted-policies.json');
    this.#log = log;
    this.#current = current;
  }

  /** What an earlier process accepted; nothing when there is no file or it cannot be read. */
  load(): readonly NetworkPolicy[] {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch {
      return [];
    }
    try {
      const policies: unknown = JSON.parse(text);
      if (Array.isArray(policies)) return policies as NetworkPolicy[];
    } catch {
      // Reported below, with the files that hold something else.
    }
    this.#log.error(
      { file: this.#file },
      'the file of accepted policies is damaged; a policy whose newest version is refused closes its pods',
    );
    return [];
  }

  /** Writes soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.flush(), writeDelayMs);
  }

  /** Writes now what is due. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      writeFileSync(`${this.#file}.new`, JSON.stringify(this.#current()), { mode: 0o600 });
      renameSync(`${this.#file}.new`, this.#file);
    } catch (error) {
      this.#log.error({ file: this.#file, ...errorFields(error) }, 'the accepted policies could not be kept');
    }
  }
}
