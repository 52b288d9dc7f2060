/** Label and field selectors: matching, validation and their text forms. */
export * from './field-selector-text.ts';
export * from './label-selector-text.ts';
export * from './match-label-selector.ts';
export * from './name-formats.ts';
export * from './validate-label-selector.ts';
