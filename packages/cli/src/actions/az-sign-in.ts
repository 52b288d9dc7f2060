/** Signs the real az in to the ARM endpoint of this machine, in a configuration directory of its own. */
import { execFile } from 'node:child_process';
import { existsSync, renameSync, rmSync } from 'node:fs';
import type { RunningArm } from '@weir/aks';
import { explained } from '../cluster-errors.ts';
import { CommandError, exitCode } from '../exit-code.ts';
import { weirCommand } from '../self.ts';

/** The name of the cloud in az's configuration. */
const cloud = 'WeirLab';

type Environment = Readonly<Record<string, string>>;

/**
 * Starts the endpoint when it does not run, and signs az in when it is not. Gives the environment in which az speaks to
 * the endpoint, and to nothing else. Throws a {@link CommandError}.
 */
export async function signInAz(): Promise<Environment> {
  const { ensureArm } = await import('@weir/aks');
  const arm = await explained(ensureArm(weirCommand));
  const environment = environmentOf(arm, arm.azDirectory);
  if (!(await isSignedIn(arm, environment))) await signIn(arm);
  return environment;
}

function environmentOf({ authorityFile, extensionIndex }: RunningArm, azDirectory: string): Environment {
  return {
    AZURE_CONFIG_DIR: azDirectory,
    REQUESTS_CA_BUNDLE: authorityFile,
    AZURE_CORE_COLLECT_TELEMETRY: 'no',
    // az 2.45 does not read the mirror in the cloud's metadata.
    AZURE_EXTENSION_INDEX_URL: extensionIndex,
  };
}

/** What az has there may be about an endpoint that is no more, or its user may have signed out. */
async function isSignedIn({ azDirectory, base }: RunningArm, environment: Environment): Promise<boolean> {
  if (!existsSync(azDirectory)) return false;
  const questions = [
    ['cloud', 'show', '--query', '[name, endpoints.resourceManager]'],
    ['account', 'show', '--query', 'environmentName'],
  ];
  const answers = await Promise.all(questions.map((args) => askAz(args, environment)));
  return answers[0] === `${cloud}\n${base}` && answers[1] === cloud;
}

/** In a directory beside, so that an az that runs meanwhile finds the old one or the new one, and none that is half made. */
async function signIn(arm: RunningArm): Promise<void> {
  const directory = `${arm.azDirectory}-${process.pid}`;
  const environment = environmentOf(arm, directory);
  const az = (...args: readonly string[]): Promise<string> => runAz([...args, '-o', 'none'], environment);
  try {
    await az('cloud', 'register', '-n', cloud, '--endpoint-resource-manager', arm.base);
    await az('cloud', 'set', '-n', cloud);
    // The secret goes through a file that only its owner reads: arguments are seen by everybody.
    await az('login', '--service-principal', '-u', arm.application, '-p', `@${arm.secretFile}`, '--tenant', arm.tenant);
    await az('provider', 'register', '-n', 'Microsoft.ContainerService');
    rmSync(arm.azDirectory, { recursive: true, force: true });
    renameSync(directory, arm.azDirectory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Undefined when az ends with an error: it has nothing to say, then. */
function askAz(args: readonly string[], environment: Environment): Promise<string | undefined> {
  return runAz([...args, '-o', 'tsv'], environment).catch(() => undefined);
}

function runAz(args: readonly string[], environment: Environment): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile('az', [...args], { env: { ...process.env, ...environment }, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else if (error.code === 'ENOENT') {
        const message = 'az is not on this machine: install the package azure-cli, or use weir up';
        reject(new CommandError(exitCode.unable, message));
      } else reject(new CommandError(exitCode.unable, `az ${args.slice(0, 2).join(' ')} failed:\n${stderr.trim()}`));
    });
  });
}
