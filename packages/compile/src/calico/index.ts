/** The public door of this folder: Calico's objects and their selector language. */
export { calicoCompiler } from './calico-compiler.ts';
export * from './objects/calico-policy.ts';
export { allowAllProfile, type CalicoProfile, namespaceProfile, serviceAccountProfile } from './objects/calico-profile.ts';
export { type CalicoKind, calicoSpecShapes } from './objects/calico-shapes.ts';
export { calicoTierLabel, defaultCalicoObject, isTieredCalicoKind } from './objects/default-calico-object.ts';
export { calicoGroup, readStoredForm, type StoredCalicoObject, storedCalicoGroup, turnedUid } from './objects/stored-form.ts';
export { writeStoredForm } from './objects/write-stored-form.ts';
export { type CompiledCalicoPolicy, calicoPolicyRef, compileCalicoPolicy } from './policies/compile-calico-policy.ts';
export { compileCalicoSelector, compileEntitySelectors, compileSubject } from './policies/compile-calico-selector.ts';
export { writeCalicoPolicy } from './policies/write-calico-policy.ts';
export { type CalicoSelector, formatCalicoSelector } from './selector/calico-selector.ts';
export { type CalicoSelectorResult, parseCalicoSelector } from './selector/parse-calico-selector.ts';
export { type CalicoObject, isCalicoKind, validateCalicoObject } from './validation/validate-calico-object.ts';
export { validateCalicoPolicy, validateCalicoTier } from './validation/validate-calico-policy.ts';
