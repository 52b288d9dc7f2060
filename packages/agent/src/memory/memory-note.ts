/**
 * A note for the next process that this one is near its memory limit, or ended because of it.
 *
 * Who is killed for its memory cannot say so any more; the note was written before.
 */
import { StateFile } from '../state-files/state-file.ts';

/** What the note says. */
export interface MemoryNote {
  /** `near`: written while it ran; it ended without taking the note back. `full`: it ended itself. */
  readonly state: 'near' | 'full';
  /** RFC 3339. */
  readonly at: string;
  readonly rssMb: number;
  readonly limitMb: number;
  /** How many processes in a row ended like this, with this one. */
  readonly ends: number;
}

/** The file. */
export class MemoryNoteFile {
  readonly #file: StateFile;

  constructor(stateDirectory: string) {
    this.#file = new StateFile(stateDirectory, 'memory.json');
  }

  /** The note of the process before; undefined when there is none, or none that can be read. */
  read(): MemoryNote | undefined {
    const content = this.#file.read();
    return content.kind === 'read' && isNote(content.value) ? content.value : undefined;
  }

  /** Writes the note; undefined takes it back. Throws Node's file errors. */
  write(note: MemoryNote | undefined): void {
    this.#file.write(note ?? null);
  }
}

function isNote(value: unknown): value is MemoryNote {
  if (typeof value !== 'object' || value === null) return false;
  const { state, at, rssMb, limitMb, ends } = value as Partial<Record<keyof MemoryNote, unknown>>;
  const isState = state === 'near' || state === 'full';
  return isState && typeof at === 'string' && [rssMb, limitMb, ends].every((each) => typeof each === 'number');
}
