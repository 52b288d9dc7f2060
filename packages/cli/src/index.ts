/**
 * The `weir` command.
 *
 * The only public door of the package.
 */
export { type ExitCode, exitCode } from './exit-code.ts';
export { main } from './main.ts';
