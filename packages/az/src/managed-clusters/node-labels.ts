/** Labels of nodes as az takes them: `name=value`, by Kubernetes' syntax, refused in az's words before anything is sent. */
import { refused } from '../az-error.ts';

const prefixForm = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const nameForm = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;
const valueForm = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const prefixMax = 253;
const nameMax = 63;

const qualifiedName =
  "A qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";

/** `a=b x.y/c=` is `{a: 'b', 'x.y/c': ''}`; an empty text adds nothing. Throws az's text for what is no label. */
export function nodeLabelsOf(texts: readonly string[]): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  for (const text of texts) {
    if (text === '') continue;
    const [key = '', value, ...more] = text.split('=');
    if (value === undefined || more.length > 0) throw invalid(text, 'Label definition must be of format name=value.');
    const problem = keyProblem(key) ?? valueProblem(value);
    if (problem !== undefined) throw invalid(text, problem);
    labels[key] = value;
  }
  return labels;
}

function keyProblem(key: string): string | undefined {
  const parts = key.split('/');
  if (parts.length > 2) return qualifiedName;
  const [prefix, name = ''] = parts.length === 2 ? parts : [undefined, ...parts];
  if (prefix !== undefined) {
    if (prefix === '' || prefix.length > prefixMax) return `Label prefix can't be empty or more than ${prefixMax} chars.`;
    if (!prefixForm.test(prefix)) {
      return "Prefix part a DNS-1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
    }
  }
  if (name === '' || name.length > nameMax) return `Label name can't be empty or more than ${nameMax} chars.`;
  return nameForm.test(name) ? undefined : qualifiedName;
}

function valueProblem(value: string): string | undefined {
  if (value.length > nameMax) return `Label must not be more than ${nameMax} chars.`;
  return valueForm.test(value)
    ? undefined
    : "A valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
}

function invalid(label: string, problem: string): Error {
  return refused(`Invalid label: ${label}. ${problem}`);
}
