/**
 * The matrix of connections, its reports and pictures.
 *
 * The only public door of the package.
 */

export { withAbsentPods } from './compared-exposure.ts';
export * from './formats/index.ts';
export * from './matrix.ts';
export { type MatrixCause, type MatrixCauses, matrixCauses } from './matrix-causes.ts';
export * from './matrix-filter.ts';
export * from './matrix-report.ts';
export { familiesOf } from './pod-families.ts';
export * from './report-matrix.ts';
