/**
 * Manifests as other programs print them: helm's sections around them, and warnings that stand before or between them.
 *
 * `helm install --dry-run`, `helm upgrade --dry-run`, `helm status` and `helm get all` print the release, its hooks,
 * its objects and the chart's notes for people as one text. Where standard error went the same way, lines of logs are
 * in it. Such lines are made empty, so that all others keep their place.
 */
import type { Diagnostic } from './diagnostic.ts';

/** The release that objects belong to. */
export interface Release {
  /** The line of its name, from 1: it holds what follows, up to the next release. */
  readonly line: number;
  /** Where helm puts objects that name no namespace. */
  readonly namespace: string;
}

/** A text with nothing but manifests in it. */
export interface ManifestLines {
  /** As many lines as before. */
  readonly text: string;
  readonly releases: readonly Release[];
  /** The lines, from 1, that are nobody's manifest and were left out; those of helm's sections are not among them. */
  readonly foreign: readonly number[];
  /** Lines of notes for people where an object seems to begin. */
  readonly quoted: readonly number[];
}

/** The quick question whether a text needs to be looked at line by line. */
const mayHaveWords = /^(?:NOTES|MANIFEST|HOOKS):[ \t]*\r?$/m;

/** A line of a log: klog's, Go's, slog's and logrus', and what command-line programs say in a word. */
const logLine =
  /^(?:[WIEF]\d{4} \d\d:\d\d:\d\d|[\w./-]+\.go:\d+: |time="?\d{4}-|(?:ts|level)=\w|(?:Warning|WARNING|warning|Error|ERROR|error): )/;

const anyLogLine = new RegExp(logLine, 'm');

/** Where a manifest begins. */
const manifestStart = /^(?:---|["']?(?:apiVersion|kind|metadata|items)["']?\s*:|\{(?!\{)|\[\s*\{?\s*$)/;

/** Where what helm says of a release begins. */
const releaseStart = /^NAME: /;

/** A line that may be part of YAML or JSON, or of a template; but for what helm says of the chart that it fetched. */
const manifestLike = /^(?!(?:Pulled|Digest): )(?:["']?[\w./-]+["']?\s*:(?:\s|$)|[-{}[\]&!?%"'|>@*`]|<<)/;

/** Leaves out what is no manifest. */
export function manifestLines(text: string): ManifestLines {
  const first = /^(?:\s*(?:#.*)?\n)*(.*)/.exec(text)?.[1] ?? '';
  if (manifestStart.test(first) && !mayHaveWords.test(text) && !hasLogLine(text)) {
    return { text, releases: [], foreign: [], quoted: [] };
  }
  const reader = new LineReader(text.split('\n'));
  return reader.read();
}

/** What to say of the lines that were left out. */
export function foreignLines({ foreign, quoted }: ManifestLines, file: string): Diagnostic<'foreign-line'>[] {
  const say = (lines: readonly number[], message: string, action: string): Diagnostic<'foreign-line'>[] => {
    const [line] = lines;
    return line === undefined ? [] : [{ code: 'foreign-line', severity: 'warning', message, action, position: { file, line } }];
  };
  const these =
    foreign.length > 1 ? `this line and ${foreign.length - 1} more are no manifest, and are` : 'this line is no manifest, and is';
  return [
    ...say(foreign, `${these} left out`, 'keep what programs say on standard error out of the text'),
    ...say(quoted, 'an object among the notes of a chart is left out', 'give it as a manifest of its own, if it is applied'),
  ];
}

function hasLogLine(text: string): boolean {
  return anyLogLine.test(text);
}

/** What the lines are: manifests, words about a release, or the notes of its chart. */
type Section = 'manifests' | 'release' | 'notes';

class LineReader {
  readonly #lines: string[];
  readonly #releases: Release[] = [];
  readonly #foreign: number[] = [];
  readonly #quoted: number[] = [];
  #section: Section = 'manifests';

  constructor(lines: string[]) {
    this.#lines = lines;
  }

  read(): ManifestLines {
    this.#leaveOut(this.#wordsAtStart(), true);
    for (const [i, line] of this.#lines.entries()) {
      const words = line.trimEnd();
      const heading = this.#headingAt(i, words);
      if (heading !== undefined) this.#section = heading;
      if (heading !== undefined || this.#section !== 'manifests') this.#leaveOut([i], false);
      else if (logLine.test(line)) this.#leaveOut([i], true);
      if (this.#section === 'notes' && line.startsWith('apiVersion:')) this.#quoted.push(i + 1);
    }
    return { text: this.#lines.join('\n'), releases: this.#releases, foreign: this.#foreign, quoted: this.#quoted };
  }

  /** The section that a line opens. */
  #headingAt(i: number, line: string): Section | undefined {
    if (line === 'NOTES:') return 'notes';
    if (releaseStart.test(line) && /^(?:LAST DEPLOYED|NAMESPACE): /.test(this.#lines[i + 1] ?? '')) {
      const head = this.#lines.slice(i, i + releaseLines).map((text) => /^NAMESPACE: (\S+)/.exec(text)?.[1]);
      const namespace = head.find((name) => name !== undefined);
      if (namespace !== undefined) this.#releases.push({ line: i + 1, namespace });
      return 'release';
    }
    if (/^(?:HOOKS|MANIFEST):$/.test(line)) return 'manifests';
    return /^(?:USER-SUPPLIED VALUES|COMPUTED VALUES):$/.test(line) ? 'release' : undefined;
  }

  /** The lines before the first manifest, where none of them may be part of one. */
  #wordsAtStart(): readonly number[] {
    const start = this.#lines.findIndex((line) => manifestStart.test(line) || releaseStart.test(line));
    const before = [...this.#lines.keys()].slice(0, Math.max(start, 0)).filter((i) => !/^\s*(?:#|$)/.test(this.#lines[i] ?? ''));
    const isSaid = (i: number, at: number): boolean => {
      const line = this.#lines[i] ?? '';
      return logLine.test(line) || (at > 0 && /^\s/.test(line)) || !(manifestLike.test(line) || /^\s/.test(line));
    };
    return before.every(isSaid) ? before : [];
  }

  #leaveOut(lines: readonly number[], isForeign: boolean): void {
    for (const i of lines) {
      if (isForeign) this.#foreign.push(i + 1);
      this.#lines[i] = '';
    }
  }
}

/** In how many lines helm tells what a release is. */
const releaseLines = 8;
