/** Why and where a text is no selector; never leaves the parser. */
export class SelectorRefusal extends Error {
  /** From 0. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}
