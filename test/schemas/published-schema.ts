/** The schemas of docs/schemas, and what is printed held against them, with no field that they do not have. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import { closedSchema, type Schema } from './schemas.ts';

const folder = join(import.meta.dirname, '..', '..', 'docs', 'schemas');
const validators = new Map<string, ValidateFunction>();

/** A schema as it is published. */
export function publishedSchema(name: string): Schema {
  return JSON.parse(readFileSync(join(folder, `${name}.schema.json`), 'utf8')) as Schema;
}

/** What is wrong with a value that a command printed, by the name of its schema; nothing where it is as the schema says, and has no other field. */
export function faultsOf(name: string, printed: unknown): readonly ErrorObject[] {
  let validate = validators.get(name);
  if (validate === undefined) {
    validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(closedSchema(publishedSchema(name)));
    validators.set(name, validate);
  }
  validate(printed);
  return validate.errors ?? [];
}
