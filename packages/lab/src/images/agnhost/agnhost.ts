/**
 * The agnhost test image of Kubernetes, the part that network tests use: dispatch of its commands.
 *
 * Commands are loaded when they are called, so that the executable in a sandbox starts fast.
 */
import type { Program, ProgramContext } from '../program.ts';
import { FlagError } from './flags.ts';

const commands: Readonly<Record<string, () => Promise<Program>>> = {
  connect: async () => (await import('./connect.ts')).connect,
  netexec: async () => (await import('./netexec.ts')).netexec,
  pause: async () => (await import('./pause.ts')).pause,
  porter: async () => (await import('./porter.ts')).porter,
  'serve-hostname': async () => (await import('./serve-hostname.ts')).serveHostname,
};

/** Version that `agnhost --version` reports: the newest whose behaviour is reproduced here. */
const agnhostVersion = '2.53';

/** agnhost itself: the first argument names the command, the rest are its own. */
export async function agnhost(context: ProgramContext): Promise<number> {
  const [name, ...argv] = context.argv;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    context.stdout(
      `Available Commands:\n${Object.keys(commands)
        .map((command) => `  ${command}\n`)
        .join('')}`,
    );
    return 0;
  }
  if (name === '--version') {
    context.stdout(`agnhost version ${agnhostVersion}\n`);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    const offered = Object.keys(commands).join(', ');
    context.stderr(`Error: unknown command "${name}" for "app"\nRun 'app --help' for usage.\nThe lab's agnhost offers: ${offered}.\n`);
    return 1;
  }
  try {
    return await (await load())({ ...context, argv });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    context.stderr(`Error: ${error.message}\nUsage:\n  app ${name} [flags]\n`);
    return 1;
  }
}
