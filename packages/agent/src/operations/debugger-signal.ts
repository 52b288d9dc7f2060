/** SIGUSR1 opens Node's debugger on a port of loopback, unless somebody else listens to the signal. */
import type { Logger } from '../log/log.ts';

/** Takes the signal's meaning away: who wants a debugger starts the agent with Node's own flag. */
export function keepDebuggerClosed(log: Logger): void {
  process.on('SIGUSR1', () => log.warn('SIGUSR1 opens no debugger here; start the agent with node --inspect to have one'));
}
