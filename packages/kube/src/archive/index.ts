export * from './write-zip.ts';
