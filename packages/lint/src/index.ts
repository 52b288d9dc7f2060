/**
 * Rules about policies: findings with places, fixes where they are safe, and what is ignored with a reason.
 *
 * The only public door of the package.
 */
export { loadSnapshot, type Snapshot } from '@weir/analyze';
