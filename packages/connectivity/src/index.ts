/**
 * Who may talk to whom: classes of ends and traffic, rows, differences of two worlds.
 *
 * The only public door of the package.
 */
export * from './bounds.ts';
export * from './changed-flows.ts';
export * from './compare-worlds.ts';
export * from './connectivity.ts';
export { countPairs, pairsAtMost } from './count-pairs.ts';
export { byTelling, EndDescriber, isLastingLabel } from './describe-ends.ts';
export * from './end-classes.ts';
export { conditionsOf, type EndConditions, groupBits } from './end-conditions.ts';
export * from './flow-change.ts';
export { type FlowGroup, FlowTeller, type ToldFlows } from './flow-groups.ts';
export { blockAround, describeRanges, outsideRanges } from './outside-ranges.ts';
export { type AlikeWalk, Reach } from './reach.ts';
export { RowWalk } from './row-walk.ts';
export * from './traffic-classes.ts';
export * from './traffic-text.ts';
