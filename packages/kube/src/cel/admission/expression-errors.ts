/** Expressions inside objects: what is wrong with one, as an error of its field. */
import type { FieldError } from '../../field-error.ts';
import { formatIssues } from '../cel-error.ts';
import { compileExpression } from '../environment.ts';
import { formatType } from '../language/cel-type.ts';
import { type AdmissionNames, admissionVariables } from './admission-environment.ts';

/** What an expression can use, and of which types its value may be (any when there are none). */
export interface ExpectedExpression extends AdmissionNames {
  readonly result: readonly string[];
}

/** The errors of one expression of an admission policy or a webhook. */
export function expressionErrors(text: string, path: string, expected: ExpectedExpression): FieldError[] {
  if (text.trim() === '') return [{ reason: 'FieldValueRequired', field: path, message: 'expression is not specified' }];
  const compiled = compileExpression(text, admissionVariables(expected));
  if ('issues' in compiled) {
    return [invalid(path, text, `compilation failed: ${formatIssues(text, compiled.issues)}`)];
  }
  const { type } = compiled.program;
  const name = type.kind === 'primitive' ? type.name : type.kind;
  if (expected.result.length === 0 || name === 'dyn' || expected.result.includes(name)) return [];
  const [first = ''] = expected.result;
  return [
    invalid(
      path,
      text,
      expected.result.length === 1
        ? `must evaluate to ${first}`
        : `must evaluate to one of ${expected.result.join(', ')}, not ${formatType(type)}`,
    ),
  ];
}

function invalid(field: string, value: string, message: string): FieldError {
  return { reason: 'FieldValueInvalid', field, value, message };
}
