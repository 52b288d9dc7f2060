/**
 * What is said about an input of the user: a value with a code, a place and advice, never an
 * exception. Manifests, compilers and analysis all speak this one shape.
 */

/** A place in a text; `line` and `column` count from 1. */
export interface TextPosition {
  readonly file: string;
  readonly line: number;
  readonly column?: number;
}

/** One finding. An `error` means that the input, or this part of it, was refused. */
export interface Diagnostic<Code extends string = string> {
  readonly code: Code;
  readonly severity: 'error' | 'warning';
  /** What is wrong, as a sentence without the place. */
  readonly message: string;
  /** What to do about it. */
  readonly action: string;
  readonly position?: TextPosition;
  /** The object that it is about, for example `NetworkPolicy demo/demo-policy`. */
  readonly object?: string;
  /** The field, in the notation of the API server: `spec.ingress[0].from[0]`. */
  readonly field?: string;
}

/** One line: `file:12:3: message (action) [code]`, without characters that a terminal or a pipeline would obey. */
export function formatDiagnostic(diagnostic: Diagnostic): string {
  const { position, object, field, message, action, code } = diagnostic;
  const place = position === undefined ? '' : `${formatTextPosition(position)}: `;
  const about = [object, field].filter((part) => part !== undefined).join(' ');
  const line = `${place}${about === '' ? '' : `${about}: `}${message} (${action}) [${code}]`;
  return line.replaceAll(/\p{Cc}/gu, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** `file:12:3`, or `file:12` without a column. */
export function formatTextPosition({ file, line, column }: TextPosition): string {
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}
