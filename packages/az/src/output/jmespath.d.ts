/** What is used of the package jmespath, which brings no types. */
declare module 'jmespath' {
  const jmespath: {
    /** Throws when the expression is not well formed. */
    compile(expression: string): unknown;
    /** Throws when it is not, and when a function does not take the value that it is given. */
    search(value: unknown, expression: string): unknown;
  };
  export default jmespath;
}
