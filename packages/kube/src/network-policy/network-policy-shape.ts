/**
 * The shape of networking.k8s.io/v1 NetworkPolicy: which fields there are and of which type.
 *
 * A field that Weir does not know must never be dropped silently: a misspelt `form:` would turn a
 * rule for some peers into a rule for all, and a field of a later Kubernetes version may narrow what
 * a policy allows. So whoever reads policies from outside checks the shape first. Null stands for an
 * absent field, as in the API server's decoder.
 */
import { unreachable } from '@weir/net';
import type { FieldError } from '../field-error.ts';

type Shape =
  | { readonly kind: 'string' }
  | { readonly kind: 'integer' }
  | { readonly kind: 'integerOrString' }
  | { readonly kind: 'stringMap' }
  | { readonly kind: 'list'; readonly of: Shape }
  | { readonly kind: 'object'; readonly fields: Readonly<Record<string, Shape>> };

const string: Shape = { kind: 'string' };
const integer: Shape = { kind: 'integer' };
const list = (of: Shape): Shape => ({ kind: 'list', of });
const object = (fields: Readonly<Record<string, Shape>>): Shape => ({ kind: 'object', fields });

const labelSelector = object({
  matchLabels: { kind: 'stringMap' },
  matchExpressions: list(object({ key: string, operator: string, values: list(string) })),
});
const peers = list(
  object({ podSelector: labelSelector, namespaceSelector: labelSelector, ipBlock: object({ cidr: string, except: list(string) }) }),
);
const ports = list(object({ protocol: string, port: { kind: 'integerOrString' }, endPort: integer }));
const spec = object({
  podSelector: labelSelector,
  ingress: list(object({ from: peers, ports })),
  egress: list(object({ to: peers, ports })),
  policyTypes: list(string),
});

/** Every unknown field and every value of a wrong type in `spec` of an object from outside. */
export function checkNetworkPolicyShape(policy: { readonly spec?: unknown }): FieldError[] {
  return check(policy.spec, spec, 'spec');
}

function check(value: unknown, shape: Shape, path: string): FieldError[] {
  if (value === undefined || value === null) return [];
  switch (shape.kind) {
    case 'string':
      return typeof value === 'string' ? [] : [wrongType(path, value, 'a string')];
    case 'integer':
      return isInt32(value) ? [] : [wrongType(path, value, 'an integer of 32 bits')];
    case 'integerOrString':
      return typeof value === 'string' || isInt32(value) ? [] : [wrongType(path, value, 'an integer of 32 bits or a string')];
    case 'stringMap':
      if (!isObject(value)) return [wrongType(path, value, 'a map of strings')];
      return Object.entries(value).flatMap(([key, member]) => check(member, string, `${path}[${key}]`));
    case 'list':
      if (!Array.isArray(value)) return [wrongType(path, value, 'a list')];
      return value.flatMap((member: unknown, i) => check(member, shape.of, `${path}[${i}]`));
    case 'object':
      if (!isObject(value)) return [wrongType(path, value, 'an object')];
      return Object.entries(value).flatMap(([key, member]) => {
        const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined;
        if (field !== undefined) return check(member, field, `${path}.${key}`);
        return [{ reason: 'FieldValueForbidden', field: `${path}.${key}`, message: 'unknown field' } satisfies FieldError];
      });
    default:
      return unreachable(shape);
  }
}

function wrongType(field: string, value: unknown, expected: string): FieldError {
  return { reason: 'FieldValueTypeInvalid', field, value, message: `must be ${expected}` };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isInt32(value: unknown): boolean {
  return typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}
