/**
 * The library `@weir/policy`: policies read, asked, compared and checked, in Node and in browsers.
 *
 * The only public door of the package.
 */
export { explainFlow, loadSnapshot, type Snapshot } from '@weir/analyze';
