/**
 * What a client accepts (`Accept`): the format, and what it wants to see of objects.
 *
 * The client's order counts, by quality and then as written; only protobuf comes last whatever its place, because
 * everybody who lists JSON beside it reads JSON as well.
 */

/** How answers are written. */
type AnswerFormat = 'json' | 'yaml' | 'protobuf';

/** One thing that a client accepts and that is served. */
export interface AcceptedMedia {
  readonly format: AnswerFormat;
  /** Empty: the object itself. `version` is that of `meta.k8s.io`. */
  readonly as: '' | 'Table' | 'PartialObjectMetadata';
  readonly version: string;
}

/** The media types that are served, in the order in which refusals name them. */
export const servedMediaTypes: readonly string[] = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'];

const formats: ReadonlyMap<string, AnswerFormat> = new Map([
  ['application/json', 'json'],
  ['application/*', 'json'],
  ['*/*', 'json'],
  ['application/yaml', 'yaml'],
  ['application/vnd.kubernetes.protobuf', 'protobuf'],
]);

/** The first thing that the client accepts and the server serves; undefined when there is none. */
export function acceptedMedia(accept: string | undefined): AcceptedMedia | undefined {
  if (accept === undefined || accept.trim() === '') return { format: 'json', as: '', version: '' };
  const ranges = accept.split(',').map(readRange);
  const sorted = ranges.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
  const served = sorted.flatMap(({ type, parameters }) => {
    const format = formats.get(type);
    const media = format === undefined ? undefined : mediaOf(format, parameters);
    return media === undefined ? [] : [media];
  });
  return served.find(({ format }) => format !== 'protobuf') ?? served[0];
}

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
  readonly quality: number;
}

function readRange(text: string): MediaRange {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const parameters = new Map(rest.map((parameter) => [parameter.split('=')[0] ?? '', parameter.split('=')[1] ?? '']));
  const quality = Number(parameters.get('q') ?? 1);
  return { type: type.toLowerCase(), parameters, quality: Number.isNaN(quality) ? 0 : quality };
}

function mediaOf(format: AnswerFormat, parameters: ReadonlyMap<string, string>): AcceptedMedia | undefined {
  const as = parameters.get('as');
  if (as === undefined) return { format, as: '', version: '' };
  const version = parameters.get('v') ?? '';
  if (parameters.get('g') !== 'meta.k8s.io' || !['v1', 'v1beta1'].includes(version)) return undefined;
  // A Table has no protobuf encoding, upstream neither.
  if (as === 'Table') return format === 'protobuf' ? undefined : { format, as, version };
  if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList') return { format, as: 'PartialObjectMetadata', version };
  return undefined;
}
