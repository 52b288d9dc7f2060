/** Archives of files, as bytes. */
export * from './write-zip.ts';
