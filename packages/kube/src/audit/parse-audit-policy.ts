/** Reads a file with an audit policy. A policy that is not understood whole is refused whole: it would leave something out. */
import { type FieldError, formatFieldErrorBody } from '../field-error.ts';
import { type Diagnostic, formatDiagnostic, formatTextPosition } from '../manifest/diagnostic.ts';
import { parseManifest } from '../manifest/parse-manifest.ts';
import { checkShape, closedShape, listShape, openShape, stringShape, withoutNulls } from '../shape/object-shape.ts';
import { type AuditPolicy, type AuditRule, auditLevels, auditStages } from './audit-policy.ts';

/** The policy of a file, or what is wrong with it: one line each, with the place. */
export type ParsedAuditPolicy = { readonly policy: AuditPolicy } | { readonly problems: readonly string[] };

/** No policy is longer, in characters. */
const maxLength = 1024 * 1024;
const maxRules = 1_000;

const strings = listShape(stringShape, 1_000);
const ruleShape = closedShape({
  level: stringShape,
  users: strings,
  userGroups: strings,
  verbs: strings,
  resources: listShape(closedShape({ group: stringShape, resources: strings, resourceNames: strings }), 1_000),
  namespaces: strings,
  nonResourceURLs: strings,
  omitStages: strings,
  omitManagedFields: { kind: 'boolean' },
});
const policyShape = closedShape({
  apiVersion: stringShape,
  kind: stringShape,
  metadata: openShape({}),
  rules: listShape(ruleShape, maxRules),
  omitStages: strings,
  omitManagedFields: { kind: 'boolean' },
});

/** Reads the text of `file`; YAML or JSON, one document. */
export function parseAuditPolicy(text: string, file: string): ParsedAuditPolicy {
  const { documents, diagnostics } = parseManifest(text, file, { maxLength, withoutMetadata: true });
  if (diagnostics.length > 0) return { problems: diagnostics.map((each: Diagnostic) => formatDiagnostic(each)) };
  const [document, another] = documents;
  if (document === undefined) return { problems: [`${file}: it holds no audit policy (apiVersion: audit.k8s.io/v1, kind: Policy)`] };
  if (another !== undefined) return { problems: [`${formatTextPosition(another.positionOf(''))}: one file holds one audit policy`] };
  const { apiVersion, kind } = document.object;
  if (apiVersion !== 'audit.k8s.io/v1' || kind !== 'Policy') {
    const place = formatTextPosition(document.positionOf(''));
    return { problems: [`${place}: this is ${apiVersion} ${kind}, and an audit policy is audit.k8s.io/v1 Policy`] };
  }
  const wrong = checkShape(document.object, policyShape, '');
  const errors = wrong.length > 0 ? wrong : policyErrors(withoutNulls(document.object, policyShape) as AuditPolicy);
  if (errors.length > 0) {
    return {
      problems: errors.map(
        (error) => `${formatTextPosition(document.positionOf(error.field))}: ${error.field}: ${formatFieldErrorBody(error)}`,
      ),
    };
  }
  const { rules, omitStages, omitManagedFields } = withoutNulls(document.object, policyShape) as AuditPolicy;
  return {
    policy: {
      rules,
      ...(omitStages === undefined ? {} : { omitStages }),
      ...(omitManagedFields === undefined ? {} : { omitManagedFields }),
    },
  };
}

/** What `ValidatePolicy` refuses. */
function policyErrors({ rules = [], omitStages }: Partial<AuditPolicy>): readonly FieldError[] {
  if (rules.length === 0) return [{ reason: 'FieldValueRequired', field: 'rules', message: 'a policy without rules writes nothing down' }];
  return [...stageErrors('omitStages', omitStages), ...rules.flatMap((rule, i) => ruleErrors(rule, `rules[${i}]`))];
}

function ruleErrors(rule: AuditRule, field: string): readonly FieldError[] {
  const errors: FieldError[] = [...stageErrors(`${field}.omitStages`, rule.omitStages)];
  if ((rule.level as string | undefined) === undefined) errors.push({ reason: 'FieldValueRequired', field: `${field}.level`, message: '' });
  else if (!auditLevels.includes(rule.level)) errors.push(notAmong(`${field}.level`, rule.level, auditLevels));
  const { resources = [], namespaces = [], nonResourceURLs = [] } = rule;
  if (nonResourceURLs.length > 0 && resources.length + namespaces.length > 0) {
    const message = 'rules cannot apply to both regular resources and non-resource URLs';
    errors.push({ reason: 'FieldValueInvalid', field: `${field}.nonResourceURLs`, value: nonResourceURLs, message });
  }
  nonResourceURLs.forEach((url, i) => {
    const at = { reason: 'FieldValueInvalid', field: `${field}.nonResourceURLs[${i}]`, value: url } as const;
    if (url === '*') return;
    if (!url.startsWith('/')) errors.push({ ...at, message: "non-resource URL rules must begin with a '/' character" });
    if (url.slice(0, -1).includes('*'))
      errors.push({ ...at, message: "non-resource URL wildcards '*' must be the final character of the rule" });
  });
  resources.forEach(({ group = '', resources: names = [], resourceNames = [] }, i) => {
    const at = `${field}.resources[${i}]`;
    if (group.includes('/')) {
      errors.push({ reason: 'FieldValueInvalid', field: `${at}.group`, value: group, message: 'a group has no version' });
    }
    if (resourceNames.length > 0 && names.length === 0) {
      const message = 'using resourceNames requires at least one resource';
      errors.push({ reason: 'FieldValueInvalid', field: `${at}.resourceNames`, value: resourceNames, message });
    }
  });
  return errors;
}

function stageErrors(field: string, stages: readonly string[] = []): readonly FieldError[] {
  return stages.flatMap((stage, i) =>
    (auditStages as readonly string[]).includes(stage) ? [] : [notAmong(`${field}[${i}]`, stage, auditStages)],
  );
}

function notAmong(field: string, value: string, known: readonly string[]): FieldError {
  return {
    reason: 'FieldValueNotSupported',
    field,
    value,
    message: `supported values: ${known.map((each) => JSON.stringify(each)).join(', ')}`,
  };
}
