/** The process has used the memory that it may use. */
export class MemoryLimitError extends Error {
  override readonly name = 'MemoryLimitError';
}
