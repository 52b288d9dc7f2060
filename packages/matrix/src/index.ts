/**
 * The matrix of connections, its reports and pictures.
 *
 * The only public door of the package.
 */
export * from './formats/index.ts';
export * from './matrix.ts';
export * from './matrix-filter.ts';
export * from './matrix-report.ts';
export * from './report-matrix.ts';
