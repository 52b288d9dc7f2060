/**
 * Findings as SARIF 2.1.0 (OASIS standard), for whatever shows such logs: code scanning of a forge, editors, dashboards.
 *
 * Files are named from the directory in which the command runs (`%SRCROOT%`), so that a log is the same on every machine.
 * A finding keeps its fingerprint while lines around it come and go: that is made of what it is about, and of no line.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, relative, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type FindingsReport,
  fullMessage,
  type ReportedFinding,
  type ReportedPlace,
  type ReportedRule,
  standardInput,
} from './reported-finding.ts';

const schemaAddress = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json';
const sourceRoot = '%SRCROOT%';

/** The name under which fingerprints stand; its number goes up when they are made of something else. */
const fingerprintName = 'weirFinding/v1';

const levels = { error: 'error', warning: 'warning', info: 'note' } as const;

/** The log of one run, as an object for `JSON.stringify`; places of files are taken from `directory`. */
export function sarifLog(report: FindingsReport, directory: string): Record<string, unknown> {
  const places = new Map(report.rules.map(({ id }, at) => [id, at]));
  const fingerprints = new Fingerprints(directory);
  const results = report.findings.map((finding) => ({
    ...resultOf(finding, directory),
    ...(places.has(finding.rule) ? { ruleIndex: places.get(finding.rule) } : {}),
    partialFingerprints: { [fingerprintName]: fingerprints.next(finding) },
  }));
  const driver = { name: 'Weir', version: report.version, rules: report.rules.map(ruleOf) };
  return {
    $schema: schemaAddress,
    version: '2.1.0',
    runs: [
      {
        tool: { driver },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { [sourceRoot]: { description: { text: 'The directory in which weir ran.' } } },
        results,
      },
    ],
  };
}

function ruleOf({ id, title, description = title, severity, page, help }: ReportedRule): Record<string, unknown> {
  return {
    id,
    shortDescription: { text: title },
    fullDescription: { text: description },
    help: {
      text: `${description}${page === undefined ? '' : `\nMore: ${page}`}`,
      ...(help === undefined ? {} : { markdown: help }),
    },
    defaultConfiguration: { level: levels[severity] },
    ...(page === undefined ? {} : { helpUri: page }),
  };
}

function resultOf(finding: ReportedFinding, directory: string): Record<string, unknown> {
  const { rule, severity, related = [], fix, ignored } = finding;
  const location = locationOf(finding, directory);
  return {
    ruleId: rule,
    level: levels[severity],
    message: { text: fullMessage(finding) },
    locations: location === undefined ? [] : [location],
    ...(related.length === 0
      ? {}
      : {
          relatedLocations: related.map(({ message, ...where }, id) => ({
            id,
            message: { text: message },
            ...locationOf(where, directory),
          })),
        }),
    ...(fix === undefined ? {} : { fixes: [fixOf(fix, directory)] }),
    ...(ignored === undefined
      ? {}
      : { suppressions: [{ kind: ignored.by === 'comment' ? 'inSource' : 'external', justification: ignored.reason }] }),
  };
}

/** Where it stands in a file, and in which object; undefined where neither is known. What came in on standard input is in no file. */
function locationOf(
  { place, object, field }: Pick<ReportedFinding, 'place' | 'object' | 'field'>,
  directory: string,
): Record<string, unknown> | undefined {
  const isInFile = place !== undefined && place.file !== standardInput;
  if (!isInFile && object === undefined) return undefined;
  return {
    ...(isInFile ? { physicalLocation: physicalLocation(place, directory) } : {}),
    ...(object === undefined ? {} : { logicalLocations: [{ fullyQualifiedName: [object, field].filter(Boolean).join(' ') }] }),
  };
}

function physicalLocation(place: ReportedPlace, directory: string): Record<string, unknown> {
  const { line, column, endLine, endColumn } = place;
  const region = {
    startLine: line,
    ...(column === undefined ? {} : { startColumn: column }),
    ...(endLine === undefined ? {} : { endLine }),
    ...(endColumn === undefined ? {} : { endColumn }),
  };
  return { artifactLocation: artifactLocation(place.file, directory), ...(line === undefined ? {} : { region }) };
}

/** One change of a file for each file that the edits are of. */
function fixOf({ description, edits }: NonNullable<ReportedFinding['fix']>, directory: string): Record<string, unknown> {
  const files = [...new Set(edits.map(({ file }) => file))];
  return {
    description: { text: description },
    artifactChanges: files.map((file) => ({
      artifactLocation: artifactLocation(file, directory),
      replacements: edits
        .filter((edit) => edit.file === file)
        .map(({ line, column, endLine, endColumn, text }) => ({
          deletedRegion: { startLine: line, startColumn: column, endLine, endColumn },
          ...(text === '' ? {} : { insertedContent: { text } }),
        })),
    })),
  };
}

/** A file within the directory from there, any other by its whole address. */
function artifactLocation(file: string, directory: string): Record<string, unknown> {
  const path = isAbsolute(file) ? relative(directory, file) : file;
  if (isAbsolute(path) || partsOf(path)[0] === '..') return { uri: pathToFileURL(file).href };
  return { uri: uriOfPath(path), uriBaseId: sourceRoot };
}

/** A relative path as a relative reference (RFC 3986), with slashes on every system. */
function uriOfPath(path: string): string {
  return partsOf(path)
    .filter((part) => part !== '.')
    .map(encodeURIComponent)
    .join('/');
}

/** Windows takes both signs. */
function partsOf(path: string): string[] {
  return path.split(sep === '/' ? '/' : /[\\/]/);
}

/** Texts that tell findings apart, and stay the same from run to run. */
class Fingerprints {
  readonly #directory: string;
  readonly #counts = new Map<string, number>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** The next finding's; equal findings are counted in the order in which they come. */
  next({ rule, object = '', field, message, place }: ReportedFinding): string {
    const file = place === undefined ? '' : JSON.stringify(artifactLocation(place.file, this.#directory));
    // Messages name other places, whose lines move.
    const subject = field ?? message.replaceAll(/:\d+(:\d+)?/g, '');
    const text = JSON.stringify([rule, file, object, subject]);
    const count = this.#counts.get(text) ?? 0;
    this.#counts.set(text, count + 1);
    return createHash('sha256').update(`${text} ${count}`).digest('hex').slice(0, 32);
  }
}
