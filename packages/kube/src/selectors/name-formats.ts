/**
 * The formats of names and label parts, with the words of apimachinery for each way to break them.
 *
 * Each function gives every complaint about one text and an empty list for a valid one. Sources:
 * apimachinery `api/validate/content` and `util/validation` (Kubernetes 1.35).
 */

const labelNameFormat = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValueFormat = `(${labelNameFormat})?`;
const dnsLabelFormat = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const dnsSubdomainFormat = `${dnsLabelFormat}(\\.${dnsLabelFormat})*`;

const labelNameRule = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const labelValueRule =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const dnsLabelRule =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const dnsSubdomainRule =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";

const labelNamePattern = new RegExp(`^${labelNameFormat}$`);
const labelValuePattern = new RegExp(`^${labelValueFormat}$`);
const dnsLabelPattern = new RegExp(`^${dnsLabelFormat}$`);
const dnsSubdomainPattern = new RegExp(`^${dnsSubdomainFormat}$`);

const emptyWords = 'must be non-empty';

/** What is wrong with a label key (a name with an optional DNS prefix and a slash). */
export function labelKeyProblems(text: string): string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    const rule = patternWords(labelNameRule, labelNameFormat, ['MyName', 'my.name', '123-abc']);
    return [`a valid label key ${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  if (prefix === '') problems.push(`prefix part ${emptyWords}`);
  else if (prefix !== undefined) problems.push(...dnsSubdomainProblems(prefix).map((words) => `prefix part ${words}`));
  if (name === '') problems.push(`name part ${emptyWords}`);
  else if (utf8Length(name) > 63) problems.push(`name part ${lengthWords(63)}`);
  if (!labelNamePattern.test(name)) {
    problems.push(`name part ${patternWords(labelNameRule, labelNameFormat, ['MyName', 'my.name', '123-abc'])}`);
  }
  return problems;
}

/** What is wrong with a label value; the empty text is valid. */
export function labelValueProblems(text: string): string[] {
  const problems: string[] = [];
  if (utf8Length(text) > 63) problems.push(lengthWords(63));
  if (!labelValuePattern.test(text)) problems.push(patternWords(labelValueRule, labelValueFormat, ['MyValue', 'my_value', '12345']));
  return problems;
}

/** What is wrong with an RFC 1123 label, for example the name of a namespace. */
export function dnsLabelProblems(text: string): string[] {
  const problems: string[] = [];
  if (utf8Length(text) > 63) problems.push(lengthWords(63));
  if (dnsLabelPattern.test(text)) return problems;
  if (dnsSubdomainPattern.test(text)) return [...problems, 'must not contain dots'];
  return [...problems, patternWords(dnsLabelRule, dnsLabelFormat, ['my-name', '123-abc'])];
}

/** What is wrong with an RFC 1123 subdomain, for example the name of a pod or of a policy. */
export function dnsSubdomainProblems(text: string): string[] {
  const problems: string[] = [];
  if (utf8Length(text) > 253) problems.push(lengthWords(253));
  if (!dnsSubdomainPattern.test(text)) problems.push(patternWords(dnsSubdomainRule, dnsSubdomainFormat, ['example.com']));
  return problems;
}

/** What is wrong with the name of a port (an IANA service name in lower case, RFC 6335). */
export function portNameProblems(text: string): string[] {
  const problems: string[] = [];
  if (utf8Length(text) > 15) problems.push(lengthWords(15));
  if (!/^[-a-z0-9]+$/.test(text)) problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  if (!/[a-z]/.test(text)) problems.push('must contain at least one letter (a-z)');
  if (text.includes('--')) problems.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

/** What is wrong with a port number. */
export function portNumberProblems(port: number): string[] {
  return port >= 1 && port <= 65535 ? [] : ['must be between 1 and 65535, inclusive'];
}

function lengthWords(bytes: number): string {
  return `must be no more than ${bytes} bytes`;
}

function patternWords(rule: string, format: string, examples: readonly string[]): string {
  const list = examples.map((example) => `'${example}', `).join(' or ');
  return `${rule} (e.g. ${list}regex used for validation is '${format}')`;
}

/** The length in UTF-8, which is what the limits of the API count; an unpaired surrogate counts 3. */
function utf8Length(text: string): number {
  let length = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  }
  return length;
}
