/**
 * Where commands print: results on standard output, everything else on standard error.
 *
 * Results are either a text for people or JSON for programs, never a mixture.
 */
import { styleText } from 'node:util';

/** Colours by meaning. */
export type Tone = 'good' | 'bad' | 'dim' | 'strong' | 'note';

const tones = { good: 'green', bad: 'red', dim: 'dim', strong: 'bold', note: 'cyan' } as const;

/** How a command prints. */
export interface OutputOptions {
  readonly format: string;
  readonly quiet: boolean;
  readonly colour: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
}

/** The two streams with the options applied. */
export class Output {
  readonly format: string;
  readonly #options: OutputOptions;
  #isReaderGone = false;

  constructor(options: OutputOptions) {
    this.format = options.format;
    this.#options = options;
    options.stdout.once('error', () => {
      this.#isReaderGone = true;
    });
  }

  /** Whether nobody reads results any more (`weir … | head`): what would go on for ever has to end then. Known when something was written. */
  get isReaderGone(): boolean {
    return this.#isReaderGone;
  }

  /** Whether the results are for programs. */
  get json(): boolean {
    return this.format === 'json';
  }

  /** A text with a tone, plain when colours are off. */
  tone(tone: Tone, text: string): string {
    return this.#options.colour ? styleText(tones[tone], text) : text;
  }

  /** Prints a part of the result. */
  result(text: string): void {
    this.#options.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** Prints the result as JSON. */
  resultJson(value: unknown): void {
    this.result(JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? Number(member) : member), 2));
  }

  /** Prints a line about what goes on; nothing with `--quiet`. */
  progress(text: string): void {
    if (!this.#options.quiet) this.#options.stderr.write(`${this.tone('dim', text)}\n`);
  }

  /** Prints a line that people must see, on standard error. */
  notice(text: string): void {
    this.#options.stderr.write(`${text}\n`);
  }
}

/** Renders rows under headers in columns, three spaces apart as kubectl does. */
export function renderTable(headers: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headers.map((header, column) => Math.max(header.length, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3)))
      .join('')
      .trimEnd();
  return [headers, ...rows].map(line).join('\n');
}

/** Renders rows of long texts: each column as wide as given, in as many lines as its words take, an empty line between rows. */
export function wrapRows(rows: readonly (readonly string[])[], widths: readonly number[]): string {
  return rows.map((row) => wrapRow(row, widths)).join('\n\n');
}

function wrapRow(row: readonly string[], widths: readonly number[]): string {
  const cells = row.map((text, column) => wrapWords(text, widths[column] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  const lines = Array.from({ length: height }, (_, i) => cells.map((cell, column) => (cell[i] ?? '').padEnd((widths[column] ?? 0) + 2)));
  return lines.map((line) => line.join('').trimEnd()).join('\n');
}

function wrapWords(text: string, width: number): string[] {
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? '';
    if (last !== '' && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
  }
  return lines;
}

/** `12 ms`, `3.04 s`, `2 min 5 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 120_000) return `${(milliseconds / 1_000).toFixed(2)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1_000)} s`;
}
