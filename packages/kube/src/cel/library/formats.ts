/** Kubernetes' named formats: what is wrong with a text, if anything, in the words of its validation. */
import { dnsLabelProblems, dnsSubdomainProblems, labelKeyProblems, labelValueProblems } from '../../selectors/index.ts';
import { CelOptional, type CelValue, OpaqueValue, parseTimestamp } from '../values/cel-value.ts';
import { namespaced, type Overload, overload, traversalCost } from './function-table.ts';

type Problems = (text: string) => readonly string[];

function matching(pattern: RegExp, words: string): Problems {
  return (text) => (pattern.test(text) ? [] : [words]);
}

/** A prefix of a generated name may end in a dash. */
function prefixOf(problems: Problems): Problems {
  return (text) => problems(text.endsWith('-') && text.length > 1 ? `${text.slice(0, -1)}a` : text);
}

const dns1035: Problems = (text) => [
  ...(text.length > 63 ? ['must be no more than 63 characters'] : []),
  ...matching(
    /^[a-z]([-a-z0-9]*[a-z0-9])?$/,
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  )(text),
];

const formats: Readonly<Record<string, Problems>> = {
  dns1123Label: dnsLabelProblems,
  dns1123Subdomain: dnsSubdomainProblems,
  dns1035Label: dns1035,
  qualifiedName: labelKeyProblems,
  dns1123LabelPrefix: prefixOf(dnsLabelProblems),
  dns1123SubdomainPrefix: prefixOf(dnsSubdomainProblems),
  dns1035LabelPrefix: prefixOf(dns1035),
  labelValue: labelValueProblems,
  uuid: matching(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i, 'does not match the UUID format'),
  byte: matching(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'),
  date: matching(/^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'invalid date'),
  datetime: (text) => (parseTimestamp(text) === undefined ? ['invalid datetime'] : []),
  uri: matching(/^(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?\/[^\s]*$/, 'invalid URI'),
};

class CelFormat extends OpaqueValue {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;

  constructor(name: string) {
    super();
    this.name = name;
  }

  override equals(other: CelFormat): boolean {
    return this.name === other.name;
  }
}

function validated(format: CelValue | undefined, text: string): CelOptional {
  const problems = formats[(format as CelFormat).name]?.(text) ?? [];
  return problems.length === 0 ? CelOptional.none : new CelOptional(problems);
}

/** The functions of formats. */
export const formatLibrary: readonly Overload[] = [
  namespaced('format', 'named(string) optional<kubernetes.NamedFormat>', ([name]) =>
    Object.hasOwn(formats, name as string) ? new CelOptional(new CelFormat(name as string)) : CelOptional.none,
  ),
  ...Object.keys(formats).map((name) => namespaced('format', `${name}() kubernetes.NamedFormat`, () => new CelFormat(name))),
  overload(
    'kubernetes.NamedFormat.validate(string) optional<list<string>>',
    ([format, text]) => validated(format, text as string),
    traversalCost,
  ),
];
