/** Drafts of rules into findings with their places in the files. */
import type { LintObject } from '../context/lint-object.ts';
import type { FilePart, Finding, Fix, RelatedPlace, Severity } from '../finding.ts';
import { editsOf } from '../fixes/field-edits.ts';
import type { DraftFinding, DraftFix, DraftRelated } from '../lint-rule.ts';
import { fieldAt, SourceFile } from './source-file.ts';

/** The files, read when they are asked for. */
export class SourceFiles {
  readonly #texts: ReadonlyMap<string, string>;
  readonly #files = new Map<string, SourceFile>();

  constructor(texts: ReadonlyMap<string, string> = new Map()) {
    this.#texts = texts;
  }

  /** Undefined when there is no text of that name. */
  get(name: string): SourceFile | undefined {
    let file = this.#files.get(name);
    const text = this.#texts.get(name);
    if (file === undefined && text !== undefined) this.#files.set(name, (file = new SourceFile(name, text)));
    return file;
  }

  /** The finding with its places and the edits of its fix. */
  place(draft: DraftFinding, rule: string, severity: Severity): Finding {
    const { about, field, message, action, related, fix } = draft;
    const said = { rule, severity, message, action };
    if ('part' in about) return { ...said, place: about.part };
    const place = this.#placeOf(about, field);
    const edits = fix === undefined ? undefined : this.#fixOf(about, fix);
    return {
      ...said,
      object: about.name,
      ...(field === undefined ? {} : { field }),
      ...(place === undefined ? {} : { place }),
      ...(related === undefined ? {} : { related: related.map((one) => this.#related(one)) }),
      ...(edits === undefined ? {} : { fix: edits }),
    };
  }

  #related({ message, about, field }: DraftRelated): RelatedPlace {
    const place = this.#placeOf(about, field);
    return {
      message,
      object: about.name,
      ...(field === undefined ? {} : { field }),
      ...(place === undefined ? {} : { place }),
    };
  }

  /** A whole object would be too much to underline: its place is where it begins, or its name. */
  #placeOf({ positionOf }: LintObject, field: string | undefined): FilePart | undefined {
    if (positionOf === undefined) return undefined;
    const { file, line, column = 1 } = positionOf(field ?? 'metadata.name');
    const source = this.get(file);
    const start = positionOf('');
    const object = field === undefined ? undefined : source?.objectAt(start.line, start.column ?? 1);
    const found = object === undefined || field === undefined ? undefined : fieldAt(object, field);
    const part = found === undefined ? undefined : source?.partOf(found);
    return part !== undefined && part.line === line ? part : { file, line, column, endLine: line, endColumn: column };
  }

  #fixOf({ positionOf }: LintObject, { description, isSafe, changes }: DraftFix): Fix | undefined {
    if (positionOf === undefined) return undefined;
    const start = positionOf('');
    const source = this.get(start.file);
    const object = source?.objectAt(start.line, start.column ?? 1);
    const edits = source === undefined || object === undefined ? undefined : editsOf(source, object, changes);
    return edits === undefined ? undefined : { description, isSafe, edits };
  }
}
