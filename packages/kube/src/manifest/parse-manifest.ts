/**
 * Manifests: files of one or many Kubernetes objects in YAML or JSON, with the place of every field.
 *
 * Lists (`kind: List`, `PodList`, …) are expanded. Input is bounded: in size, in how often anchors
 * are expanded and in depth. A document that cannot be read gives a diagnostic and no object; the
 * others are still read, so that all errors are seen at once.
 */
import { Composer, type CST, type Document, isCollection, isPair, Lexer, LineCounter, Parser, visit } from 'yaml';
import type { KubeObject } from '../objects/object-meta.ts';
import type { Diagnostic, TextPosition } from './diagnostic.ts';
import { type JsonPart, jsonParts } from './json-values.ts';
import { fieldPosition } from './manifest-positions.ts';
import { foreignLines, manifestLines, type Release } from './program-output.ts';
import { kubectlScalarTags } from './yaml-scalars.ts';

/** What can be wrong with a manifest. */
export type ManifestProblem =
  | 'too-large'
  | 'too-deep'
  | 'too-many-aliases'
  | 'yaml-syntax'
  | 'not-an-object'
  | 'no-kind'
  | 'not-text'
  | 'helm-template'
  | 'foreign-line'
  | 'duplicate-key';

/** One object of a manifest. */
export interface ManifestDocument {
  /** As it stands in the file; only `kind`, `apiVersion` and `metadata` are checked to be there. */
  readonly object: KubeObject;
  /** The place of a field by its path (`spec.ingress[0].from[1]`), or of the object for `''`. */
  positionOf(path: string): TextPosition;
  /** Where helm puts it when it names no namespace, where the text says so. */
  readonly releaseNamespace?: string;
}

/** The objects of a file and what was wrong with it. */
export interface ManifestContent {
  readonly documents: readonly ManifestDocument[];
  readonly diagnostics: readonly Diagnostic<ManifestProblem>[];
}

/** Limits of the input. */
export interface ParseManifestOptions {
  /** The longest text, in UTF-16 code units. Default: 16 Mi. */
  readonly maxLength?: number;
  /** How often aliases may be expanded in one document. Default: 100. */
  readonly maxAliasCount?: number;
  /** Configurations are read like objects, and have no metadata more often than not. Default: objects have some. */
  readonly withoutMetadata?: boolean;
}

const defaultMaxLength = 16 * 1024 * 1024;
const defaultMaxAliasCount = 100;
const maxDepth = 100;
const maxListDepth = 4;

/** Reads a manifest; `file` is the name that positions and diagnostics carry. */
export function parseManifest(text: string, file: string, options: ParseManifestOptions = {}): ManifestContent {
  const { maxLength = defaultMaxLength, maxAliasCount = defaultMaxAliasCount, withoutMetadata = false } = options;
  if (text.length > maxLength) {
    const message = `the file has ${text.length} characters, more than the ${maxLength} that are read`;
    return { documents: [], diagnostics: [problem('too-large', message, 'split it into smaller files', { file, line: 1 })] };
  }
  const control = controlCharacter.exec(text);
  if (control !== null) {
    const message = `the file is no text: it has the character ${JSON.stringify(control[0])} at ${control.index}`;
    return { documents: [], diagnostics: [problem('not-text', message, 'save it as UTF-8, or leave it out', { file, line: 1 })] };
  }
  const readAll = (whole: string): ManifestContent => {
    const readers = (jsonParts(whole) ?? [{ text: whole, line: 1, column: 1 }]).map((part) => {
      const reader = new ManifestReader(file, { maxAliasCount, withoutMetadata }, part);
      reader.read(part.text);
      return reader;
    });
    return { documents: readers.flatMap(({ documents }) => documents), diagnostics: readers.flatMap(({ diagnostics }) => diagnostics) };
  };
  const lines = manifestLines(text);
  const { documents, diagnostics } = readAll(lines.text);
  // Where there is no object, what else is there is what is wrong.
  if (documents.length === 0 && lines.foreign.length > 0) return readAll(text);
  return {
    documents: documents.map((document) => inRelease(document, lines.releases)),
    diagnostics: [...foreignLines(lines, file), ...diagnostics],
  };
}

/** The object with the namespace of the last release before it. */
function inRelease(document: ManifestDocument, releases: readonly Release[]): ManifestDocument {
  if (releases.length === 0) return document;
  const { line } = document.positionOf('');
  const release = releases.filter((candidate) => candidate.line <= line).at(-1);
  if (release === undefined) return document;
  return { object: document.object, positionOf: (path) => document.positionOf(path), releaseNamespace: release.namespace };
}

/** Control characters that no YAML or JSON text has (YAML 1.2, 5.1): all but tabs, line ends and those from U+007F on. */
const controlCharacter = /[^\P{Cc}\t\n\r\u007f-\u009f]/u;

/** The start of what a template puts in. */
const templateMark = '{{';
const templateMessage = 'this is a template and no manifest yet';
const templateAction = 'give the output of helm template, or of what else fills it in';

/** The field of metadata that a template fills in: no name and no label has such a text, in quotes or not. */
function markedField({ name, namespace, labels }: Readonly<Record<string, unknown>>): string | undefined {
  const isMarked = (value: unknown): boolean => typeof value === 'string' && value.includes(templateMark);
  if (isMarked(name)) return 'name';
  if (isMarked(namespace)) return 'namespace';
  return isRecord(labels) && Object.values(labels).some(isMarked) ? 'labels' : undefined;
}

class ManifestReader implements ManifestContent {
  readonly documents: ManifestDocument[] = [];
  readonly diagnostics: Diagnostic<ManifestProblem>[] = [];
  private readonly file: string;
  private readonly options: Required<Omit<ParseManifestOptions, 'maxLength'>>;
  /** Where the text begins in its file. */
  private readonly start: Pick<JsonPart, 'line' | 'column'>;
  private readonly lines = new LineCounter();
  private text = '';
  private hasMark = false;

  constructor(file: string, options: Required<Omit<ParseManifestOptions, 'maxLength'>>, start: Pick<JsonPart, 'line' | 'column'>) {
    this.file = file;
    this.start = start;
    this.options = options;
  }

  read(text: string): void {
    this.hasMark = text.includes(templateMark);
    this.text = text;
    const composer = new Composer({ merge: true, customTags: (tags) => [...kubectlScalarTags, ...tags] });
    for (const document of composer.compose(this.tokens(text))) this.readDocument(document);
  }

  /**
   * The documents as concrete syntax, up to one that is nested too deeply: the composer recurses once
   * per level, and a stack that runs out inside it can take the process with it.
   */
  private *tokens(text: string): Generator<CST.Token> {
    const parser = new Parser(this.lines.addNewLine);
    this.lines.addNewLine(0);
    for (const lexeme of new Lexer().lex(text)) {
      yield* parser.next(lexeme);
      if (parser.stack.length > maxDepth) {
        const action = 'remove nesting; no Kubernetes object needs it, and nothing from this document on is used';
        const message = `the file is nested more than ${maxDepth} levels deep`;
        this.diagnostics.push(problem('too-deep', message, action, this.positionAt(parser.offset)));
        return;
      }
    }
    yield* parser.end();
  }

  private readDocument(document: Document): void {
    const template = this.hasMark ? this.templateAt(document) : undefined;
    if (template !== undefined) {
      this.diagnostics.push(problem('helm-template', templateMessage, templateAction, this.positionAt(template)));
      return;
    }
    // What comes after an error mostly comes of it.
    const error = document.errors.find(({ code }) => code !== 'DUPLICATE_KEY');
    if (error !== undefined) {
      const action = 'correct the YAML at this place; nothing of this document is used';
      this.diagnostics.push(problem('yaml-syntax', error.message, action, this.positionAt(error.pos[0])));
      return;
    }
    for (const { pos } of document.errors) this.diagnostics.push(this.duplicateKey(pos));
    const value = this.valueOf(document);
    if (value === undefined || value === null) return;
    this.addObject(value, (path) => this.placed(fieldPosition({ file: this.file, document, lines: this.lines }, path)), '', 0);
  }

  /**
   * Where a document has what only templates have; undefined where it has none. A template mark that YAML
   * takes for a map in place of a key is one, and so is a mark outside of quotes in a document that cannot
   * be read. In the texts of a good document marks are nobody's business.
   */
  private templateAt(document: Document): number | undefined {
    const [start, , end] = document.range ?? [0, 0, this.text.length];
    if (document.errors.some(({ code }) => code !== 'DUPLICATE_KEY')) {
      const mark = unquotedMark.exec(this.text.slice(start, end));
      return mark === null ? undefined : start + mark.index + mark[0].length - templateMark.length;
    }
    let found: number | undefined;
    visit(document, (_, node) => {
      if (!isPair(node) || !isCollection(node.key)) return undefined;
      // The key is the inner of the two brackets.
      found = Math.max(0, (node.key.range?.[0] ?? 0) - 1);
      return visit.BREAK;
    });
    return found;
  }

  /** Of keys that are there twice kubectl takes the last. */
  private duplicateKey([start, end]: readonly [number, number]): Diagnostic<ManifestProblem> {
    const key = /^[^:\n]*/.exec(this.text.slice(start, Math.max(end, start + 1) + keyMax))?.[0] ?? '';
    const message = `the field ${key.trim()} is there twice: this one counts`;
    return { code: 'duplicate-key', severity: 'warning', message, action: 'keep one of them', position: this.positionAt(start) };
  }

  private valueOf(document: Document): unknown {
    try {
      const value = document.toJS({ maxAliasCount: this.options.maxAliasCount }) as unknown;
      if (!isCyclic(value, new Set())) return value;
      const action = 'write the part out instead of the alias';
      const message = 'an alias refers to a part that contains it';
      this.diagnostics.push(problem('yaml-syntax', message, action, this.positionAt(document.range?.[0] ?? 0)));
      return undefined;
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      const action = 'write the repeated parts out, or use fewer aliases';
      this.diagnostics.push(problem('too-many-aliases', error.message, action, this.positionAt(document.range?.[0] ?? 0)));
      return undefined;
    }
  }

  /** Adds the object at `base` of its document, or the items of the list that it is. */
  private addObject(value: unknown, positionOf: (path: string) => TextPosition, base: string, depth: number): void {
    if (Array.isArray(value) && base === '' && value.every((item) => isRecord(item) && 'kind' in item)) {
      for (const [i, item] of value.entries()) this.addObject(item, positionOf, `[${i}]`, depth + 1);
      return;
    }
    if (!isRecord(value)) {
      const action = 'a manifest holds objects with apiVersion, kind and metadata; remove this or indent it under one';
      this.diagnostics.push(problem('not-an-object', 'this is no Kubernetes object', action, positionOf(base)));
      return;
    }
    const { apiVersion, kind } = value;
    const items = 'items' in value && value['items'] === null ? [] : value['items'];
    if (typeof apiVersion !== 'string' || apiVersion === '' || typeof kind !== 'string' || kind === '') {
      const missing = typeof kind === 'string' && kind !== '' ? 'apiVersion' : 'kind';
      this.diagnostics.push(problem('no-kind', `the object has no ${missing}`, `add ${missing}, as a text`, positionOf(base)));
      return;
    }
    if (kind.endsWith('List') && Array.isArray(items) && depth < maxListDepth) {
      const itemType = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) };
      for (const [i, item] of items.entries()) {
        this.addObject(isRecord(item) ? { ...itemType, ...item } : item, positionOf, joinPath(base, `items[${i}]`), depth + 1);
      }
      return;
    }
    const metadata = value['metadata'] ?? (this.options.withoutMetadata ? {} : undefined);
    if (!isRecord(metadata)) {
      this.diagnostics.push(problem('not-an-object', `the ${kind} has no metadata`, 'add metadata with a name', positionOf(base)));
      return;
    }
    const marked = this.hasMark ? markedField(metadata) : undefined;
    if (marked !== undefined) {
      this.diagnostics.push(problem('helm-template', templateMessage, templateAction, positionOf(joinPath(base, `metadata.${marked}`))));
      return;
    }
    const object = { ...value, apiVersion, kind, metadata: withoutEmptyNamespace(metadata) };
    this.documents.push({ object, positionOf: (path) => positionOf(joinPath(base, path)) });
  }

  private positionAt(offset: number): TextPosition {
    const { line, col } = this.lines.linePos(offset);
    return this.placed({ file: this.file, line, column: col });
  }

  private placed({ file, line, column = 1 }: TextPosition): TextPosition {
    const { start } = this;
    return { file, line: line + start.line - 1, column: line === 1 ? column + start.column - 1 : column };
  }
}

/** An empty namespace is none that is named. */
function withoutEmptyNamespace(metadata: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { namespace, ...others } = metadata;
  return 'namespace' in metadata && (namespace === '' || namespace === null) ? others : metadata;
}

/** How much of a key is looked at to name it. */
const keyMax = 80;

/** The first mark on a line on which no quote stands before it. */
const unquotedMark = /^[^'"\n]*?\{\{/m;

/** Whether a value contains itself; `ancestors` holds the objects that it lies in. */
function isCyclic(value: unknown, ancestors: Set<object>): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (ancestors.has(value)) return true;
  ancestors.add(value);
  const found = Object.values(value).some((member) => isCyclic(member, ancestors));
  ancestors.delete(value);
  return found;
}

function joinPath(base: string, path: string): string {
  return base === '' || path === '' ? base + path : `${base}.${path}`;
}

function problem(code: ManifestProblem, message: string, action: string, position: TextPosition): Diagnostic<ManifestProblem> {
  return { code, severity: 'error', message, action, position };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
