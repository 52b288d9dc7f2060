/**
 * Texts in YAML 1.1 as PyYAML writes them: plain where no reader would take them for something else, in single quotes
 * where it would, in double quotes where a letter cannot stand as it is; folded at 80 columns.
 */

/** What readers of YAML 1.1 take for something else than a text (PyYAML's resolvers). */
const resolved = [
  /^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$/,
  /^([-+]?[0-9][0-9_]*\.[0-9_]*([eE][-+][0-9]+)?|\.[0-9][0-9_]*([eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$/,
  /^([-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+)$/,
  /^(<<|=|~|null|Null|NULL|)$/,
  /^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?)$/,
];
const breaks = /[\n\u0085\u2028\u2029]/;
/** Columns after which a long text goes on in the next line. */
const width = 80;

/** Where a text stands. */
export interface ScalarPlace {
  /** The column that it begins in. */
  readonly column: number;
  /** How deep the lines are that follow. */
  readonly indent: number;
  /** A key stands on one line. */
  readonly isKey: boolean;
}

/** The text as it is written at a place. */
export function yamlScalar(text: string, place: ScalarPlace): string {
  if (needsEscapes(text) || (place.isKey && breaks.test(text))) return doubleQuoted(text);
  if (isPlain(text)) return folded(text, place);
  return `'${folded(text.replaceAll("'", "''"), { ...place, column: place.column + 1 })}'`;
}

/** Control letters and others that no reader is sure to take, and spaces that single quotes would lose at a break. */
function needsEscapes(text: string): boolean {
  const isSafe = /^[\n\u0020-\u007e\u0085\u00a0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10fffe}]*$/u.test(text);
  return !isSafe || /[\n\u0085\u2028\u2029] | [\n\u0085\u2028\u2029]/.test(text);
}

function isPlain(text: string): boolean {
  if (resolved.some((form) => form.test(text))) return false;
  if (/^ | $|^(---|\.\.\.)/.test(text) || breaks.test(text)) return false;
  if (/^[#,[\]{}&*!|>'"%@`]/.test(text) || /^[-?:](\s|$)/.test(text)) return false;
  return !/:(\s|$)|\s#/.test(text);
}

/** Words with the spaces and breaks between them; a single space after column 80 becomes a line break. */
function folded(text: string, { column, indent, isKey }: ScalarPlace): string {
  const margin = ' '.repeat(indent);
  let written = '';
  let at = column;
  const runs = text.match(/ +|[\n\u0085\u2028\u2029]+|[^ \n\u0085\u2028\u2029]+/g) ?? [];
  for (const [index, run] of runs.entries()) {
    const isBetween = index > 0 && index < runs.length - 1;
    if (breaks.test(run)) {
      // A single break would be read as a space.
      written += `${run.startsWith('\n') ? '\n' : ''}${run}${margin}`;
      at = indent;
    } else if (run === ' ' && at > width && isBetween && !isKey) {
      written += `\n${margin}`;
      at = indent;
    } else {
      written += run;
      at += Array.from(run).length;
    }
  }
  return written;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\u0007': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\u001b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function doubleQuoted(text: string): string {
  const letters = Array.from(text, (letter) => {
    if (/^[ !#-[\]-~\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/u.test(letter)) return letter;
    const escape = escapes[letter];
    if (escape !== undefined) return `\\${escape}`;
    const code = (letter.codePointAt(0) ?? 0).toString(16).toUpperCase();
    if (code.length <= 2) return `\\x${code.padStart(2, '0')}`;
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\U${code.padStart(8, '0')}`;
  });
  return `"${letters.join('')}"`;
}
