/** The ways to print a matrix that need nothing but its report. */
export * from './family-text.ts';
export * from './matrix-csv.ts';
export * from './matrix-dot.ts';
export * from './matrix-html.ts';
export * from './matrix-markdown.ts';
export * from './matrix-mermaid.ts';
export * from './matrix-sections.ts';
export * from './matrix-to-json.ts';
