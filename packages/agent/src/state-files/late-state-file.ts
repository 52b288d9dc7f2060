/** A state file that is written at most once a second, however often its content changes. */
import { errorFields, type Logger } from '../log/log.ts';
import { StateFile, type StateFileContent } from './state-file.ts';

const writeDelayMs = 1_000;

/** What a late file is. */
export interface LateStateFileOptions {
  readonly directory: string;
  readonly name: string;
  readonly log: Logger;
  /** The content at the time of writing. */
  readonly current: () => unknown;
  /** What is told when it cannot be written. */
  readonly failure: string;
}

/** One file and when it is written. */
export class LateStateFile {
  readonly #options: LateStateFileOptions;
  readonly #file: StateFile;
  #timer: NodeJS.Timeout | undefined;

  /** Makes the directory; throws Node's file errors. */
  constructor(options: LateStateFileOptions) {
    this.#options = options;
    this.#file = new StateFile(options.directory, options.name);
  }

  get path(): string {
    return this.#file.path;
  }

  /** Reads the file; never throws. */
  read(): StateFileContent {
    return this.#file.read();
  }

  /** Writes soon. */
  changed(): void {
    this.#timer ??= setTimeout(() => this.flush(), writeDelayMs);
  }

  /** Writes now what is due; a failure is logged, the old file stays and the next change tries again. */
  flush(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { log, current, failure } = this.#options;
    try {
      this.#file.write(current());
    } catch (error) {
      log.error({ file: this.#file.path, ...errorFields(error) }, failure);
    }
  }
}
