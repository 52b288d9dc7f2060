/** `agnhost pause`: does nothing until a signal comes. */
import { type ProgramContext, untilExit } from '../program.ts';
import { parseFlags } from './flags.ts';

/** Ends with 1 on SIGINT and 2 on SIGTERM. */
export function pause(context: ProgramContext): Promise<number> {
  parseFlags(context.argv, {});
  const { exited, exit } = untilExit();
  context.onSignal((signal) => exit(signal === 'SIGINT' ? 1 : 2));
  context.stdout('Paused\n');
  return exited;
}
