/**
 * The fields of a kind's schema as paths (`ingress[].from[].pods`), with the values of enumerations (`action=Deny`), and
 * those that an object has.
 *
 * Selectors over labels are alike wherever they stand: what is in one is named once for the whole kind, as is what is in
 * a part that is refused whatever it holds.
 */
import type { ObjectShape, Shape } from '@weir/kube';

/** As much of a schema of OpenAPI as is read here. */
export interface FieldSchema {
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly enum?: readonly unknown[];
}

/** The paths of a schema; what is in a selector has its own name alone. */
export function pathsOfSchema(schema: FieldSchema, path = ''): string[] {
  const { properties, items, enum: values } = schema;
  if (items !== undefined) return pathsOfSchema(items, `${path}[]`);
  if (properties === undefined) return [...(path === '' ? [] : [path]), ...(values ?? []).map((value) => `${path}=${String(value)}`)];
  const below = Object.entries(properties).flatMap(([name, each]) => pathsOfSchema(each, path === '' ? name : `${path}.${name}`));
  return isSelector(Object.keys(properties)) ? [path, ...below.map(inSelector)] : below;
}

/** The paths of a shape. */
export function pathsOfShape(shape: Shape, path = ''): string[] {
  if (shape.kind === 'list') return pathsOfShape(shape.of, `${path}[]`);
  if (shape.kind !== 'object') return [path];
  return pathsOfFields(shape, path);
}

/** The paths of an object, and of each part of it. */
export function pathsOfValue(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return [path, ...value.flatMap((item: unknown) => pathsOfValue(item, `${path}[]`))];
  if (typeof value !== 'object' || value === null) return [path, `${path}=${String(value)}`];
  const below = Object.entries(value).flatMap(([name, each]) => pathsOfValue(each, path === '' ? name : `${path}.${name}`));
  return [path, ...below, ...below.filter((each) => /\bmatch(Labels|Expressions)\b/.test(each)).map(inSelector)];
}

function pathsOfFields({ fields, names }: ObjectShape, path: string): string[] {
  const below = names.flatMap((name) => {
    const field = fields[name];
    return field === undefined ? [] : pathsOfShape(field, path === '' ? name : `${path}.${name}`);
  });
  if (names.length === 0) return [path];
  return isSelector(names) ? [path, ...below.map(inSelector)] : below;
}

function isSelector(names: readonly string[]): boolean {
  return names.includes('matchLabels') && names.includes('matchExpressions');
}

/** `….podSelector.matchLabels` → `matchLabels`. */
function inSelector(path: string): string {
  return path.replace(/^.*?\b(match(Labels|Expressions))/, '$1');
}
