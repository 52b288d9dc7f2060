/** Expressions of the Common Expression Language as Kubernetes has them: compiled once, evaluated at a bounded cost. */
export { admissionVariables } from './admission/admission-environment.ts';
export * from './cel-error.ts';
export { CostBudget } from './cost-budget.ts';
export * from './environment.ts';
export {
  boolType,
  type CelObjectType,
  type CelType,
  dynType,
  formatType,
  intType,
  isAssignable,
  listType,
  mapType,
  stringType,
} from './language/cel-type.ts';
export { type AuthorizationQuestion, CelAuthorizer } from './library/authorizers.ts';
export { celObjectType, celTypeOf } from './schema-type.ts';
export { CelOptional, type CelValue, fromCel, LazyObject, toCel, typeNameOf } from './values/cel-value.ts';
