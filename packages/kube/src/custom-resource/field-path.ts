/** Paths of fields as rules and selectable fields name them: `.spec.replicas`, `.metadata.labels['a.b']`. */
import { memberSchema, type StructuralSchema } from './structural-schema.ts';

/** What a path leads to. */
export interface FieldTarget {
  /** The path as errors show it: without the leading dot, keys of maps in brackets. */
  readonly field: string;
  readonly schema: StructuralSchema;
}

const stepPattern = /^(?:\.([^.[\]]+)|\['((?:\\.|[^'\\])*)'\])/;

/** Follows a path from a schema; a text says why it leads nowhere. */
export function followFieldPath(path: string, schema: StructuralSchema): FieldTarget | string {
  let target: FieldTarget = { field: '', schema };
  let rest = path.trim();
  while (rest !== '') {
    const step = stepPattern.exec(rest);
    if (step === null) return `expected [ or . but got: ${rest}`;
    const name = step[1] ?? (step[2] ?? '').replace(/\\(.)/g, '$1');
    const below = memberSchema(target.schema, name);
    if (below === undefined) return 'does not refer to a valid field';
    const isNamed = target.schema.properties.size > 0;
    target = { field: isNamed ? (target.field === '' ? name : `${target.field}.${name}`) : `${target.field}[${name}]`, schema: below };
    rest = rest.slice(step[0].length);
  }
  return target;
}
