/** What `weir shell` does: makes the surroundings, says what is there, and hands over. */
import type { Command, Invocation } from '../command.ts';
import { findProgram } from '../program-path.ts';
import { interactiveShell, runInTerminal } from '../shell/run-shell.ts';
import { currentContext, shellEnvironment } from '../shell/shell-environment.ts';
import { signInAz } from './az-sign-in.ts';

/** Runs the shell or command; gives its exit code. */
export async function runLabShell({ options, positionals, output }: Invocation, root: Command): Promise<number> {
  const known = (root.subcommands ?? []).map(({ name }) => name);
  const standIns = ['az', 'calicoctl'].filter((name) => known.includes(name));
  const own = await shellEnvironment({ cluster: options.text('name'), standIns });
  const path = own['PATH'] ?? '';
  // weir's own az signs in by itself, in the configuration that it is given.
  const hasAz = findProgram('az', process.env['PATH'] ?? '') !== undefined;
  const environment = { ...process.env, ...own, ...(hasAz ? await signInAz() : {}), WEIR_SHELL: '1', PS1: '(weir) $ ' };
  if (positionals.length > 0) return runInTerminal(positionals, environment);
  for (const program of ['az', 'kubectl', 'helm', 'calicoctl']) {
    const file = findProgram(program, path);
    if (file !== undefined) output.progress(`${program}: ${file}`);
  }
  const context = currentContext(own['KUBECONFIG'] ?? '');
  output.progress(
    context === undefined
      ? 'no cluster yet: make one with az aks create and az aks get-credentials, or with weir up'
      : `kubectl speaks to "${context}"; leave with exit`,
  );
  return runInTerminal(interactiveShell(), environment);
}
