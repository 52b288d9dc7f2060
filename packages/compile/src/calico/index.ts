/** The public door of this folder: Calico's policies and their selector language. */
export { type CalicoSelector, formatCalicoSelector } from './selector/calico-selector.ts';
export { type CalicoSelectorResult, parseCalicoSelector } from './selector/parse-calico-selector.ts';
