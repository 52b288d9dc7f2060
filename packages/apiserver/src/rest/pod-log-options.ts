/** The options of `pods/log` (core/v1 PodLogOptions) as the real server checks them (`ValidatePodLogOptions`). */
import { checkNotNegative, type FieldError, forbiddenField } from '@weir/kube';
import { badRequest, invalid } from '../errors/api-error.ts';

/** Throws 400 for what cannot be read, 422 for what makes no sense; `pod` is the name of the pod. */
export function checkPodLogOptions(query: URLSearchParams, pod: string): void {
  const sinceSeconds = integerOf(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime') ?? '';
  if (sinceTime !== '' && Number.isNaN(Date.parse(sinceTime))) {
    throw badRequest(`parsing time "${sinceTime}" as "2006-01-02T15:04:05Z07:00": cannot parse "${sinceTime}" as "2006"`);
  }
  const errors: FieldError[] = [
    ...checkNotNegative('tailLines', integerOf(query, 'tailLines')),
    ...checkPositive('limitBytes', integerOf(query, 'limitBytes')),
  ];
  if (sinceSeconds !== undefined && sinceTime !== '') {
    errors.push(forbiddenField('', 'at most one of `sinceTime` or `sinceSeconds` may be specified'));
  } else errors.push(...checkPositive('sinceSeconds', sinceSeconds));
  if (errors.length > 0) throw invalid({ group: '', kind: 'PodLogOptions' }, pod, errors);
}

function integerOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^[+-]?\d{1,18}$/.test(text)) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}

function checkPositive(field: string, value: number | undefined): FieldError[] {
  return value === undefined || value > 0 ? [] : [{ reason: 'FieldValueInvalid', field, value, message: 'must be greater than 0' }];
}
